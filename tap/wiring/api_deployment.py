"""E9410: deployment of an API before its methods."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

# The deployment, its API, the property that names that, and what the API has to have first.
_KINDS = (("AWS::ApiGateway::Deployment", "AWS::ApiGateway::RestApi", "RestApiId", "AWS::ApiGateway::Method"),
          ("AWS::ApiGatewayV2::Deployment", "AWS::ApiGatewayV2::Api", "ApiId", "AWS::ApiGatewayV2::Route"))


class ApiDeployment(WiringRule):
    """A deployment is a snapshot of the API's methods."""

    id = "E9410"
    shortdesc = "API deployment that does not wait for the API's methods"
    description = (
        "A deployment refers to the API, not to its methods or routes. If it waits for none of them, CloudFormation "
        "may create it first, and API Gateway rejects it.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html")
    error = "The REST API doesn't contain any methods"
    fix = "Add the methods (for a WebSocket or HTTP API: the routes) to the deployment's DependsOn."
    types = tuple(kind for deployment, api, _, method in _KINDS for kind in (deployment, api, method))

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield deployments that wait for no method of their API."""
        for kind, api_type, place, method_type in _KINDS:
            for deployment in stack.of_type(kind):
                api = stack.target(deployment.at(place), api_type)
                if not api or any(api.at(name) is not None for name in ("Body", "BodyS3Location", "CloneFrom")):
                    continue
                methods = [method for method in stack.of_type(method_type)
                           if stack.target(method.at(place), api_type) is api]
                if methods and not any(stack.waits_for(deployment, method) for method in methods):
                    yield Broken(deployment, methods[0], place, f"it does not wait for a method of `{api.logical_id}`")

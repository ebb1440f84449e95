"""W9205: service without permission to invoke its function."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.graph import Resource, Stack
from tap.wiring.invoking import INVOKED, PERMISSION, permissions
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, at

SUBSCRIPTION = "AWS::SNS::Subscription"
TOPIC = "AWS::SNS::Topic"
EVENT_RULE = "AWS::Events::Rule"
# API Gateway: type, property with the function, and property with the role that is used instead of a permission.
_APIS = (
    ("AWS::ApiGateway::Method", ("Integration", "Uri"), ("Integration", "Credentials")),
    ("AWS::ApiGateway::Authorizer", ("AuthorizerUri",), ("AuthorizerCredentials",)),
    ("AWS::ApiGatewayV2::Integration", ("IntegrationUri",), ("CredentialsArn",)),
    ("AWS::ApiGatewayV2::Authorizer", ("AuthorizerUri",), ("AuthorizerCredentialsArn",)))


class InvokePermission(WiringRule):
    """A function's resource-based policy must allow each service that invokes it."""

    id = "W9205"
    shortdesc = "Service without permission to invoke its function"
    description = (
        "API Gateway, SNS and EventBridge need permission in a function's resource-based policy. Without it, the API "
        "responds with 500 (Invalid permissions on Lambda function), and notifications and events are lost.")
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html"
    fix = "Add an AWS::Lambda::Permission for the service's principal."
    types = (PERMISSION, *INVOKED, SUBSCRIPTION, TOPIC, EVENT_RULE, *(kind for kind, *_ in _APIS))

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield integrations, subscriptions and event rules without a permission for them."""
        for source, place, service, value in _callers(stack):
            invoked = stack.target(value, *INVOKED)
            if invoked and not stack.is_handed_out(invoked) and not permissions(stack, invoked, service):
                yield Broken(source, invoked, place, f"no permission allows {service}.amazonaws.com to invoke it")


def _callers(stack: Stack) -> Iterator[tuple[Resource, str, str, Any]]:
    for kind, uri, role in _APIS:
        for part in stack.of_type(kind):
            if part.at(*role) is None:
                yield part, uri[0], "apigateway", part.at(*uri)
    for subscription in stack.of_type(SUBSCRIPTION):
        if subscription.at("Protocol") == "lambda":
            yield subscription, "Endpoint", "sns", subscription.at("Endpoint")
    for topic in stack.of_type(TOPIC):
        for entry in as_maps(topic.at("Subscription")):
            if entry.get("Protocol") == "lambda":
                yield topic, "Subscription", "sns", entry.get("Endpoint")
    for rule in stack.of_type(EVENT_RULE):
        for entry in as_maps(rule.at("Targets")):
            if "RoleArn" not in entry:
                yield rule, "Targets", "events", at(entry, "Arn")

"""E9405: route to an internet gateway that does not wait for its attachment."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.routing import ATTACHMENT, GATEWAY, ROUTE
from tap.wiring.rule import Broken, WiringRule


class GatewayRoute(WiringRule):
    """A route requires its internet gateway to be attached."""

    id = "E9405"
    shortdesc = "Route to an internet gateway that does not wait for its attachment"
    description = (
        "A route refers to the internet gateway, not to its attachment. If CloudFormation creates the route first, EC2 "
        "rejects it.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html")
    error = "route table … and network gateway … belong to different networks"
    fix = "Add the attachment to the route's DependsOn."
    types = (ROUTE, GATEWAY, ATTACHMENT)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield routes that wait for no attachment of their gateway."""
        for route in stack.of_type(ROUTE):
            gateway = stack.target(route.at("GatewayId"), GATEWAY)
            attachments = list(stack.referring_to(gateway, ATTACHMENT)) if gateway else []
            if attachments and not any(stack.waits_for(route, found) for found in attachments):
                yield Broken(route, attachments[0], "GatewayId", "the route does not wait for the gateway's attachment")

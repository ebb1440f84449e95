"""E9408: log subscription without permission to invoke its function, or created before it."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.invoking import INVOKED, PERMISSION, permissions
from tap.wiring.rule import Broken, WiringRule

FILTER = "AWS::Logs::SubscriptionFilter"


class LogSubscription(WiringRule):
    """CloudWatch Logs tests the function of a subscription."""

    id = "E9408"
    shortdesc = "Log subscription without permission to invoke its function, or created before it"
    description = (
        "CloudWatch Logs sends a test message to the function when the subscription filter is created, and rejects the "
        "filter if that fails. Nothing in the filter refers to the permission.")
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html"
    error = (
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
        "function.")
    fix = "Add an AWS::Lambda::Permission for logs.amazonaws.com, and add it to the filter's DependsOn."
    types = (FILTER, PERMISSION, *INVOKED)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield filters without, or before, their permission."""
        for item in stack.of_type(FILTER):
            invoked = stack.target(item.at("DestinationArn"), *INVOKED)
            if not invoked or stack.is_handed_out(invoked):
                continue
            found = permissions(stack, invoked, "logs")
            if not found:
                yield Broken(item, invoked, "DestinationArn", "no permission allows logs.amazonaws.com to invoke it")
            elif not any(stack.waits_for(item, permission) for permission in found):
                yield Broken(item, found[0], "DestinationArn", "the filter does not wait for the permission")

"""E9203: dead-letter queue or destination that the function's role may not send to."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.facts import FACTS
from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import QUEUE_POLICIES, ROLE, ROLE_TYPES, TOPIC_POLICIES, role_may
from tap.wiring.rule import Broken, WiringRule

FUNCTION = "AWS::Lambda::Function"
_ACTIONS = FACTS["destinations"]["actions"]


class DestinationOfFunction(WiringRule):
    """Lambda sends to destinations with the function's role."""

    id = "E9203"
    shortdesc = "Dead-letter queue or destination that the function's role may not send to"
    description = (
        "Lambda sends failed events and results with the function's role and rejects a dead-letter queue or "
        "destination that the role may not send to.")
    source_url = FACTS["destinations"]["source"]
    error = "The provided execution role does not have permissions to call SendMessage on SQS"
    fix = "Allow the action on the destination in a policy of the role."
    types = (
        FUNCTION, "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping", *ROLE_TYPES, *QUEUE_POLICIES,
        *TOPIC_POLICIES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield functions, and what configures their events, with a destination that their role may not send to."""
        for source, place, function, value in _destinations(stack):
            role = stack.target(function.at("Role"), ROLE)
            target = stack.target(value, *_ACTIONS)
            if not role or not target:
                continue
            action = _ACTIONS[target.type]
            if not role_may(stack, role, action, target):
                yield Broken(source, target, place, f"the role `{role.logical_id}` lacks {action} on it")


def _destinations(stack: Stack) -> Iterator[tuple[Resource, str, Resource, Any]]:
    for function in stack.of_type(FUNCTION):
        yield function, "DeadLetterConfig", function, function.at("DeadLetterConfig", "TargetArn")
    for config in stack.of_type("AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"):
        invoked = stack.target(config.at("FunctionName"), FUNCTION)
        for outcome in ("OnSuccess", "OnFailure"):
            value = config.at("DestinationConfig", outcome, "Destination")
            if invoked and value is not None:
                yield config, "DestinationConfig", invoked, value

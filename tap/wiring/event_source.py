"""E9207: event source that the function's role may not read."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import QUEUE_POLICIES, ROLE, ROLE_TYPES, role_may
from tap.wiring.rule import Broken, WiringRule

MAPPING = "AWS::Lambda::EventSourceMapping"
FUNCTION = "AWS::Lambda::Function"
_ACTIONS = FACTS["event_sources"]["actions"]


class EventSource(WiringRule):
    """Lambda polls a queue or stream with the function's role."""

    id = "E9207"
    shortdesc = "Event source that the function's role may not read"
    description = (
        "Lambda polls queues and streams with the function's role and rejects the event source mapping if the role "
        "lacks a permission.")
    source_url = FACTS["event_sources"]["source"]
    error = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    fix = "Allow these actions on the source in a policy of the role, and add that policy to the mapping's DependsOn."
    types = (MAPPING, FUNCTION, *_ACTIONS, *QUEUE_POLICIES, *ROLE_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield event source mappings whose source is out of the role's reach."""
        for mapping in stack.of_type(MAPPING):
            source = stack.target(mapping.at("EventSourceArn"), *_ACTIONS)
            function = stack.target(mapping.at("FunctionName"), FUNCTION)
            role = stack.target(function.at("Role"), ROLE) if function else None
            if source and role:
                missing = [action for action in _ACTIONS[source.type] if not role_may(stack, role, action, source)]
                if missing:
                    yield Broken(mapping, source, "EventSourceArn", f"`{role.logical_id}` lacks {', '.join(missing)}")

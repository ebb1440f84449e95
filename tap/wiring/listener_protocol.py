"""E9110: target group whose protocol the listener cannot forward to."""

from collections.abc import Iterator

from tap.wiring.balancing import LISTENER, LISTENER_RULE, LISTENING, TARGET_GROUP, forwarding
from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

_TARGETS = FACTS["listener_protocols"]["targets"]


class ListenerProtocol(WiringRule):
    """A listener forwards to target groups of protocols that fit its own."""

    id = "E9110"
    shortdesc = "Target group whose protocol the listener cannot forward to"
    description = (
        "An HTTP or HTTPS listener can forward to HTTP or HTTPS target groups, and a listener of a Network Load "
        "Balancer to target groups of its own layer. Elastic Load Balancing rejects other combinations.")
    source_url = FACTS["listener_protocols"]["source"]
    error = "The protocol of the target group is not supported with listener protocol …"
    fix = "Set the target group's Protocol to one that the listener can forward to."
    types = (LISTENER, LISTENER_RULE, TARGET_GROUP)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield listeners and rules that forward to a target group of another protocol."""
        for group in stack.of_type(TARGET_GROUP):
            for listening in forwarding(stack, group):
                listener = stack.target(listening.at("ListenerArn"), *LISTENING) or listening
                expected = _TARGETS.get(str(listener.at("Protocol")))
                protocol = group.at("Protocol")
                if expected and isinstance(protocol, str) and protocol not in expected:
                    place = "DefaultActions" if listening.type == LISTENER else "Actions"
                    yield Broken(listening, group, place,
                                 f"a listener with {listener.at('Protocol')} cannot forward to {protocol}")

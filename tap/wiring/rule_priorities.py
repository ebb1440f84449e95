"""E9111: listener rules with the same priority."""

from collections.abc import Iterator

from tap.wiring.balancing import LISTENER, LISTENER_RULE
from tap.wiring.graph import Resource, Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import number


class RulePriorities(WiringRule):
    """A listener evaluates its rules in order of priority."""

    id = "E9111"
    shortdesc = "Listener rules with the same priority"
    description = "Elastic Load Balancing rejects a second rule with the same priority on a listener."
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html"
    error = "Priority '10' is currently in use"
    fix = "Give each rule of a listener a unique priority."
    types = (LISTENER, LISTENER_RULE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield rules whose priority an earlier one of the same listener has."""
        seen: dict[tuple[str, int], Resource] = {}
        for rule in stack.of_type(LISTENER_RULE):
            # Listeners outside the template are equal if the same expression names them.
            priority, listener = number(rule.at("Priority")), rule.at("ListenerArn")
            if priority is None or listener is None:
                continue
            first = seen.setdefault((str(listener), priority), rule)
            if first is not rule:
                yield Broken(rule, first, "Priority", f"both rules of the listener have the priority {priority}")

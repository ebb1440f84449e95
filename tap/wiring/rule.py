"""Base classes of the rules: findings, and how findings of several scenarios are merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from tap.wiring.graph import Resource, Stack, graph_of


@dataclass(frozen=True)
class Broken:
    """A broken connection, reported at the resource that fails or needs the fix."""

    source: Resource
    other: Resource | str
    """The other end: a resource, or text in its place."""
    property: str
    problem: str

    def message(self, fix: str) -> str:
        """Return the message: both ends, the problem and the fix."""
        other = self.other if isinstance(self.other, str) else f"`{self.other.logical_id}`"
        return f"`{self.source.logical_id}` → {other}: {self.problem}. {fix}"


class WiringRule(CloudFormationLintRule):  # type: ignore[misc]  # cfn-lint carries no marker that it is typed
    """A rule about connections between resources, run on each scenario that affects its resource types."""

    tags: ClassVar[list[str]] = ["wiring"]
    error: ClassVar[str] = ""
    """The error message of AWS; empty if AWS reports none."""
    fix: ClassVar[str] = ""
    """The fix, which is the last sentence of every message."""
    types: ClassVar[tuple[str, ...]] = ()
    """The resource types that it checks."""

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield the broken connections of one scenario."""
        raise NotImplementedError

    def match(self, cfn: Any) -> list[RuleMatch]:
        """Return the findings of all scenarios, each with the conditions that it depends on."""
        stacks = graph_of(cfn).stacks(self.types)
        found: dict[tuple[tuple[str, ...], str], list[Stack]] = {}
        for stack in stacks:
            for broken in self.broken(stack):
                path = ("Resources", broken.source.logical_id, "Properties", broken.property)
                found.setdefault((path, broken.message(self.fix)), []).append(stack)
        return [
            RuleMatch(list(path), message + _deciding_conditions(
                hit, [stack for stack in stacks if path[1] in stack.resources]))
            for (path, message), hit in found.items()]


def _deciding_conditions(hit: list[Stack], all_stacks: list[Stack]) -> str:
    """Return the conditions that distinguish scenarios with a finding from those without."""
    others = [stack for stack in all_stacks if stack not in hit]
    common = {name: truth for name, truth in hit[0].conditions.items()
              if all(stack.conditions[name] == truth for stack in hit)}
    named: list[str] = []
    while others:
        best = max(common, key=lambda name: sum(s.conditions[name] != common[name] for s in others), default=None)
        if best is None or all(stack.conditions[best] == common[best] for stack in others):
            break
        named.append(f"{best} is {str(common[best]).lower()}")
        others = [stack for stack in others if stack.conditions[best] == common[best]]
    return f" (Where {' and '.join(named)}.)" if named else ""

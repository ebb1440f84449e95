"""Nested stacks: report their events as events of the outer stack.

Names of nested resources are prefixed with the nested stack's, as in Network/Vpc.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-nested-stacks.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tap.deploy.models import CallFailed, StackEvent
from tap.deploy.states import is_at_rest

KIND = "AWS::CloudFormation::Stack"
NewEvents = Callable[[str, set[str], datetime], list[StackEvent]]
"""Returns the events of a stack since then that are not among the known ids, oldest first, and makes them known."""


def has_nested(document: Mapping[str, Any]) -> bool:
    """Return whether a template has nested stacks."""
    return any(isinstance(entry, Mapping) and entry.get("Type") == KIND
               for entry in document.get("Resources", {}).values())


class NestedEvents:
    """Follows the nested stacks of an operation, at any depth."""

    def __init__(self, new_events: NewEvents) -> None:
        """Create it with a function that reads a stack's events."""
        self._new_events = new_events
        self._streams: dict[str, tuple[str, datetime, set[str]]] = {}  # by ARN: name, start time, known ids
        self._resting: set[str] = set()  # the ARNs of those that are at rest

    def note(self, event: StackEvent) -> None:
        """Start following a nested stack if this is an event of one."""
        arn = event.physical_id or ""
        if event.resource_type != KIND or event.is_stack or not arn.startswith("arn:"):
            return
        if event.status.endswith("_IN_PROGRESS"):
            self._resting.discard(arn)
        # The ARN of a new stack is known only after its creation has started.
        is_new = event.status.startswith("CREATE")
        since = datetime.min.replace(tzinfo=event.timestamp.tzinfo) if is_new else event.timestamp
        self._streams.setdefault(arn, (event.logical_id, since, set()))

    def new(self) -> list[StackEvent]:
        """Return the events of nested stacks since the last call, oldest first.

        If reading a stack's events fails, the next call returns them.
        """
        new_events: list[StackEvent] = []
        asked: set[str] = set()
        while waiting := self._streams.keys() - asked - self._resting:
            arn = waiting.pop()
            asked.add(arn)
            name, since, known = self._streams[arn]
            try:
                events = self._new_events(arn, known, since)
            except CallFailed:
                continue
            for event in events:
                if event.is_stack:
                    (self._resting.add if is_at_rest(event.status) else self._resting.discard)(arn)
                else:
                    new_events.append(replace(event, logical_id=f"{name}/{event.logical_id}"))
                    self.note(new_events[-1])
        return sorted(new_events, key=lambda event: event.timestamp)

    def merged(self, events: list[StackEvent]) -> list[StackEvent]:
        """Return the outer stack's events merged with those of nested stacks."""
        for event in events:
            self.note(event)
        below = self.new()
        return sorted([*below, *events], key=lambda event: event.timestamp) if below else events

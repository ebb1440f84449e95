"""The stacks in a stack: their events, told as those of the stack that they are in.

What is in a nested stack is named after it, as in Network/Vpc.
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
    """Follows the nested stacks that an operation comes to, to any depth."""

    def __init__(self, new_events: NewEvents) -> None:
        """Take how to read a stack's events."""
        self._new_events = new_events
        self._streams: dict[str, tuple[str, datetime, set[str]]] = {}  # by ARN: name, since when, known ids
        self._resting: set[str] = set()  # the ARNs of those that are at rest

    def note(self, event: StackEvent) -> None:
        """Take an event: one of a nested stack lets its events be followed from then on."""
        arn = event.physical_id or ""
        if event.resource_type != KIND or event.is_stack or not arn.startswith("arn:"):
            return
        if event.status.endswith("_IN_PROGRESS"):
            self._resting.discard(arn)
        # The ARN of a new stack is known only after it has begun.
        is_new = event.status.startswith("CREATE")
        since = datetime.min.replace(tzinfo=event.timestamp.tzinfo) if is_new else event.timestamp
        self._streams.setdefault(arn, (event.logical_id, since, set()))

    def new(self) -> list[StackEvent]:
        """Return what has happened in nested stacks since the last time, oldest first.

        Where one cannot be asked, the next time tells.
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
        """Return events of the outer stack, with those of the nested stacks among them."""
        for event in events:
            self.note(event)
        below = self.new()
        return sorted([*below, *events], key=lambda event: event.timestamp) if below else events

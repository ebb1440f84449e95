"""Find a stack and follow its events until it is at rest."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from tap.deploy import states
from tap.deploy.aws import AwsClient, Call
from tap.deploy.models import CallFailed, Environment, LeftRunning, Observer, StackEvent
from tap.deploy.nested import NestedEvents
from tap.deploy.waiting import watch
from tap.deploy.wording import duration

_PAUSE = 5.0  # seconds between polls of a stack that is busy with someone else's operation
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")


def find_stack(call: Call, name_or_id: str) -> dict[str, Any] | None:
    """Return the stack (API type Stack), or None; a deleted stack can be found by its id."""
    try:
        stacks: list[dict[str, Any]] = call("describe_stacks", StackName=name_or_id)["Stacks"]
    except CallFailed as error:
        if is_missing_stack(error):
            return None
        raise
    return stacks[0] if stacks else None


def wait_until_idle(aws: AwsClient, env: Environment, seconds: float, on_busy: Callable[[str], None]) -> None:
    """Wait until a stack has no operation in progress; if it has one, call `on_busy` once with its status.

    Raises LeftRunning if that takes longer than `seconds`.
    """
    deadline, is_told = aws.clock() + seconds, False
    while True:
        status = (find_stack(aws.call, env.stack_name) or {}).get("StackStatus")
        if not isinstance(states.obstacle(env, status), LeftRunning):
            return
        left = deadline - aws.clock()
        if left <= 0:
            raise LeftRunning(f"stack {env.stack_name} is still busy ({status}) after {duration(seconds)}. Follow it "
                              f"with: {env.command('watch')}")
        if not is_told:
            on_busy(str(status))
            is_told = True
        aws.sleep(min(_PAUSE, left))


def is_missing_stack(error: CallFailed) -> bool:
    """Return whether a request failed because the stack does not exist; CloudFormation has no error code for that."""
    return error.code == "ValidationError" and "does not exist" in error.raw


def pages(call: Call, method: str, member: str, **request: Any) -> list[dict[str, Any]]:
    """Return the items of all pages of a list."""
    items: list[dict[str, Any]] = []
    while True:
        page = call(method, **request)
        items += page.get(member, [])
        if not page.get("NextToken"):
            return items
        request["NextToken"] = page["NextToken"]


def known_events(call: Call, stack_id: str) -> set[str]:
    """Return the ids of the latest events, which mark where a new operation's events start."""
    page = call("describe_stack_events", StackName=stack_id)
    return {event["EventId"] for event in page["StackEvents"]}


def follow(aws: AwsClient, env: Environment, stack_id: str, known: set[str], token: str | None, observer: Observer,
           before: Sequence[StackEvent] = ()) -> list[StackEvent]:
    """Pass on an operation's events as they occur; return them all, oldest first, once the stack is at rest.

    `known` has the ids of earlier events; `token` is its ClientRequestToken, None if that is
    not certain. `before` has events of it that were already passed on. Raises LeftRunning when
    interrupted, or when requests keep failing.
    """
    history = list(before)
    nested = NestedEvents(partial(_new_events, aws.call))
    for event in before:
        nested.note(event)

    def look() -> list[StackEvent] | None:
        # Late events of an earlier operation have that operation's token.
        for event in nested.merged([event for event in _new_events(aws.call, stack_id, known)
                                    if not (token and event.token and event.token != token)]):
            history.append(masked(env, event))
            observer.on_event(history[-1])
            if event.is_stack and states.is_at_rest(event.status):
                return history
        return None

    return watch(aws, look, partial(states.left_running, env), observer.on_wait)


def current_operation(call: Call, stack_id: str) -> tuple[list[StackEvent], set[str]]:
    """Return the latest operation's events so far, oldest first, and the ids of these and earlier events.

    It starts with the event that the stack's own creation, update or deletion started.
    """
    events: list[StackEvent] = []
    request = {"StackName": stack_id}
    while True:
        page = call("describe_stack_events", **request)
        for item in page["StackEvents"]:
            event = _event(item)
            events.append(event)
            if event.is_stack and event.status in _BEGINNINGS:
                known = {one["EventId"] for one in page["StackEvents"]} | {one.event_id for one in events}
                return events[::-1], known
        if not page.get("NextToken"):
            return events[::-1], {event.event_id for event in events}
        request["NextToken"] = page["NextToken"]


def all_events(call: Call, stack_id: str, most: int) -> list[StackEvent]:
    """Return a stack's latest events, oldest first, from up to `most` pages."""
    events: list[StackEvent] = []
    request = {"StackName": stack_id}
    for _ in range(most):
        page = call("describe_stack_events", **request)
        events += map(_event, page["StackEvents"])
        if not page.get("NextToken"):
            break
        request["NextToken"] = page["NextToken"]
    return events[::-1]


def with_nested(call: Call, events: list[StackEvent]) -> list[StackEvent]:
    """Return a stack's events with those of the nested stacks among them."""
    return NestedEvents(partial(_new_events, call)).merged(events)


def masked(env: Environment, event: StackEvent) -> StackEvent:
    """Return an event with NoEcho values masked in its reason: services repeat values."""
    return replace(event, reason=env.masked(event.reason)) if event.reason else event


def _new_events(call: Call, stack_id: str, known: set[str], since: datetime | None = None) -> list[StackEvent]:
    """Return events that are not in `known`, oldest first, and add them to it; the API lists the newest first.

    Events from before `since` count as known.
    """
    events: list[StackEvent] = []
    request = {"StackName": stack_id}
    while True:
        page = call("describe_stack_events", **request)
        fresh = [_event(event) for event in page["StackEvents"]
                 if event["EventId"] not in known and (since is None or event["Timestamp"] >= since)]
        events += fresh
        if len(fresh) < len(page["StackEvents"]) or not page.get("NextToken"):
            break
        request["NextToken"] = page["NextToken"]
    known.update(event.event_id for event in events)
    return events[::-1]


def _event(event: dict[str, Any]) -> StackEvent:
    return StackEvent(
        event_id=event["EventId"],
        stack_id=event["StackId"],
        timestamp=event["Timestamp"],
        logical_id=event["LogicalResourceId"],
        physical_id=event.get("PhysicalResourceId"),
        resource_type=event["ResourceType"],
        status=event["ResourceStatus"],
        reason=event.get("ResourceStatusReason"),
        token=event.get("ClientRequestToken"),
    )

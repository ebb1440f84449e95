"""Short ways to plan and deploy, and clients that fail as networks and CloudFormation do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Change, ChangeSet, Environment, Observer, Outcome, StackEvent, Target
from tap.deploy.pending import PendingChangeSet
from tap.deploy.template import Rendered, parsed

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/tap-dev/1"
DEV = Environment("dev", Target("tap-dev", region="eu-west-1"))


def changed(env: Environment, **fields: Any) -> Environment:
    """Return an environment with other fields of its target, its values or its options."""
    parts = {part: {name: value for name, value in fields.items() if hasattr(getattr(env, part), name)}
             for part in ("target", "values", "options")}
    return replace(env, **{part: replace(getattr(env, part), **own) for part, own in parts.items()})


def change(logical_id: str = "Topic", action: str = "Add", replacement: str | None = None) -> Change:
    return Change(action, logical_id, None, "AWS::SNS::Topic", replacement)


def event(
    logical_id: str, status: str, reason: str | None = None, resource_type: str = "AWS::SNS::Topic"
) -> StackEvent:
    stack = logical_id == "tap-dev"
    return StackEvent(
        event_id=f"{logical_id}-{status}",
        stack_id=STACK_ID,
        timestamp=datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC),
        logical_id=logical_id,
        physical_id=STACK_ID if stack else f"{logical_id}-1",
        resource_type="AWS::CloudFormation::Stack" if stack else resource_type,
        status=status,
        reason=reason,
    )


class Recorder(Observer):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[StackEvent] = []

    def on_event(self, event: StackEvent) -> None:
        self.events.append(event)


def cloud_of(client: Any, sleep: Callable[[float], None] = lambda _seconds: None,
             unique: Callable[[], str] | None = None) -> CloudFormation:
    """CloudFormation over one client, which stands for every service's."""
    aws = AwsClient(lambda _service: client, sleep)
    if unique:
        aws.unique = unique
    return CloudFormation(aws)


def rendered(text: str) -> Rendered:
    return Rendered(parsed(text), text)


def planned(cloud: CloudFormation, env: Environment, text: str) -> ChangeSet:
    """Create a change set that is kept."""
    with cloud.change_set(env, rendered(text)) as change:
        change.keep()
        return change.content


def applied(cloud: CloudFormation, env: Environment, text: str, observer: Observer | None = None) -> Outcome:
    with cloud.change_set(env, rendered(text)) as change:
        return change.apply(observer or Observer())


def pending(cloud: CloudFormation, content: ChangeSet, env: Environment) -> PendingChangeSet:
    """A change set that was created before."""
    change = PendingChangeSet(cloud, env, rendered("{}"), content.type, content.name, None, [])
    change.content = content
    return change


class Meddled:
    """A client in which one method is another's: everything else goes to the real one."""

    def __init__(self, client: Any, **methods: Callable[..., Any]) -> None:
        self._client = client
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def answer_lost(method: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """Return a method that does its work the first time and then fails all the same."""
    calls = []

    def lost(**request: Any) -> Any:
        answer = method(**request)
        calls.append(request)
        if len(calls) == 1:
            raise error
        return answer

    return lost


def asked_twice(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method whose first answer is lost on the way, so the client asks again, as botocore does."""

    def twice(**request: Any) -> Any:
        method(**request)
        return method(**request)

    return twice


def failing(*errors: BaseException, then: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that fails with each error in turn, before it works."""
    left = list(errors)

    def fails(**request: Any) -> Any:
        if left:
            raise left.pop(0)
        return then(**request)

    return fails

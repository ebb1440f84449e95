"""Stand-ins for AWS: a cloud in memory, and clients that fail as networks and CloudFormation do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tap.deploy.guard import judge
from tap.deploy.models import Change, ChangeSet, Environment, OnEvent, StackEvent
from tap.deploy.planning import Plan
from tap.deploy.template import Rendered

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/tap-dev/1"
DEV = Environment("dev", "tap-dev", region="eu-west-1")


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


@dataclass
class MemoryCloud:
    """Keeps the template of each stack, and the change sets that are pending."""

    stacks: dict[str, str] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    changes: tuple[Change, ...] = (change(),)
    place: str = "memory"

    def plan(self, env: Environment, template: str) -> ChangeSet:
        kind = "UPDATE" if env.stack_name in self.stacks else "CREATE"
        empty = self.stacks.get(env.stack_name) == template
        self.pending.add(env.stack_name)
        self._template = template
        return ChangeSet("id", "name", kind, STACK_ID, () if empty else self.changes, empty)

    def discard(self, env: Environment, _plan: ChangeSet) -> None:
        self.pending.remove(env.stack_name)

    def apply(self, env: Environment, plan: ChangeSet, on_event: OnEvent) -> None:
        self.pending.remove(env.stack_name)
        self.stacks[env.stack_name] = self._template
        on_event(event(env.stack_name, f"{plan.type}_COMPLETE"))

    def check(self, env: Environment, template: Rendered, lint: Any) -> None: ...

    def review(self, env: Environment, _template: Rendered, plan: ChangeSet) -> Plan:
        return Plan(env, plan, {each.logical_id: judge(each) for each in plan.changes})

    def history(self, _env: Environment) -> list[StackEvent]:
        return []

    def previous(self, _env: Environment) -> frozenset[str]:
        return frozenset()

    def protect(self, _env: Environment) -> list[str]:
        return []

    def outputs(self, env: Environment) -> dict[str, str]:
        return {"TopicArn": f"arn:{env.stack_name}"}

    def delete(self, env: Environment, _on_event: OnEvent) -> None:
        self.stacks.pop(env.stack_name, None)


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

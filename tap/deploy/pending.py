"""Pending changes in AWS: each ends applied, deliberately kept, or discarded."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tap.deploy import changesets, guard, planning, protection, variables
from tap.deploy.deployed import Deployed
from tap.deploy.models import CallFailed, ChangeSet, Environment, LeftRunning, Observer, Outcome, StackEvent, TapError
from tap.deploy.plan import Plan
from tap.deploy.stacks import all_events, known_events
from tap.deploy.template import Rendered

if TYPE_CHECKING:
    from tap.deploy.cloudformation import CloudFormation

_PAGES_TO_LEARN_FROM = 5


class Pending(ABC):
    """A pending change; leaving the `with` block discards it, unless it was applied or kept."""

    _settled = False

    @abstractmethod
    def _discard(self) -> None:
        """Delete it. Raises TapError."""

    @abstractmethod
    def _left_behind(self, why: str) -> str:
        """Return the message for a pending change that could not be deleted."""

    def keep(self) -> None:
        """Keep it: leaving the block does not discard it."""
        self._settled = True

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Discard it, unless it was applied or kept. If that fails after another error, add a note to that error."""
        if self._settled:
            return
        try:
            self._discard()
        except (TapError, KeyboardInterrupt) as second:
            (error or second).add_note(self._left_behind(str(second) or "interrupted"))
            if error is None:
                raise


class PendingChangeSet(Pending):
    """A change set that CloudFormation has computed and that has not been applied."""

    content: ChangeSet

    def __init__(self, cloud: "CloudFormation", env: Environment, template: Rendered, kind: str, name: str,
                 deployed: Deployed | None, others: Sequence[str]) -> None:
        """Create it from client, environment, type, name, the stack that it updates, and other pending change sets."""
        self._cloud, self._env, self._template = cloud, env, template
        self._kind, self._name, self._deployed, self._others = kind, name, deployed, others

    @property
    def empty(self) -> bool:
        """Return whether CloudFormation found nothing to do."""
        return self.content.empty

    def review(self) -> Plan:
        """Return the plan for reviewing the change set. Changes nothing."""
        return planning.review(
            self._cloud.aws, self._env, self._template, self.content, self._deployed, self._others)

    def history(self) -> list[StackEvent]:
        """Return the stack's latest events, oldest first, some hundreds at most.

        Empty for a new stack, or if they cannot be read: they are only used to estimate durations.
        """
        with contextlib.suppress(CallFailed):
            if self._deployed:
                return all_events(self._cloud.aws.call, self.content.stack_id, _PAGES_TO_LEARN_FROM)
        return []

    def apply(self, observer: Observer) -> Outcome:
        """Execute the change set, wait until the stack is at rest, protect the stack, and return the outcome.

        An empty one is not executed, but the stack still gets its stack policy and termination protection.
        Raises StackFailed, NeedsRecovery, or LeftRunning if watching stops early. After any other error,
        Refused for an unapproved destructive change among them, nothing was executed.
        """
        cloud, env, change_set = self._cloud, self._env, self.content
        if change_set.empty:
            return Outcome.PROTECTED if cloud.protect(env) else Outcome.NO_CHANGES
        guard.check(guard.verdicts(change_set), env.options.approved)
        if change_set.type == "UPDATE":
            protection.set_stack_policy(cloud.aws.call, env, change_set.stack_id)
        known = known_events(cloud.aws.call, change_set.stack_id)
        variables.upload(cloud.aws, env)
        try:
            token = changesets.execute(cloud.aws.call, env, change_set, cloud.aws.unique())
        except LeftRunning:
            self.keep()
            raise
        self.keep()
        cloud.finish(env, change_set.stack_id, known, token, observer, f"{change_set.type}_COMPLETE")
        self._protect()
        return Outcome.APPLIED

    def _protect(self) -> None:
        try:
            self._cloud.protect(self._env)
        except (TapError, KeyboardInterrupt) as error:
            raise TapError(f"stack {self._env.stack_name} is deployed, but its protection is not set: "
                           f"{str(error) or 'interrupted'}. Run this command again") from None

    def _discard(self) -> None:
        changesets.delete(self._cloud.aws, self._env, self._kind, self._name)

    def _left_behind(self, why: str) -> str:
        return f"change set {self._name} of stack {self._env.stack_name} may still exist: {why}"

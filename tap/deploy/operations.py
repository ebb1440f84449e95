"""What is done to a stack: plans, executions, deletions and recoveries, each followed to its end.

An answer may be lost at every step; nothing is done twice, and nothing of our own is left behind unsaid.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from tap.deploy import artifacts, changesets, planfile, planning, protection, states
from tap.deploy.alarms import rollback_triggers
from tap.deploy.diagnosis import Witness
from tap.deploy.models import (
    CallFailed,
    ChangeSet,
    Environment,
    InputError,
    LeftRunning,
    OnEvent,
    Refused,
    StackEvent,
    TapError,
)
from tap.deploy.recovery import Recovery
from tap.deploy.stacks import all_events, current_operation, find_stack, follow, known_events
from tap.deploy.template import Rendered, parsed

_PAGES_TO_LEARN_FROM = 5


class Operations(ABC):
    """Stacks and change sets; implements `tap.deploy.models.Cloud`. Every method may raise TapError."""

    def __init__(self, sleep: Callable[[float], None], unique: Callable[[], str], clock: Callable[[], float]) -> None:
        """Take how to wait (seconds), what makes names unique, and what counts seconds."""
        self.sleep = sleep
        self.unique = unique
        self.clock = clock

    @abstractmethod
    def call(self, method: str, **request: Any) -> Any:
        """Make a request of CloudFormation; raises CallFailed."""

    @abstractmethod
    def ask(self, service: str) -> Callable[..., Any]:
        """Return a function that makes requests of another AWS service; it raises CallFailed."""

    @abstractmethod
    def place_of_artifacts(self) -> artifacts.Place:
        """Return where S3 keeps things."""

    @property
    @abstractmethod
    def region(self) -> str:
        """The region the stacks are in."""

    def plan(self, env: Environment, template: str) -> ChangeSet:
        """Create a change set, wait for it, and describe it whole. Changes no resource.

        Raises NeedsRecovery or LeftRunning where the stack cannot take one, InputError where
        CloudFormation refuses the template or the parameters. An error leaves no change set behind.
        """
        self.check_account(env)
        stack = find_stack(self.call, env.stack_name)
        status = stack["StackStatus"] if stack else None
        obstacle = states.obstacle(env, status)
        if obstacle:
            raise obstacle
        kind = "CREATE" if status in states.TO_BE_CREATED else "UPDATE"
        body = self._template(env, template)
        triggers = rollback_triggers(self.call, env, stack)
        name = f"tap-{self.unique()}"
        try:
            changesets.create(self.call, env, body, kind, name, triggers)
            return changesets.describe(self.call, self.sleep, env, kind, name)
        except BaseException as error:
            self._clean_up(env, kind, name, error)
            raise

    def discard(self, env: Environment, plan: ChangeSet) -> None:
        """Delete a change set that is not going to be executed, and the empty stack it made."""
        try:
            changesets.delete(self.call, self.sleep, env, plan.type, plan.name)
        except (TapError, KeyboardInterrupt) as error:
            error.add_note(_left_behind(env, plan.name, error))
            raise

    def apply(self, env: Environment, plan: ChangeSet, on_event: OnEvent) -> None:
        """Execute a change set, pass its events on as they come, and return when the stack is at rest.

        Raises StackFailed, NeedsRecovery, or LeftRunning once nobody watches any more. Any other error
        before that means that nothing was executed, and then the change set is deleted.
        """
        try:
            if plan.type == "UPDATE":
                protection.set_stack_policy(self.call, env, plan.stack_id)
            known = known_events(self.call, plan.stack_id)
            token = changesets.execute(self.call, env, plan, self.unique())
        except LeftRunning:
            raise
        except BaseException as error:
            self._clean_up(env, plan.type, plan.name, error)
            raise
        self.finish(env, plan.stack_id, known, token, on_event, f"{plan.type}_COMPLETE")
        try:
            self.protect(env)
        except (TapError, KeyboardInterrupt) as error:
            raise TapError(
                f"stack {env.stack_name} is deployed, but not protected as it should be: "
                f"{str(error) or 'interrupted'}; run this again"
            ) from None

    def protect(self, env: Environment) -> list[str]:
        """Give the stack its stack policy and termination protection; return what was not so already."""
        if not (env.stack_policy or env.termination_protection or env.approved):
            return []
        stack = find_stack(self.call, env.stack_name)
        if stack is None or stack["StackStatus"] in states.TO_BE_CREATED:
            return []
        return [*protection.set_stack_policy(self.call, env, stack["StackId"]),
                *protection.set_termination_protection(self.call, env, stack)]

    def check(self, env: Environment, template: Rendered, lint: Callable[[], list[str]]) -> None:
        """Raise InputError for whatever can be known to be wrong before a change set is made."""
        self.check_account(env)
        if artifacts.is_too_large(template.text):
            artifacts.check_bucket(self.ask("s3"), env, template.text, self.place_of_artifacts())
        planning.check_before(self, env, template, lint)

    def review(self, env: Environment, template: Rendered, change_set: ChangeSet) -> planning.Plan:
        """Return what is to be known of a change set before it runs."""
        return planning.review(self, env, template, change_set)

    def saved(self, env: Environment, template: Rendered, saved: planfile.SavedPlan) -> ChangeSet:
        """Return the change set of a saved plan. Raises Refused where anything is not as it was."""
        self.check_account(env)
        return planfile.check(
            saved, env, parsed(template.text), self.call, self.account(), self.region,
            lambda arn, kind: changesets.describe(self.call, self.sleep, env, kind, arn))

    def previous(self, env: Environment) -> frozenset[str]:
        """Return the names of the parameters that the stack has values of."""
        stack = find_stack(self.call, env.stack_name)
        if stack is None or stack["StackStatus"] in states.TO_BE_CREATED:
            return frozenset()
        return frozenset(each["ParameterKey"] for each in stack.get("Parameters", ()))

    def outputs(self, env: Environment) -> dict[str, str]:
        """Return the stack's outputs by name; none where there is no stack."""
        stack = find_stack(self.call, env.stack_name) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def delete(self, env: Environment, on_event: OnEvent, **retained: Any) -> None:
        """Delete the stack, pass its events on, and return when it is gone; no stack is success.

        Raises NeedsRecovery where something could not be deleted, LeftRunning once nobody watches.
        """
        self.check_account(env)
        stack = find_stack(self.call, env.stack_name)
        if stack is not None:
            self.operate(env, stack["StackId"], on_event, "DELETE_COMPLETE", "delete_stack", **retained)

    def operate(self, env: Environment, stack_id: str, on_event: OnEvent, goal: str, method: str,
                **request: Any) -> None:
        """Start an operation on a stack and follow it until the stack is at rest. Raises as `apply` does."""
        token: str | None = self.unique()
        known = known_events(self.call, stack_id)
        role = {"RoleARN": env.role_arn} if env.role_arn else {}
        try:
            self.call(method, StackName=stack_id, ClientRequestToken=token, **role, **request)
        except KeyboardInterrupt:
            raise states.left_running(env, "interrupted while it was being started") from None
        except CallFailed as error:
            # The answer was lost after the work had begun, and the client's next try was refused.
            status = (find_stack(self.call, stack_id) or {}).get("StackStatus", "")
            if not error.passing and not status.endswith("_IN_PROGRESS"):
                raise
            if error.passing and not status.endswith("_IN_PROGRESS") and status != goal:
                raise
            token = None
        self.finish(env, stack_id, known, token, on_event, goal)

    def finish(self, env: Environment, stack_id: str, known: set[str], token: str | None, on_event: OnEvent,
               goal: str, before: Sequence[StackEvent] = ()) -> None:
        """Follow an operation until the stack is at rest; raise what it failed for, with all that is known of it."""
        witness = Witness(self, env, on_event)
        history = follow(self.call, self.sleep, self.clock, env, stack_id, known, token, witness, before)
        if failure := states.failure(env, history, goal):
            for line in witness.lines or ():
                failure.add_note(line)
            raise failure

    def watch(self, env: Environment, on_event: OnEvent) -> str:
        """Follow whatever is under way on the stack; return the status in which it is at rest.

        Raises InputError where there is no stack, and as `apply` does.
        """
        stack = find_stack(self.call, env.stack_name)
        if stack is None:
            raise InputError(f"there is no stack {env.stack_name}: tap deploy {env.name}{env.options} makes it")
        status = str(stack["StackStatus"])
        if not status.endswith("_IN_PROGRESS") or status in states.TO_BE_CREATED:
            return status
        events, known = current_operation(self.call, stack["StackId"])
        for event in events:
            on_event(event)
        goal = f"{events[0].status.partition('_')[0]}_COMPLETE" if events else "UPDATE_COMPLETE"
        if not (events and events[-1].is_stack and states.is_at_rest(events[-1].status)):
            self.finish(env, stack["StackId"], known, None, on_event, goal, events)
        return goal

    def recover(self, env: Environment, way: Recovery, on_event: OnEvent) -> None:
        """Take the way out of a state. Raises as `apply` does."""
        self.check_account(env)
        for arn in way.change_sets:
            self.call("delete_change_set", ChangeSetName=arn)
        if way.method:
            self.operate(env, way.stack_id, on_event, way.goal, way.method, **way.request)

    def lift_protection(self, env: Environment, stack_id: str) -> None:
        """Turn termination protection off."""
        self.check_account(env)
        self.call("update_termination_protection", StackName=stack_id, EnableTerminationProtection=False)

    def history(self, env: Environment) -> list[StackEvent]:
        """Return the stack's latest events, oldest first, some hundreds at most; none where there is no stack."""
        stack = find_stack(self.call, env.stack_name)
        return all_events(self.call, stack["StackId"], _PAGES_TO_LEARN_FROM) if stack else []

    def check_account(self, env: Environment) -> None:
        """Raise Refused where the credentials are another account's than the target allows."""
        if env.accounts and (account := self.account()) not in env.accounts:
            allowed = ", ".join(env.accounts)
            raise Refused(f"these credentials are account {account}'s, and {env.name} may only go to {allowed} "
                          "(accounts in parameters/targets.toml): choose another AWS_PROFILE")

    def account(self) -> str:
        """Return the id of the account that the credentials are of."""
        return str(self.ask("sts")("get_caller_identity")["Account"])

    def _template(self, env: Environment, template: str) -> dict[str, str]:
        """Return the member of CreateChangeSet that carries the template, after putting it where it goes."""
        if not artifacts.is_too_large(template):
            return {"TemplateBody": template}
        return {"TemplateURL": artifacts.upload(self.ask("s3"), env, template, self.place_of_artifacts())}

    def _clean_up(self, env: Environment, kind: str, name: str, cause: BaseException) -> None:
        # What went wrong first is what the user must hear of; what is left is a note on it.
        try:
            changesets.delete(self.call, self.sleep, env, kind, name)
        except (TapError, KeyboardInterrupt) as error:
            cause.add_note(_left_behind(env, name, error))


def _left_behind(env: Environment, name: str, error: BaseException) -> str:
    why = str(error) or "interrupted"
    return f"change set {name} of stack {env.stack_name} may be left behind: {why}"

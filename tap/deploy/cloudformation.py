"""CloudFormation as the deploy helper uses it: change sets, deletions and recoveries, each followed to completion.

Any response may be lost. No step runs twice, and anything left behind is reported.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tap.deploy import artifacts, changesets, planfile, preflight, protection, states
from tap.deploy.alarms import rollback_triggers
from tap.deploy.aws import AwsClient
from tap.deploy.deployed import Deployed, read_deployed
from tap.deploy.diagnosis import Witness
from tap.deploy.models import CallFailed, Environment, InputError, Observer, Refused, StackEvent
from tap.deploy.nested import has_nested
from tap.deploy.pending import PendingChangeSet
from tap.deploy.recovery import Recovery
from tap.deploy.stacks import current_operation, find_stack, follow, known_events
from tap.deploy.template import Rendered
from tap.deploy.wording import left_behind_line


class CloudFormation:
    """The stacks and change sets of one account and region. Every method may raise TapError."""

    def __init__(self, aws: AwsClient) -> None:
        """Create it with a client for AWS."""
        self.aws = aws

    @contextmanager
    def change_set(
            self, env: Environment, template: Rendered, *, as_deployed: bool = False) -> Iterator[PendingChangeSet]:
        """Create a change set, wait for it, and yield it; discard it on exit, unless it was applied or kept.

        `as_deployed` means that the template is the stack's current one, which CloudFormation reuses. Raises
        NeedsRecovery or LeftRunning if the stack's status does not allow one, InputError if CloudFormation
        rejects the template or the parameters, Refused if CloudFormation has a template other than the one sent.
        """
        self.check_account(env)
        call = self.aws.call
        stack = find_stack(call, env.stack_name)
        status = stack["StackStatus"] if stack else None
        if obstacle := states.obstacle(env, status):
            raise obstacle
        deployed = None if stack is None or status in states.TO_BE_CREATED else Deployed(stack)
        kind = "IMPORT" if env.options.imports else "UPDATE" if deployed else "CREATE"
        name = f"{changesets.PREFIX}{self.aws.unique()}"
        body: dict[str, Any] = {"UsePreviousTemplate": True} if as_deployed else self.body(env, template.text)
        triggers = rollback_triggers(call, env, deployed)
        others = changesets.sweep(call, stack["StackId"]) if stack else []
        with (PendingChangeSet(self, env, template, kind, name, deployed, others) as change,
              changesets.told_if_overtaken(env)):
            changesets.create(call, env, body, kind, name, triggers, nested=has_nested(template.document))
            change.content = changesets.describe(self.aws, env, kind, name)
            changesets.check_template(call, env, change.content, template.text)
            yield change

    @contextmanager
    def saved_change_set(
            self, env: Environment, template: Rendered, saved: planfile.SavedPlan) -> Iterator[PendingChangeSet]:
        """Yield the change set of a saved plan; discard it on exit, unless it was applied or kept.

        Raises Refused if anything has changed since the plan was saved.
        """
        self.check_account(env)
        content = planfile.check(saved, env, template, self.aws)
        deployed = read_deployed(self.aws.call, env)
        others = changesets.sweep(self.aws.call, content.stack_id, kept=content.id)
        with (PendingChangeSet(self, env, template, content.type, content.name, deployed, others) as change,
              changesets.told_if_overtaken(env)):
            change.content = content
            yield change

    def protect(self, env: Environment) -> list[str]:
        """Set the stack policy and termination protection; return what was changed."""
        if not (env.values.stack_policy or env.target.termination_protection or env.options.approved):
            return []
        deployed = read_deployed(self.aws.call, env)
        if deployed is None:
            return []
        return [*protection.set_stack_policy(self.aws.call, env, deployed.stack_id),
                *protection.set_termination_protection(self.aws.call, env, deployed)]

    def check(self, env: Environment, template: Rendered) -> None:
        """Raise InputError for problems that can be detected before a change set is created."""
        self.check_account(env)
        preflight.check_before(self.aws.call, env, template)

    def previous(self, env: Environment) -> frozenset[str]:
        """Return the names of the parameters that the stack has values for."""
        deployed = read_deployed(self.aws.call, env)
        return frozenset(deployed.parameters if deployed else ())

    def outputs(self, env: Environment) -> dict[str, str]:
        """Return the stack's outputs by name; empty if the stack does not exist."""
        stack = find_stack(self.aws.call, env.stack_name)
        return Deployed(stack).outputs if stack else {}

    def delete(self, env: Environment, observer: Observer, **retained: Any) -> None:
        """Delete the stack, pass its events on, and return once it is deleted; a missing stack counts as deleted.

        Raises NeedsRecovery if something could not be deleted, LeftRunning if watching stops early.
        """
        self.check_account(env)
        stack = find_stack(self.aws.call, env.stack_name)
        if stack is not None:
            self.operate(env, stack["StackId"], observer, "DELETE_COMPLETE", "delete_stack", **retained)

    def operate(self, env: Environment, stack_id: str, observer: Observer, goal: str, method: str,
                **request: Any) -> None:
        """Start an operation on a stack and follow it until the stack is at rest. Raises as `apply` does."""
        token: str | None = self.aws.unique()
        known = known_events(self.aws.call, stack_id)
        role = {"RoleARN": env.target.role_arn} if env.target.role_arn else {}
        try:
            self.aws.call(method, StackName=stack_id, ClientRequestToken=token, **role, **request)
        except KeyboardInterrupt:
            raise states.left_running(env, "interrupted while starting the operation") from None
        except CallFailed as error:
            # The response was lost after the operation had started, and the client's retry was rejected.
            status = (find_stack(self.aws.call, stack_id) or {}).get("StackStatus", "")
            if not error.passing and not status.endswith("_IN_PROGRESS"):
                raise
            if error.passing and not status.endswith("_IN_PROGRESS") and status != goal:
                raise
            token = None
        self.finish(env, stack_id, known, token, observer, goal)

    def finish(self, env: Environment, stack_id: str, known: set[str], token: str | None, observer: Observer,
               goal: str, before: Sequence[StackEvent] = ()) -> None:
        """Follow an operation until the stack is at rest; raise the error if it failed, with all known details."""
        witness = Witness(self.aws, env, observer)
        history = follow(self.aws, env, stack_id, known, token, witness, before)
        if failure := states.failure(env, history, goal):
            for line in (*(witness.lines or ()), *map(left_behind_line, states.left_behind(history))):
                failure.add_note(line)
            raise failure

    def watch(self, env: Environment, observer: Observer) -> str:
        """Follow the stack's current operation; return the status in which the stack comes to rest.

        Raises InputError if the stack does not exist, otherwise as `apply` does.
        """
        stack = find_stack(self.aws.call, env.stack_name)
        if stack is None:
            raise InputError(f"stack {env.stack_name} does not exist. Create it with: {env.command('deploy')}")
        status = str(stack["StackStatus"])
        if not status.endswith("_IN_PROGRESS") or status in states.TO_BE_CREATED:
            return status
        events, known = current_operation(self.aws.call, stack["StackId"])
        for event in events:
            observer.on_event(event)
        goal = f"{events[0].status.partition('_')[0]}_COMPLETE" if events else "UPDATE_COMPLETE"
        if not (events and events[-1].is_stack and states.is_at_rest(events[-1].status)):
            self.finish(env, stack["StackId"], known, None, observer, goal, events)
        elif failure := states.failure(env, events, goal):  # it came to rest after its status was read
            raise failure
        return goal

    def recover(self, env: Environment, way: Recovery, observer: Observer) -> None:
        """Carry out a recovery. Raises as `apply` does."""
        self.check_account(env)
        for arn in way.change_sets:
            self.aws.call("delete_change_set", ChangeSetName=arn)
        if way.method:
            self.operate(env, way.stack_id, observer, way.goal, way.method, **way.request)

    def lift_protection(self, env: Environment, stack_id: str) -> None:
        """Turn off termination protection."""
        self.check_account(env)
        self.aws.call("update_termination_protection", StackName=stack_id, EnableTerminationProtection=False)

    def check_account(self, env: Environment) -> None:
        """Raise Refused if the credentials belong to an account that the target does not allow."""
        if env.target.accounts and (account := self.aws.account) not in env.target.accounts:
            allowed = ", ".join(env.target.accounts)
            raise Refused(f"the credentials belong to account {account}, but {env.name} may only be deployed to "
                          f"{allowed} (accounts in parameters/targets.toml): choose another AWS_PROFILE")

    def body(self, env: Environment, template: str) -> dict[str, str]:
        """Return the request parameter with the template, after uploading it if it is too large."""
        if not artifacts.is_too_large(template):
            return {"TemplateBody": template}
        return {"TemplateURL": artifacts.upload(self.aws, env, template)}

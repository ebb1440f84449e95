"""Apply a change set interactively: show, check, confirm, and watch it to completion."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from tap.cli import plan_view
from tap.cli.app import App, Stopped
from tap.cli.linting import in_background, linted
from tap.cli.recording import Recording
from tap.cli.terminal import ask
from tap.cli.watching import Watch
from tap.deploy import images, plan_text, states
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.durations import learned, usual
from tap.deploy.guard import Grade
from tap.deploy.models import ChangeSet, Environment, Outcome, StackEvent
from tap.deploy.pending import PendingChangeSet
from tap.deploy.plan import Plan
from tap.deploy.planning import creation_order
from tap.deploy.template import Rendered
from tap.deploy.wording import left_behind_line, number_of_changes

OUTCOMES = {Outcome.APPLIED: "Applied", Outcome.NO_CHANGES: "No changes", Outcome.PROTECTED: "Protection changed"}


@dataclass(frozen=True)
class Deployment:
    """A deployment's plan and its outcome."""

    outcome: Outcome
    plan: Plan | None = None  # None: there was nothing to change
    left_behind: tuple[StackEvent, ...] = ()  # deletions that failed although the update succeeded


def deploy_change_set(
        app: App, change_set: AbstractContextManager[PendingChangeSet], env: Environment, rendered: Rendered,
        out: Console, recording: Recording, *, yes: bool, before: Callable[[], None] = lambda: None) -> Deployment:
    """Show and check a change set, ask unless `yes`, call `before`, apply, watch, and return the deployment.

    Raises TapError, such as Stopped if the user declines or interrupts before anything is applied.
    """
    watch = Watch(out, app.clock, also=recording)
    try:
        with change_set as change, watch:
            if change.empty:
                app.answer.add(env.name, changes=[], verdict=str(Grade.SAFE))
                return Deployment(change.apply(watch))
            plan, history = change.review(), change.history()
            app.answer.add(env.name, **plan_text.as_json(plan))
            recording.planned(plan, history)
            out.print()
            out.print(plan_view.render_plan(plan))
            needs = creation_order(env, rendered.document)
            watch.expect(usual(change.content, learned(history)), needs)
            for line in filter(None, (recording.cost(), watch.estimate())):
                out.print(line, soft_wrap=True)
            plan.check()
            if not (yes or ask(f"Apply {_these(change.content)} to stack {env.stack_name}?")):
                raise Stopped(f"declined: stack {env.stack_name} is unchanged")
            before()
            outcome = change.apply(watch)
            left = tuple(states.left_behind(recording.events))
            for event in left:
                out.print(Text(f"warning: {left_behind_line(event)}", "yellow"), soft_wrap=True)
            return Deployment(outcome, plan, left)
    except KeyboardInterrupt as error:
        stopped = Stopped("interrupted before anything was applied")
        for note in getattr(error, "__notes__", ()):
            stopped.add_note(note)
        raise stopped from None


def mark_deployed(cloud: CloudFormation, image: str | None, out: Console) -> None:
    """Keep an image from expiring in its repository; print a warning if that fails, and deploy anyway."""
    if image and (problem := images.mark_deployed(cloud.aws, image)):
        out.print(Text(f"warning: image {image} cannot be tagged as deployed and may expire: {problem}", "yellow"),
                  soft_wrap=True)


def _these(change_set: ChangeSet) -> str:
    if len(change_set.changes) == 1:
        return "this change"
    return f"these {number_of_changes(change_set)}" if change_set.changes else "this"


def deploy_account_stack(app: App, cloud: CloudFormation, env: Environment, rendered: Rendered, out: Console, *,
                         yes: bool) -> Outcome:
    """Check and deploy a stack that belongs to an account, not an environment. Raises as `deploy_change_set`."""
    problems = in_background(lambda: app.lint(rendered, [cloud.aws.region]))
    out.print(f"Stack {env.stack_name} in {cloud.aws.endpoint}: creating a change set", soft_wrap=True)
    return deploy_change_set(app, linted(cloud, env, rendered, problems), env, rendered, out,
                             Recording(None, rendered), yes=yes).outcome

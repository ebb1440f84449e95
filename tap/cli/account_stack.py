"""Deploying a stack that belongs to an account and not to an environment: of the bootstrap, of the catalog."""

from typing import Any

from rich.console import Console

from tap.cli import plan_view
from tap.cli.session import Stopped, Wiring, ask
from tap.cli.watching import Watch
from tap.deploy.deploy import deploy
from tap.deploy.models import ChangeSet, Environment, LeftRunning, NeedsRecovery, Outcome, TapError
from tap.deploy.states import tap_command
from tap.deploy.template import Rendered


def deploy_account_stack(
        cloud: Any, env: Environment, rendered: Rendered, wiring: Wiring, out: Console, *, yes: bool) -> Outcome:
    """Check, plan, show, ask, apply and watch. Raises TapError, Stopped among them where it is declined."""
    def confirm(change_set: ChangeSet) -> bool:
        out.print(plan_view.whole(cloud.review(env, rendered, change_set)))
        return yes or ask(f"Apply this to stack {env.stack_name}?", out)

    cloud.check(env, rendered, lambda: wiring.lint(rendered))
    out.print(f"Stack {env.stack_name} in {cloud.place}: creating a change set", soft_wrap=True)
    try:
        with Watch(out, wiring.clock) as watch:
            outcome = deploy(env, rendered.text, cloud, confirm, watch)
    except (LeftRunning, NeedsRecovery) as error:
        raise _of_this_stack(error, env) from None
    except KeyboardInterrupt as error:
        stopped = Stopped("interrupted before anything was applied")
        for note in getattr(error, "__notes__", ()):
            stopped.add_note(note)
        raise stopped from None
    if outcome is Outcome.DECLINED:
        raise Stopped(f"declined: stack {env.stack_name} is as it was")
    return outcome


def _of_this_stack(error: TapError, env: Environment) -> TapError:
    """Return the error with next steps for this stack, where it has commands that take an environment alone."""
    look = f"aws cloudformation describe-stack-events --stack-name {env.stack_name}"
    for command in ("watch", "recover"):
        error = type(error)(error.message.replace(tap_command(command, env), look))
    return error

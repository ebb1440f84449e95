"""Prepare for a change set: wait for a busy stack, and delete one whose first creation failed."""

from collections.abc import Callable

from rich.console import Console

from tap.cli.app import App, Stopped
from tap.cli.applying import Deployment
from tap.cli.terminal import ask
from tap.cli.watching import Watch
from tap.deploy import stacks
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, FailedCreation, Refused
from tap.deploy.recovery import plan_recovery, remaining_data
from tap.deploy.wording import duration


def wait_for(cloud: CloudFormation, env: Environment, seconds: float, out: Console) -> None:
    """Wait up to `seconds` until a stack has no operation in progress; with 0, return immediately.

    Raises LeftRunning if the stack is still busy, Stopped if the user interrupts.
    """
    if not seconds:
        return
    cloud.check_account(env)
    try:
        stacks.wait_until_idle(cloud.aws, env, seconds, lambda status: out.print(
            f"Stack {env.stack_name} is busy ({status}): waiting up to {duration(seconds)}", soft_wrap=True))
    except KeyboardInterrupt:
        raise Stopped("interrupted before anything was applied") from None


def deploy_after_failed_creation(app: App, cloud: CloudFormation, env: Environment, out: Console,
                                 deploy: Callable[[], Deployment], *, yes: bool) -> Deployment:
    """Deploy; first delete a stack whose creation was rolled back, because it does not accept change sets.

    Raises what `deploy` does, Stopped if the user declines the deletion, and Refused if `yes` would delete resources
    that hold data.
    """
    try:
        return deploy()
    except FailedCreation:
        _delete(app, cloud, env, out, yes=yes)
    return deploy()


def _delete(app: App, cloud: CloudFormation, env: Environment, out: Console, *, yes: bool) -> None:
    out.print(f"Stack {env.stack_name} is ROLLBACK_COMPLETE: its first creation failed, and it can only be deleted.",
              soft_wrap=True)
    data = ", ".join(remaining_data(cloud.aws.call, env))
    if data:
        out.print(f"Its resources that hold data: {data}", style="bold red", soft_wrap=True)
        if yes:
            raise Refused(f"stack {env.stack_name} has resources that hold data, which --yes does not delete: {data}. "
                          f"Check them first, then run: {env.command('recover')}")
    if not (yes or ask(f"Delete stack {env.stack_name} and create it again?")):
        raise Stopped(f"declined: stack {env.stack_name} is unchanged")
    with Watch(out, app.clock) as watch:
        cloud.recover(env, plan_recovery(cloud.aws.call, env), watch)

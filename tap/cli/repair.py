"""Commands that end a stack or get it unstuck: recover and delete. Both say first what they would do."""


import click
from rich.text import Text

from tap.cli.app import EXIT_CODES, Project, Stopped
from tap.cli.options import env_argument, names, takes_project, wait_option, yes_option
from tap.cli.ready import wait_for
from tap.cli.terminal import ask, console
from tap.cli.watching import Watch
from tap.deploy.deletion import Deletion, plan_deletion
from tap.deploy.models import Refused
from tap.deploy.recovery import plan_recovery


@click.command("recover", epilog=EXIT_CODES)
@env_argument
@click.option("--skip", metavar="NAME[,NAME]", multiple=True,
              help="Leave this resource as it is: a rollback passes it over, a deletion leaves it behind.")
@yes_option
@wait_option
@takes_project
def recover_command(project: Project, environment: str, skip: tuple[str, ...], yes: bool, wait: int) -> int:
    """Get the stack of ENV out of a state that it is stuck in.

    Says what it would do, asks, does it.
    """
    env = project.target(environment)
    cloud = project.cloud(env)
    out = console()
    wait_for(cloud, env, wait, out)
    way = plan_recovery(cloud.aws.call, env, names(skip))
    for line in way.lines:
        out.print(line, soft_wrap=True)
    if not (way.method or way.change_sets):
        return 0
    if not (yes or ask("Do that?")):
        raise Stopped(f"declined: stack {env.stack_name} is as it was")
    with Watch(out, project.app.clock) as watch:
        cloud.recover(env, way, watch)
    after = f"stack {env.stack_name} is gone" if way.goal == "DELETE_COMPLETE" else f"stack {env.stack_name} is at rest"
    out.print(f"Done: {after}. To go on: {env.command('deploy')}", soft_wrap=True)
    return 0


@click.command("delete", epilog=EXIT_CODES)
@env_argument
@click.option("--lift-protection", metavar="STACK",
              help="Turn termination protection off first; the stack's name says that you mean it.")
@yes_option
@wait_option
@takes_project
def delete_command(project: Project, environment: str, lift_protection: str | None, yes: bool,
                   wait: int) -> int:
    """Delete the stack of ENV.

    Says what goes, what stays and what goes on costing, asks, does it.
    """
    env = project.target(environment)
    cloud = project.cloud(env)
    out = console()
    wait_for(cloud, env, wait, out)
    plan = plan_deletion(cloud.aws, env)
    if plan is None:
        out.print(f"There is no stack {env.stack_name}.")
        return 0
    for line in _lines(plan):
        out.print(line, soft_wrap=True)
    if plan.protected and lift_protection != env.stack_name:
        raise Refused(f"stack {env.stack_name} is protected against deletion; to lift that: "
                      f"--lift-protection {env.stack_name}")
    if plan.blocks:
        raise Refused(f"stack {env.stack_name} would not be deleted: {'; '.join(plan.blocks)}")
    if not (yes or ask(f"Delete stack {env.stack_name}?")):
        raise Stopped(f"declined: stack {env.stack_name} is as it was")
    if plan.protected:
        cloud.lift_protection(env, plan.stack_id)
    with Watch(out, project.app.clock) as watch:
        cloud.delete(env, watch)
    out.print(f"Deleted: stack {env.stack_name} is gone.", soft_wrap=True)
    return 0


def _lines(plan: Deletion) -> list[Text]:
    parts = (("warning", plan.warnings, "yellow"), ("is lost for good", plan.lost, "bold red"),
             ("is deleted after a last snapshot", plan.snapshot, "yellow"),
             ("is emptied first, in all versions", plan.emptied, "red"),
             ("stays in the account", plan.kept, "green"), ("goes on costing", plan.costs, "yellow"),
             ("stands in the way", plan.blocks, "bold red"))
    lines = [Text.assemble((f"{what}: ", style), ", ".join(names)) for what, names, style in parts if names]
    rest = "1 more is deleted" if len(plan.goes) == 1 else f"{len(plan.goes)} more are deleted"
    return [*lines, Text(rest)] if plan.goes else lines

"""`tap recover` and `tap delete`: repair or delete a stack. Both first show what they will do."""


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
from tap.deploy.wording import counted


@click.command("recover", epilog=EXIT_CODES)
@env_argument
@click.option("--skip", metavar="NAME[,NAME]", multiple=True,
              help="Skip this resource in a rollback, or retain it in a deletion.")
@yes_option
@wait_option
@takes_project
def recover_command(project: Project, environment: str, skip: tuple[str, ...], yes: bool, wait: int) -> int:
    """Recover ENV's stack from a failed or stuck state.

    Shows what it will do and asks for confirmation.
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
    if not (yes or ask("Proceed?")):
        raise Stopped(f"declined: stack {env.stack_name} is unchanged")
    with Watch(out, project.app.clock) as watch:
        cloud.recover(env, way, watch)
    after = "deleted" if way.goal == "DELETE_COMPLETE" else "stable"
    out.print(f"Done: stack {env.stack_name} is {after}. Next, run: {env.command('deploy')}", soft_wrap=True)
    return 0


@click.command("delete", epilog=EXIT_CODES)
@env_argument
@click.option("--lift-protection", metavar="STACK",
              help="Turn off termination protection first; confirm with the stack's name.")
@yes_option
@wait_option
@takes_project
def delete_command(project: Project, environment: str, lift_protection: str | None, yes: bool,
                   wait: int) -> int:
    """Delete ENV's stack.

    Shows what is deleted, what stays and what keeps costing, and asks for confirmation.
    """
    env = project.target(environment)
    cloud = project.cloud(env)
    out = console()
    wait_for(cloud, env, wait, out)
    plan = plan_deletion(cloud.aws, env)
    if plan is None:
        out.print(f"Stack {env.stack_name} does not exist.")
        return 0
    for line in _lines(plan):
        out.print(line, soft_wrap=True)
    if plan.protected and lift_protection != env.stack_name:
        raise Refused(f"stack {env.stack_name} has termination protection. To turn it off: --lift-protection "
                      f"{env.stack_name}")
    if plan.blocks:
        raise Refused(f"stack {env.stack_name} cannot be deleted: {'; '.join(plan.blocks)}")
    if not (yes or ask(f"Delete stack {env.stack_name}?")):
        raise Stopped(f"declined: stack {env.stack_name} is unchanged")
    if plan.protected:
        cloud.lift_protection(env, plan.stack_id)
    with Watch(out, project.app.clock) as watch:
        cloud.delete(env, watch)
    out.print(f"Deleted: stack {env.stack_name}.", soft_wrap=True)
    return 0


def _lines(plan: Deletion) -> list[Text]:
    parts = (("warning", plan.warnings, "yellow"), ("permanently deleted", plan.lost, "bold red"),
             ("deleted after a final snapshot", plan.snapshot, "yellow"),
             ("emptied first, including all versions", plan.emptied, "red"),
             ("kept in the account", plan.kept, "green"), ("keeps costing", plan.costs, "yellow"),
             ("blocks the deletion", plan.blocks, "bold red"))
    lines = [Text.assemble((f"{what}: ", style), ", ".join(names)) for what, names, style in parts if names]
    rest = f"also deleted: {counted(len(plan.goes), 'other resource')}"
    return [*lines, Text(rest)] if plan.goes else lines

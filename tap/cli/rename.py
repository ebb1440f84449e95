"""`tap rename`: give deployed resources new logical ids, without replacing the resources."""


import click

from tap.cli import plan_view
from tap.cli.app import EXIT_CODES, Project, Stopped
from tap.cli.options import env_argument, pairs, takes_project, yes_option
from tap.cli.terminal import ask, console
from tap.deploy.refactor import create_refactor, execute_refactor


@click.command("rename", epilog=EXIT_CODES)
@env_argument
@click.argument("renames", metavar="OLD=NEW...", nargs=-1, required=True)
@yes_option
@takes_project
def rename_command(project: Project, environment: str, renames: tuple[str, ...], yes: bool) -> int:
    """Rename resources in ENV's stack without replacing them.

    An update would create the resource under its new logical id before deleting the old one, which fails if a property
    must be unique. This command uses a CloudFormation stack refactor, which changes only the stack's template. Make the
    same change in the template; tap plan then shows no change. A stack refactor uses no service role: run it as an
    administrator.
    """
    names = pairs(renames, "a rename is OLD=NEW", f"tap rename {environment} Vpc=Network")
    env = project.target(environment)
    cloud = project.cloud(env)
    out = console()
    plan = create_refactor(cloud, env, names)
    out.print(plan_view.render_plan(plan))
    if not (yes or ask(f"Rename in stack {env.stack_name}?")):
        raise Stopped(f"declined: stack {env.stack_name} is unchanged")
    execute_refactor(cloud, env, plan.change_set.id)
    out.print(f"Renamed. Compare with the template: {env.command('plan')}", soft_wrap=True)
    return 0

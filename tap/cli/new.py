"""`tap new`: create the files of a new environment."""


import click

from tap.cli.app import EXIT_CODES, Project
from tap.cli.options import environments, takes_root
from tap.cli.terminal import console
from tap.deploy.new import create_environment


@click.command("new", epilog=EXIT_CODES)
@click.argument("environment", metavar="ENV")
@click.option("--like", metavar="ENV", required=True, shell_complete=environments,
              help="Environment to copy parameters and target from.")
@takes_root
def new_command(project: Project, environment: str, like: str) -> int:
    """Create a new environment ENV from an existing one.

    Writes parameters/ENV.json and the table [ENV] of parameters/targets.toml. Creates nothing in AWS. Fails if ENV
    exists.
    """
    out = console()
    for line in create_environment(environment, like, project.root, project.app.template().document):
        out.print(f"Written: {line}", soft_wrap=True)
    out.print(f"Next, edit the values that {environment} must not share with {like}, such as domain, certificate and "
              f"account. Then run: tap plan {environment}", soft_wrap=True)
    return 0

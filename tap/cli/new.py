"""`tap new`: the files of another environment."""


import click

from tap.cli.app import EXIT_CODES, Project
from tap.cli.options import environments, takes_root
from tap.cli.terminal import console
from tap.deploy.new import create_environment


@click.command("new", epilog=EXIT_CODES)
@click.argument("environment", metavar="ENV")
@click.option("--like", metavar="ENV", required=True, shell_complete=environments,
              help="Copy the parameters and the target of this environment.")
@takes_root
def new_command(project: Project, environment: str, like: str) -> int:
    """Create the files of environment ENV, as copies of another's.

    Writes parameters/ENV.json and the table [ENV] of parameters/targets.toml. Creates nothing in AWS, and refuses an
    environment that exists.
    """
    out = console()
    for line in create_environment(environment, like, project.root, project.app.template().document):
        out.print(f"Written: {line}", soft_wrap=True)
    out.print(f"Edit what {environment} must not share with {like}, such as its domain and certificate, and the "
              f"account in its target. Then: tap plan {environment}", soft_wrap=True)
    return 0

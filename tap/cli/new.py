"""`tap new`: the files of another environment."""

from pathlib import Path

import click

from tap.cli.session import EXIT_CODES, Wiring, console, environments, root_option
from tap.deploy.new import create_environment


@click.command("new", epilog=EXIT_CODES)
@click.argument("environment", metavar="ENV")
@click.option("--like", metavar="ENV", required=True, shell_complete=environments,
              help="Copy the parameters and the target of this environment.")
@root_option
@click.pass_obj
def new_command(wiring: Wiring, environment: str, like: str, root: Path) -> int:
    """Create the files of environment ENV, as copies of another's.

    Writes parameters/ENV.json and the table [ENV] of parameters/targets.toml. Creates nothing in AWS, and refuses an
    environment that exists.
    """
    out = console()
    for line in create_environment(environment, like, root, wiring.template().document):
        out.print(f"Written: {line}", soft_wrap=True)
    out.print(f"Edit what {environment} must not share with {like}, such as its domain and certificate, and the "
              f"account in its target. Then: tap plan {environment}", soft_wrap=True)
    return 0

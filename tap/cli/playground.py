"""`tap rehearse` and `tap playground`: run tap against the emulator, or use it manually."""

import shlex
from collections.abc import Mapping

import click

from tap.cli.app import App, Project
from tap.cli.options import env_argument, region_option, takes_root
from tap.cli.terminal import console


@click.command("rehearse")
@env_argument
@click.option("--keep", "stays", is_flag=True,
              help="Keep stack and emulator running until Ctrl-C, for manual use.")
@takes_root
def rehearse_command(project: Project, environment: str, stays: bool) -> int:
    """Deploy ENV to a local AWS emulator and check the result.

    Then deploys again, changes a parameter and deletes the stack, unless --keep is given. Requires the extra
    `rehearse`, but no AWS account. Exits with 1 if a check fails.
    """
    by_hand = (lambda settings: _until_interrupted(project.app, settings)) if stays else None
    return 0 if project.app.rehearse(environment, project.root, console(), by_hand) else 1


@click.command("playground")
@region_option
@click.pass_obj
def playground_command(app: App, region: str | None) -> int:
    """Start an empty local AWS emulator for tap and the AWS CLI.

    Prints the environment variables to use it, and runs until Ctrl-C. Nothing is kept. Requires the extra `rehearse`.
    """
    app.playground(region, lambda settings: _until_interrupted(app, settings))
    return 0


def _until_interrupted(app: App, settings: Mapping[str, str]) -> None:
    """Print settings for a shell, and wait until the user interrupts."""
    # The only standard output, for `eval`; profiles and tokens would take precedence or point elsewhere.
    click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in settings.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    for line in ("Run these lines in another shell: tap and the AWS CLI use the emulator there.",
                 "tap bootstrap writes into parameters/: use a copy of the project, or restore the files afterwards.",
                 "Ctrl-C stops the emulator and removes everything in it."):
        click.echo(line, err=True)
    try:
        app.wait()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)

"""`tap logs`: print the logs of the containers and the validation function."""

from datetime import UTC, datetime

import click

from tap.cli.app import EXIT_CODES, Project
from tap.cli.options import env_argument, seconds, takes_project
from tap.cli.terminal import report
from tap.deploy import logs
from tap.deploy.deployed import physical_ids
from tap.deploy.models import InputError


@click.command("logs", epilog=EXIT_CODES)
@env_argument
@click.option("--follow", is_flag=True, help="Keep printing new events until Ctrl-C.")
@click.option("--since", default="10m", show_default=True, callback=seconds, help="How far back to start.")
@click.option("--filter", "pattern", metavar="PATTERN", default="",
              help="Print only events that match this CloudWatch Logs filter pattern.")
@click.option("--function", is_flag=True, help="Print the validation function's log instead of the containers'.")
@takes_project
def logs_command(project: Project, environment: str, follow: bool, since: int, pattern: str, function: bool) -> int:
    """Print the logs of ENV's containers, oldest first."""
    env = project.target(environment)
    aws = project.cloud(env).aws
    title = logs.GROUPS["function" if function else "containers"]
    group = physical_ids(aws.call, env).get(title)
    if group is None:
        raise InputError(f"stack {env.stack_name} has no {title}")
    out = report()
    start = int((project.app.now() - since) * 1000)
    for line in (logs.follow if follow else logs.read)(aws, group, start, pattern):
        moment = datetime.fromtimestamp(line.milliseconds / 1000, UTC)
        out.print(f"{moment:%Y-%m-%dT%H:%M:%SZ}  {line.stream.rpartition('/')[2]}  {line.message}", soft_wrap=True)
    return 0

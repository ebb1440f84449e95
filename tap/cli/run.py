"""`tap run`: run a command in a separate task."""

import click

from tap.cli.app import INTERRUPTED, Project
from tap.cli.options import env_argument, takes_project
from tap.cli.terminal import ask, console
from tap.deploy import run
from tap.deploy.models import LeftRunning

_EXIT_CODES = """\b
Exit codes: the command's own once it has run, and otherwise
  1  failed: AWS refused a request, or the container never ran
  2  usage or bad input: nothing was started
  5  left running: the task is still running
  130  interrupted; the task is stopped
"""


@click.command("run", epilog=_EXIT_CODES)
@env_argument
@click.argument("command", nargs=-1, required=True)
@takes_project
def run_command(project: Project, environment: str, command: tuple[str, ...]) -> int:
    """Run COMMAND in a separate task of ENV's application.

    The task has the image, variables, network and roles of the service's tasks, and runs on demand. Prints its log and
    exits with its exit code. Put -- before the command: tap run dev -- python migrate.py
    """
    env = project.target(environment)
    cloud = project.cloud(env)
    cloud.check_account(env)
    task = run.start(cloud.aws, env, command)
    out, progress = console(), console(stderr=True)
    progress.print(f"Task {task.arn.rpartition('/')[2]} starts", soft_wrap=True)
    try:
        return run.follow(cloud.aws, task, lambda line: out.print(line, soft_wrap=True))
    except KeyboardInterrupt:
        if not ask("Stop the task?"):
            raise LeftRunning(f"task {task.arn} is still running. Stop it with: aws ecs stop-task --cluster "
                              f"{task.cluster} --task {task.arn}") from None
    run.stop(cloud.aws, task)
    progress.print("The task is being stopped.")
    return INTERRUPTED

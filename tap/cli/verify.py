"""`tap verify`: check a deployed environment."""

from collections.abc import Sequence
from pathlib import Path

import click

from tap.cli.app import EXIT_CODES, Project
from tap.cli.options import env_argument, json_option, takes_project
from tap.cli.terminal import console, report
from tap.deploy.models import Environment, InputError
from tap.deploy.output import write
from tap.rehearsal.checks import Check
from tap.rehearsal.junit import junit

FAILED = 7


@click.command("verify", epilog=EXIT_CODES)
@env_argument
@json_option
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the results as a JUnit XML file, for CI.")
@takes_project
def verify_command(project: Project, environment: str, as_json: bool, junit_file: Path | None) -> int:
    """Check ENV's deployed stack through AWS APIs and from outside.

    Changes nothing. Requires read access to the stack's resources, such as the AWS managed policy ReadOnlyAccess, and
    lambda:InvokeFunction on the validation function. Exits with 7 if a check fails.
    """
    if junit_file and not junit_file.parent.is_dir():
        raise InputError(f"{junit_file.parent} is not a directory: --junit takes a file in one that exists")
    env, began = project.target(environment), project.app.clock()
    progress = console(stderr=True)

    def say(text: str) -> None:
        progress.print(f"{project.app.clock() - began:5.1f} s  checking: {text}", soft_wrap=True)

    checks = project.app.verify(project.cloud(env), env, say)
    if junit_file:
        write(junit_file, junit(env.stack_name, checks))
    if as_json:
        project.app.answer.add(checks=[
            {"name": check.name, "result": check.result, "seen": check.seen, "expected": check.expected,
             "reason": check.skipped} for check in checks])
    else:
        _print(env, checks)
    return 0 if all(check.ok for check in checks) else FAILED


def _print(env: Environment, checks: Sequence[Check]) -> None:
    from tap.cli.rehearsal_view import check_table  # slow to import, and `tap --help` does not need it

    out = report()
    out.print(check_table(checks))
    count = {word: sum(check.result == word for check in checks) for word in ("ok", "differs", "skipped")}
    out.print(f"{env.name}: {count['ok']} checks ok, {count['differs']} failed, {count['skipped']} skipped.")

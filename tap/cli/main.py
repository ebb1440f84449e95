"""The `tap` command line: its group, exit codes, and error output."""

import io
import itertools
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from tap import __version__
from tap.cli.answer import Answer
from tap.cli.app import INTERRUPTED, App
from tap.cli.bootstrap import bootstrap_command
from tap.cli.catalog import catalog_group
from tap.cli.cost import cost_command
from tap.cli.deploy import deploy_command
from tap.cli.fleet import fleet_group
from tap.cli.imports import import_command
from tap.cli.logs import logs_command
from tap.cli.new import new_command
from tap.cli.picture import dashboard_command, diagram_command
from tap.cli.plan import plan_command
from tap.cli.playground import playground_command, rehearse_command
from tap.cli.publish import publish_command
from tap.cli.release import release_command
from tap.cli.rename import rename_command
from tap.cli.repair import delete_command, recover_command
from tap.cli.run import run_command
from tap.cli.stack import (
    diff_command,
    doctor_command,
    drift_command,
    events_command,
    outputs_command,
    status_command,
    watch_command,
)
from tap.cli.terminal import complain, discard_stdout, if_it_can_be_told, masked, tell
from tap.cli.verify import verify_command
from tap.deploy.models import TapError


def main(argv: Sequence[str] | None = None, app: App | None = None) -> int:
    """Run one command and return its exit code; print expected errors on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = list(itertools.takewhile(lambda argument: argument != "--", arguments))
    app = replace(app or App(), answer=Answer(wanted="--json" in options))
    _end_by_signal()
    with click.Context(tap, obj=app):  # output after the command is masked like its own
        code = _run(arguments, app.answer, app)
        if code and code != INTERRUPTED and app.answer.failed and "--detailed-exitcode" in options:
            code = 1  # exit code 2 means that there are changes
        return _printed(app.answer, code)


def _run(arguments: Sequence[str], answer: Answer, app: App) -> int:
    try:
        return int(tap.main(arguments, prog_name="tap", standalone_mode=False, obj=app) or 0)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        with if_it_can_be_told():
            click.echo(masked(text.getvalue()), nl=False, err=True)
        return answer.fail(error.exit_code, error.format_message())
    except TapError as error:
        tell(error)
        return answer.fail(error.exit_code, error.message, getattr(error, "__notes__", ()))
    except (KeyboardInterrupt, click.Abort) as error:
        # click raises Abort from Ctrl-C; the notes are on its cause.
        notes = getattr(error.__cause__ or error, "__notes__", ())
        for line in ("interrupted", *notes):
            complain(line)
        return answer.fail(INTERRUPTED, "interrupted", notes)
    except BrokenPipeError:
        discard_stdout()
        return 1
    except OSError as error:
        # Errors of files are handled where they occur: this one is standard output's.
        message = f"{error.filename or 'standard output'}: {error.strerror}"
        complain(message)
        if not error.filename:
            discard_stdout()
        return answer.fail(1, message)
    except Exception as error:  # a bug in tap: print a traceback, and the document that a caller expects
        answer.fail(1, f"unexpected {type(error).__name__}: {error}")
        _printed(answer, 1)
        _mask(error)
        raise


def _mask(error: BaseException | None) -> None:
    """Mask secrets in a traceback, including those of earlier errors."""
    seen: set[int] = set()
    while error and id(error) not in seen:  # an error can be its own cause
        seen.add(id(error))
        error.args = tuple(masked(argument) if isinstance(argument, str) else argument for argument in error.args)
        error = error.__cause__ or error.__context__


def _printed(answer: Answer, code: int) -> int:
    """Print the JSON document of a run that ended with `code`; return `code`, or 1 if printing fails."""
    try:
        if document := answer.text(code):
            click.echo(document)
    except BrokenPipeError:
        discard_stdout()
        return 1
    except OSError as error:
        complain(f"standard output: {error.strerror}")
        discard_stdout()
        return 1
    return code


def _end_by_signal() -> None:
    """Handle SIGTERM like Ctrl-C: tell the user that CloudFormation continues the operation, and stop."""
    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def tap() -> None:
    """Deploy the TAP stack through change sets that you review first."""


for command in (rehearse_command, playground_command, plan_command, deploy_command, watch_command, status_command,
                outputs_command, events_command, drift_command, diff_command, doctor_command, recover_command,
                import_command, rename_command, delete_command, diagram_command, dashboard_command, cost_command,
                bootstrap_command, catalog_group, publish_command, fleet_group, new_command, logs_command,
                release_command, run_command, verify_command):
    tap.add_command(command)

"""The command line: `tap deploy` and `tap rehearse`."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console

from tap.deploy import progress
from tap.deploy.deploy import deploy
from tap.deploy.models import ChangeSet, Cloud, Environment, InputError, Outcome, StackEvent, TapError
from tap.deploy.parameters import load_environment
from tap.deploy.template import Rendered, rendered_template

DECLINED = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

_EXIT_CODES = """\b
Exit codes:
  0  applied, or nothing to do
  1  failed: CloudFormation rolled the stack back, or AWS refused a request
  2  usage or bad input: nothing was changed
  3  declined, or interrupted before anything was applied
  4  refused by a guard or a target (reserved)
  5  left running: CloudFormation is still at work on the stack
  6  the stack is stuck and needs recovery first
  130  interrupted otherwise
"""


class Output(Console):
    """Standard output; when its reader goes away, the work goes on in silence."""

    def on_broken_pipe(self) -> None:
        """Stop writing, without ending the deployment that is being watched."""
        self.quiet = True
        _discard_stdout()


def _aws(env: Environment) -> Cloud:
    # boto3 is slow to import, and `tap --help` does not need it.
    from tap.deploy.cloudformation import CloudFormation, connect

    return CloudFormation(connect("cloudformation", region=env.region))


def _rehearse(name: str, root: Path, console: Console) -> bool:
    from tap.rehearsal.run import rehearse

    return rehearse(name, root, console)


@dataclass(frozen=True)
class Wiring:
    """What the commands take from outside themselves."""

    template: Callable[[], Rendered] = rendered_template
    cloud: Callable[[Environment], Cloud] = _aws
    rehearse: Callable[[str, Path, Console], bool] = _rehearse
    clock: Callable[[], float] = time.monotonic


def main(argv: Sequence[str] | None = None, wiring: Wiring | None = None) -> int:
    """Run one command and return its exit code; expected errors are lines on standard error."""
    try:
        code = tap.main(argv, prog_name="tap", standalone_mode=False, obj=wiring or Wiring())
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except TapError as error:
        for line in (error.message, *getattr(error, "__notes__", ())):
            click.echo(f"tap: {line}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("tap: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _discard_stdout()
        return 1
    return int(code or 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tap", message="%(prog)s %(version)s")
def tap() -> None:
    """Deploy the TAP stack, one environment at a time, through change sets."""


root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="The project's directory, where parameters/ is; otherwise the current one.",
)


@tap.command("deploy", epilog=_EXIT_CODES)
@click.argument("environment", metavar="ENV")
@click.option("--yes", is_flag=True, help="Apply the changes without asking.")
@click.option(
    "--parameter",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Take this value instead of the file's; may be given several times.",
)
@click.option("--region", help="Deploy to this region instead of the one of targets.toml.")
@root_option
@click.pass_obj
def deploy_command(
    wiring: Wiring, environment: str, yes: bool, overrides: tuple[str, ...], region: str | None, root: Path
) -> int:
    """Bring the stack of environment ENV to what the template and parameters/ENV.json say.

    Creates a change set, shows it, asks, executes it, and follows the stack until it is at rest.
    """
    console = Output(highlight=False, markup=False)
    started = wiring.clock()
    rendered = wiring.template()
    env = load_environment(environment, root, rendered.document, overrides=_overrides(overrides))
    if region:
        env = replace(env, region=region)
    cloud = wiring.cloud(env)
    console.print(
        f"Stack {env.stack_name} ({env.name}) in {cloud.place}: creating a change set", soft_wrap=True
    )

    def confirm(plan: ChangeSet) -> bool:
        console.print()
        if plan.changes:
            console.print(progress.change_table(plan))
        console.print(f"\n{progress.summary(plan)}.", soft_wrap=True)
        return yes or _ask(f"Apply {_these(plan)} to stack {env.stack_name}?", console)

    def on_event(event: StackEvent) -> None:
        console.print(progress.event_line(event), soft_wrap=True)

    try:
        outcome = deploy(env, rendered.text, cloud, confirm, on_event)
    except KeyboardInterrupt:
        raise _Stopped("interrupted before anything was applied") from None
    if outcome is Outcome.DECLINED:
        raise _Stopped(f"declined: stack {env.stack_name} is as it was")
    outputs = cloud.outputs(env)
    if outputs:
        console.print("\nOutputs", style="bold")
        console.print(progress.output_lines(outputs), soft_wrap=True)
    took = progress.duration(wiring.clock() - started)
    done = "No changes" if outcome is Outcome.NO_CHANGES else "Applied"
    console.print(f"\n{done}: stack {env.stack_name} is up to date ({took}).", soft_wrap=True)
    return 0


@tap.command("rehearse")
@click.argument("environment", metavar="ENV")
@root_option
@click.pass_obj
def rehearse_command(wiring: Wiring, environment: str, root: Path) -> int:
    """Deploy environment ENV into an embedded AWS emulator, look at what came up, and delete it.

    Needs no AWS account, and the extra `rehearse`. Exits with 1 if anything differs from what it should be.
    """
    try:
        passed = wiring.rehearse(environment, root, Output(highlight=False, markup=False))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ministack":
            raise
        raise InputError("the rehearsal needs the emulator: pip install 'tap[rehearse]'") from None
    return 0 if passed else 1


class _Stopped(TapError):
    """The user did not want it."""

    exit_code = DECLINED


def _ask(question: str, console: Console) -> bool:
    try:
        agreed = click.confirm(question, default=False, prompt_suffix=" ")
    except (click.Abort, BrokenPipeError):  # no answer: end of input, Ctrl-C, or nobody to read the question
        agreed = False
    if not sys.stdin.isatty():
        console.print()
    return agreed


def _these(plan: ChangeSet) -> str:
    if len(plan.changes) == 1:
        return "this change"
    return f"these {progress.number_of_changes(plan)}" if plan.changes else "this"


def _overrides(pairs: tuple[str, ...]) -> dict[str, str]:
    result = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            # The text may be a secret that lost its name.
            raise click.UsageError("--parameter takes KEY=VALUE, as in --parameter DesiredCount=2")
        result[key] = value
    return result


def _discard_stdout() -> None:
    # What is still buffered must go somewhere, or the interpreter complains when it ends.
    # https://docs.python.org/3/library/signal.html#note-on-sigpipe
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    os.close(devnull)

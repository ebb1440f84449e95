"""What every command shares: what it takes from outside, its options, its questions, its output."""

import contextlib
import errno
import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from tap.deploy import models
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.files import legible
from tap.deploy.models import Environment, InputError, TapError
from tap.deploy.parameters import load_environment, load_target
from tap.deploy.tables import REGION
from tap.deploy.template import Rendered, rendered_template

DECLINED = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

EXIT_CODES = """\b
Exit codes:
  0  applied, or nothing to do
  1  failed: CloudFormation rolled the stack back, or AWS refused a request
  2  usage or bad input: nothing was changed
  3  declined, or interrupted before anything was applied
  4  refused by the guard or the target: nothing was changed
  5  left running: CloudFormation is still at work on the stack
  6  the stack is stuck: tap recover ENV
  130  interrupted otherwise
"""


class Report(Console):
    """Standard output of what a command is there to print: where that cannot be, the command has failed."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as rich does; control characters of others do nothing to the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=_legible_lines(segment.text))

    def on_broken_pipe(self) -> None:
        """Let `main` end the command."""
        raise BrokenPipeError


class Output(Report):
    """Where work is told that changes AWS; when its reader goes away, or the disk is full, the work goes on."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            where = "error" if self.stderr else "output"
            complain(f"standard {where} cannot be written: {error.strerror}; the work goes on")
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Stop writing, without ending the deployment that is being watched."""
        self.quiet = True
        _discard(sys.stderr if self.stderr else sys.stdout)


class Stopped(TapError):
    """The user did not want it."""

    exit_code = DECLINED


class Aws:
    """Opens CloudFormation for an environment, with clients that all environments of a region share."""

    def __init__(self) -> None:
        """Import nothing yet: boto3 is slow to import, and `tap --help` does not need it."""
        self._connections: Any = None
        self._lock = threading.Lock()
        self.stop = threading.Event()  # set, every wait ends as if interrupted

    def __call__(self, env: Environment) -> CloudFormation:
        """Return the CloudFormation of the environment's region. Raises InputError."""
        from tap.deploy.boto import connections  # slow to import, and `tap --help` does not need it

        with self._lock:
            self._connections = self._connections or connections()
        return CloudFormation(AwsClient(lambda service: self._connections(env.target.region, service), self._sleep))

    def _sleep(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise KeyboardInterrupt


def _rehearse(name: str, root: Path, console: Console) -> bool:
    from tap.cli.rehearsal_view import RehearsalView
    from tap.rehearsal.run import rehearse

    return rehearse(name, root, RehearsalView(console))


def _lint(template: Rendered) -> list[str]:
    """Return cfn-lint's errors, a line each; none where cfn-lint is not installed, which is said."""
    try:
        from tap.lint.validators import cfn_lint

        found = cfn_lint(template.text, {})
    except (ImportError, InputError):
        click.echo("tap: not linted: cfn-lint is not installed (pip install -e '.[lint]')", err=True)
        return []
    return [f"cfn-lint {each.rule} {each.place}: {each.message}" for each in found if each.severity == "error"]


@dataclass(frozen=True)
class Wiring:
    """What the commands take from outside themselves."""

    template: Callable[[], Rendered] = rendered_template
    bootstrap: Callable[[], Rendered] = lambda: rendered_template("bootstrap")
    cloud: Callable[[Environment], CloudFormation] = field(default_factory=Aws)
    rehearse: Callable[[str, Path, Console], bool] = _rehearse
    lint: Callable[[Rendered], list[str]] = _lint
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    def stop(self) -> None:
        """Let every thread that waits end as if interrupted."""
        if isinstance(self.cloud, Aws):
            self.cloud.stop.set()


@dataclass(frozen=True)
class Options:
    """What is given on the command line beside the environments."""

    root: Path
    region: str | None = None
    overrides: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()

    def load(self, wiring: Wiring, name: str, document: Mapping[str, Any]) -> Environment:
        """Return an environment, checked. Raises InputError."""
        return self.placed(load_environment(
            name, self.root, document, overrides=pairs(self.overrides),
            previous=lambda env: wiring.cloud(self.placed(env)).previous(self.placed(env))))

    def target(self, name: str) -> Environment:
        """Return where an environment is, without its parameters. Raises InputError."""
        return self.placed(load_target(name, self.root))

    def placed(self, env: Environment) -> Environment:
        """Return an environment with what the command line says of it."""
        text = "".join([f" --region {shlex.quote(self.region)}" if self.region else "",
                           f" --root {shlex.quote(str(self.root))}" if self.root != Path() else ""])
        return replace(env, target=replace(env.target, region=self.region or env.target.region),
                       options=models.Options(names(self.approve), text))


root_option = click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".",
    help="The project's directory, where parameters/ is; otherwise the current one.")


def _region(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None or re.fullmatch(REGION, value):
        return value
    raise click.BadParameter(f"{legible(value)} is no region, such as eu-central-1")


region_option = click.option("--region", callback=_region, help="Use this region instead of the one of targets.toml.")
parameter_option = click.option(
    "--parameter", "overrides", metavar="KEY=VALUE", multiple=True,
    help="Take this value instead of the file's; may be given several times.")
yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
html_option = click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a page for reviewers: verdicts, changes, timeline, cost.")


def environments(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the environments that begin with what is typed, for shell completion."""
    folder = Path("parameters")
    return sorted(path.stem for path in folder.glob("*.json") if path.stem.startswith(incomplete))


env_argument = click.argument("environment", metavar="ENV", shell_complete=environments)
envs_argument = click.argument("names", metavar="ENV...", nargs=-1, required=True, shell_complete=environments)


def pairs(given: tuple[str, ...], form: str = "--parameter takes KEY=VALUE",
          example: str = "--parameter MinTasks=2") -> dict[str, str]:
    """Return KEY=VALUE texts as a dictionary. Raises UsageError, with the form that is asked for and an example."""
    result = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            # The text may be a secret that lost its name.
            raise click.UsageError(f"{form}, as in {example}")
        result[key] = value
    return result


def names(values: tuple[str, ...]) -> frozenset[str]:
    """Return the names of an option that takes NAME[,NAME], and may be given several times."""
    return frozenset(name.strip() for value in values for name in value.split(",") if name.strip())


def console(*, stderr: bool = False) -> Output:
    """Return standard output as rich writes to it: no colour where there is no terminal, nor with NO_COLOR."""
    return Output(stderr=stderr, highlight=False, markup=False)


def report() -> Report:
    """Return standard output for a command that only tells: what cannot be written ends it. Raises OSError."""
    if sys.stdout is None:  # what Python makes of a closed one
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return Report(highlight=False, markup=False)


def ask(question: str, console: Console) -> bool:
    """Return whether the user agrees; no answer is no."""
    try:
        agreed = click.confirm(question, default=False, prompt_suffix=" ")
    except (click.Abort, BrokenPipeError, RuntimeError):
        # No answer: end of input, Ctrl-C, nobody to read the question, or no standard input at all.
        agreed = False
    if sys.stdin is None or not sys.stdin.isatty():
        console.print()
    return agreed


def tell(error: TapError) -> None:
    """Print an error and what is noted on it, on standard error."""
    for line in (error.message, *getattr(error, "__notes__", ())):
        complain(line)


def complain(line: str) -> None:
    """Print a line on standard error, if that can be; control characters of others do nothing to the terminal."""
    with if_it_can_be_told():
        click.echo(f"tap: {_legible_lines(line)}", err=True)


def _legible_lines(text: str) -> str:
    return "\n".join(map(legible, text.split("\n")))


@contextlib.contextmanager
def if_it_can_be_told() -> Iterator[None]:
    """Go on where standard error takes nothing."""
    try:
        yield
    except OSError:
        _discard(sys.stderr)


def discard_stdout() -> None:
    """Let what is still to be printed go nowhere."""
    _discard(sys.stdout)


def _discard(stream: TextIO | None) -> None:
    """Let what is still to be written go nowhere, or the interpreter complains, with a code of its own, when it ends.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    if stream is None:
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)

"""What commands print and ask: standard output and error that survive a closed pipe, a full disk and control codes."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from tap.cli.secrets import Secrets
from tap.deploy.files import legible
from tap.deploy.models import TapError
from tap.template.resolve import MASK

_WIDTH_OF_LOG = 100_000  # columns: no line is longer


class Report(Console):
    """Standard output of what a command is there to print: where that cannot be, the command has failed."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as rich does, without secrets; control characters of others do nothing to the terminal."""
        if isinstance(renderable, str | Text):  # before lines are broken, which could part a secret
            renderable = masked_text(self.render_str(renderable) if isinstance(renderable, str) else renderable)
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=_legible_lines(segment.text))

    def on_broken_pipe(self) -> None:
        """Let `main` end the command."""
        raise BrokenPipeError


class Output(Report):
    """Progress output. If stdout closes or the disk fills up, the operation continues."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            where = "error" if self.stderr else "output"
            complain(f"standard {where} cannot be written: {error.strerror}. The operation continues")
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Stop writing, without ending the deployment that is being watched."""
        self.quiet = True
        _discard(sys.stderr if self.stderr else sys.stdout)


def console(*, stderr: bool = False) -> Output:
    """Return standard output as rich writes to it: no colour where there is no terminal, nor with NO_COLOR."""
    return Output(stderr=stderr, highlight=False, markup=False, width=_width(sys.stderr if stderr else sys.stdout))


def report() -> Report:
    """Return standard output for a command that only tells: what cannot be written ends it. Raises OSError."""
    if sys.stdout is None:  # what Python makes of a closed one
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return Report(highlight=False, markup=False, width=_width(sys.stdout))


def _width(stream: TextIO | None) -> int | None:
    """Return the width to print for: that of the screen, or of a log, where no line is broken."""
    return None if stream is not None and stream.isatty() else _WIDTH_OF_LOG


def is_live(console: Console, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a display may move the cursor: on a real terminal, which nobody records or asks to be plain.

    https://no-color.org. Who wants no colour, such as a screen reader, wants no moving lines either; a CI system may
    give a terminal, and shows what is written to it as a log.
    """
    plain = environ.get("NO_COLOR") or environ.get("CI", "").lower() not in ("", "0", "false")
    return console.file.isatty() and not plain and environ.get("TERM", "dumb").lower() not in ("dumb", "unknown", "")


def ask(question: str) -> bool:
    """Return whether the user agrees; no answer is no."""
    try:
        # On standard error: standard output may be a file, or JSON.
        agreed = click.confirm(masked(question), default=False, prompt_suffix=" ", err=True)
    except (click.Abort, OSError, RuntimeError):
        # No answer: end of input, Ctrl-C, nobody to read the question, or no standard input at all.
        agreed = False
    if sys.stdin is None or not sys.stdin.isatty():
        with if_it_can_be_told():
            click.echo(err=True)
    return agreed


def tell(error: TapError) -> None:
    """Print an error and what is noted on it, on standard error."""
    for line in (error.message, *getattr(error, "__notes__", ())):
        complain(line)


def complain(line: str) -> None:
    """Print a line on standard error, if that can be; control characters of others do nothing to the terminal."""
    with if_it_can_be_told():
        click.echo(f"tap: {_legible_lines(masked(line))}", err=True)


def masked(text: str) -> str:
    """Return text without the secrets that the running command knows."""
    secrets = _secrets()
    return secrets(text) if secrets else text


def masked_text(text: Text) -> Text:
    """Return text as `masked` does, with its styles."""
    secrets = _secrets()
    spans = secrets.spans(text.plain) if secrets else []
    if not spans:
        return text
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], Text(MASK)]
        position = end
    return text.blank_copy().join([*parts, text[position:]])


def _secrets() -> Secrets | None:
    context = click.get_current_context(silent=True)
    return getattr(context.obj, "secrets", None) if context else None


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

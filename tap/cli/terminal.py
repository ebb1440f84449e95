"""Terminal input and output that handles closed pipes, full disks and control characters."""

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
    """Standard output for a command's result: if it cannot be written, the command fails."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Render as rich does, with secrets masked and control characters in values escaped."""
        if isinstance(renderable, str | Text):  # before lines wrap, which could split a secret
            renderable = masked_text(self.render_str(renderable) if isinstance(renderable, str) else renderable)
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=_legible_lines(segment.text))

    def on_broken_pipe(self) -> None:
        """Raise the error, so that `main` ends the command."""
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
        """Stop writing, without interrupting the deployment."""
        self.quiet = True
        _discard(sys.stderr if self.stderr else sys.stdout)


def console(*, stderr: bool = False) -> Output:
    """Return a rich console for standard output: without colour if it is no terminal or NO_COLOR is set."""
    return Output(stderr=stderr, highlight=False, markup=False, width=_width(sys.stderr if stderr else sys.stdout))


def report() -> Report:
    """Return standard output for a command that only prints: a failed write ends it. Raises OSError."""
    if sys.stdout is None:  # Python's value for a closed one
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return Report(highlight=False, markup=False, width=_width(sys.stdout))


def _width(stream: TextIO | None) -> int | None:
    """Return the output width: the screen's, or for a log one at which no line wraps."""
    return None if stream is not None and stream.isatty() else _WIDTH_OF_LOG


def is_live(console: Console, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether a display may move the cursor: only on a real terminal, not in CI or with NO_COLOR.

    https://no-color.org. Users who disable colour, for example for a screen reader, do not want moving lines either;
    a CI system may provide a terminal, but shows its output as a log.
    """
    plain = environ.get("NO_COLOR") or environ.get("CI", "").lower() not in ("", "0", "false")
    return console.file.isatty() and not plain and environ.get("TERM", "dumb").lower() not in ("dumb", "unknown", "")


def ask(question: str) -> bool:
    """Return whether the user agrees; no answer is no."""
    try:
        # On standard error: standard output may be a file, or JSON.
        agreed = click.confirm(masked(question), default=False, prompt_suffix=" ", err=True)
    except (click.Abort, OSError, RuntimeError):
        # No answer: end of input, Ctrl-C, a closed standard error, or no standard input.
        agreed = False
    if sys.stdin is None or not sys.stdin.isatty():
        with if_it_can_be_told():
            click.echo(err=True)
    return agreed


def tell(error: TapError) -> None:
    """Print an error and its notes on standard error."""
    for line in (error.message, *getattr(error, "__notes__", ())):
        complain(line)


def complain(line: str) -> None:
    """Print a line on standard error, if possible, with control characters in values escaped."""
    with if_it_can_be_told():
        click.echo(f"tap: {_legible_lines(masked(line))}", err=True)


def masked(text: str) -> str:
    """Return text with the running command's secrets masked."""
    secrets = _secrets()
    return secrets(text) if secrets else text


def masked_text(text: Text) -> Text:
    """Return styled text, masked as `masked` does."""
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
    """Suppress errors of writing to standard error."""
    try:
        yield
    except OSError:
        _discard(sys.stderr)


def discard_stdout() -> None:
    """Discard the remaining standard output."""
    _discard(sys.stdout)


def _discard(stream: TextIO | None) -> None:
    """Discard a stream's remaining output; otherwise the interpreter fails at exit with its own exit code.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    if stream is None:
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)

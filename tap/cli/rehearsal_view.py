"""Show a rehearsal on the terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.text import Text

from tap.cli.layout import Table, table_of
from tap.cli.terminal import is_live
from tap.deploy.models import Environment, Observer, StackEvent
from tap.rehearsal.checks import Check


class RehearsalView:
    """Shows a rehearsal on a console; implements `tap.rehearsal.report.Report`."""

    def __init__(self, console: Console) -> None:
        """Create a view that prints to a console."""
        self._console = console

    @contextmanager
    def working(self, text: str) -> Iterator[Observer]:
        """Show a spinner with the latest event next to it."""
        if is_live(self._console):
            with self._console.status(text) as status:
                yield _Spinner(status)
        else:
            yield Observer()

    def start(self, env: Environment, endpoint: str) -> None:
        """Print what is rehearsed and where."""
        self._print(f"Rehearsing {env.name} in MiniStack {version('ministack')} at {endpoint}")

    def step(self, seconds: float, text: str) -> None:
        """Print a step with its time."""
        self._print(f"{seconds:5.1f} s  {text}")

    def finish(self, checks: Sequence[Check], notes: Sequence[str], files: Sequence[Path]) -> None:
        """Print a table of the checks, then the notes and the files."""
        self._console.print(check_table(checks))
        for paragraph in notes:
            self._console.print(textwrap.fill(paragraph, self._console.width), highlight=False, soft_wrap=True)
        if files:
            self._print(f"Files: {', '.join(map(str, files))}")

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False)


class _Spinner(Observer):
    def __init__(self, status: Status) -> None:
        self._status = status

    def on_event(self, event: StackEvent) -> None:
        self._status.update(f"{event.logical_id}: {event.status}")


_STYLES = {"ok": "green", "differs": "bold red", "stand-in": "yellow", "skipped": "dim"}


def check_table(checks: Sequence[Check]) -> Table:
    """Return a row for each check: the actual value and, if it differs, the expected one."""
    table = table_of(("Check", "Seen", "Result"), unbroken=("Check", "Result"))
    for check in checks:
        seen = check.skipped or (check.seen if check.ok else f"{check.seen}\nexpected: {check.expected}")
        table.add_row(Text(check.name), Text(seen), Text(check.result, style=_STYLES[check.result]))
    return table

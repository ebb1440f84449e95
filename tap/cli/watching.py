"""Watch an operation: print events and, below them on a terminal, resources in progress and a progress bar."""

from collections.abc import Callable, Collection, Mapping
from types import TracebackType

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tap.cli.progress import event_line
from tap.cli.terminal import is_live
from tap.deploy.durations import Usual, is_overdue, remaining
from tap.deploy.models import Observer, StackEvent
from tap.deploy.wording import duration, short

_MOST_LINES = 8  # of resources in progress
HEARTBEAT = 60.0  # seconds without events after which a log gets a line on progress


class Watch(Observer):
    """Prints an operation's events and its progress; use it as a context manager.

    `expected` has the durations of the operation's resources, `needs` what each waits for; both may be empty.
    """

    def __init__(self, console: Console, clock: Callable[[], float], expected: Mapping[str, Usual] | None = None,
                 needs: Mapping[str, Collection[str]] | None = None, also: Observer | None = None, *,
                 live: bool | None = None) -> None:
        """Create a watch that prints to a console; `clock` counts seconds, and `also` gets every event, too.

        `live` says whether to show a moving display; by default, the console decides.
        """
        self._is_live = is_live(console) if live is None else live
        self._also = also or Observer()
        self._console = console
        self._clock = clock
        self._expected = dict(expected or {})
        self._needs = needs or {}
        self._began: dict[str, tuple[float, StackEvent]] = {}
        self._done: set[str] = set()
        self._warned: set[str] = set()
        self._live: Live | None = None
        self._spoke = clock()

    def __enter__(self) -> "Watch":
        """Return itself; the first event starts the display."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Remove the display and leave the lines."""
        if self._live:
            self._live.stop()
            self._live = None

    def expect(self, expected: Mapping[str, Usual], needs: Mapping[str, Collection[str]]) -> None:
        """Set the expected durations of the operation's resources."""
        self._expected, self._needs = dict(expected), needs

    def on_event(self, event: StackEvent) -> None:
        """Print an event and update the display."""
        self._also.on_event(event)
        if self._live is None and self._is_live:
            self._live = Live(self, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        self._count(event)
        # On a terminal, the display shows what starts.
        if self._live is None or event.is_stack or not event.status.endswith("_IN_PROGRESS"):
            self._console.print(event_line(event), soft_wrap=True)
            self._spoke = self._clock()

    def on_wait(self) -> None:
        """Warn of overdue resources; in a log, print what is in progress."""
        now = self._clock()
        for logical_id, (began, _) in self._began.items():
            usual = self._expected.get(logical_id)
            if usual and is_overdue(usual.seconds, now - began) and logical_id not in self._warned:
                self._warned.add(logical_id)
                self._say(f"{logical_id} is taking longer than usual: {duration(now - began)}, usually "
                          f"{duration(usual.seconds)}{'' if usual.learned else ', roughly'}")
        if self._live is None and self._began and now - self._spoke >= HEARTBEAT:
            names = [f"{name} {duration(now - began)}" for name, (began, _) in self._in_flight()]
            self._say(f"in progress: {', '.join(names[:4])}{' and others' if len(names) > 4 else ''}; {self.sum()}")

    def _say(self, text: str) -> None:
        self._console.print(text, style="yellow", soft_wrap=True)
        self._spoke = self._clock()

    def _count(self, event: StackEvent) -> None:
        if event.is_stack:
            return
        if event.status.endswith("_IN_PROGRESS"):
            self._done.discard(event.logical_id)
            began = self._began.get(event.logical_id, (self._clock(), event))[0]
            self._began[event.logical_id] = (began, event)
        else:
            self._began.pop(event.logical_id, None)
            self._done.add(event.logical_id)

    def _in_flight(self) -> list[tuple[str, tuple[float, StackEvent]]]:
        return sorted(self._began.items(), key=lambda item: item[1][0])

    def sum(self) -> str:
        """Return the progress, such as `12 of 75, about 4 min 10 s left`."""
        total = len(self._expected.keys() | self._done | self._began.keys())
        progress = f"{len(self._done)} of {total}"
        left = self._left()
        return f"{progress}, {left} left" if left else progress

    def estimate(self) -> str:
        """Return the expected duration as a line; empty if it is unknown."""
        left = self._left()
        return f"Expected duration: {left}." if left else ""

    def _left(self) -> str:
        now = self._clock()
        left = remaining({name: usual.seconds for name, usual in self._expected.items()}, self._needs,
                         {name: now - began for name, (began, _) in self._began.items()}, self._done)
        roughly = "" if all(usual.learned for usual in self._expected.values()) else "roughly "
        return f"{roughly}{duration(left)}" if left >= 1 else ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Return a line for each resource in progress, and a progress bar."""
        table = Table.grid(padding=(0, 2, 0, 0))
        now = self._clock()
        flying = self._in_flight()
        for logical_id, (began, event) in flying[:_MOST_LINES]:
            usual = self._expected.get(logical_id)
            about = f"of {duration(usual.seconds)}" if usual else ""
            style = "yellow" if usual and is_overdue(usual.seconds, now - began) else ""
            table.add_row(Text(event.status.removesuffix("_IN_PROGRESS").capitalize(), "dim"), Text(logical_id, style),
                          Text(short(event.resource_type), "dim"), Text(f"{duration(now - began)} {about}", style))
        rest = [Text(f"and {len(flying) - _MOST_LINES} more", "dim")] if len(flying) > _MOST_LINES else []
        total = len(self._expected.keys() | self._done | self._began.keys())
        bar = Table.grid(padding=(0, 2, 0, 0))
        bar.add_row(ProgressBar(total=max(total, 1), completed=len(self._done), width=24), Text(self.sum()))
        yield Group(table, *rest, bar)

"""Tables: columns wrap between words at the screen's width, and never in a log."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from tap.cli.terminal import masked_text

Cell = str | Text
_GAP = 2  # between columns
_NARROWEST = 8  # width of a column when space is short
# Where a word longer than its column may be broken: before a capital, and after a symbol.
_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[:/._,=-])(?=[^\s:/._,=-])")


class Table:
    """Rows of cells, with or without headings."""

    def __init__(self, columns: Sequence[str] = (), *, unbroken: Collection[int] = (),
                 right: Collection[int] = ()) -> None:
        """Create a table with headings, and the indexes of columns that never wrap and that are right-aligned."""
        self._unbroken, self._right = unbroken, right
        self._rows = [[Text(column, "bold") for column in columns]] if columns else []

    def add_row(self, *cells: Cell, style: str = "") -> None:
        """Add a row; missing cells are empty."""
        texts = [Text(cell) if isinstance(cell, str) else cell.copy() for cell in cells]
        for text in texts:
            text.stylize_before(style)
        self._rows.append(texts)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Return the rows as lines without trailing spaces."""
        rows = [[masked_text(cell) for cell in row] for row in self._rows]  # a line break could split a secret
        widths = self._widths(rows, options.max_width)
        for row in rows:
            cells = [wrapped(cell, width) for cell, width in zip(row, widths, strict=False)]
            for number in range(max(map(len, cells), default=1)):
                parts = [cell[number] if number < len(cell) else Text() for cell in cells]
                yield self._line(parts, widths)

    def _line(self, parts: Sequence[Text], widths: Sequence[int]) -> Text:
        line = Text(no_wrap=True, overflow="ignore")
        for index, part in enumerate(parts):
            space = " " * (widths[index] - part.cell_len)
            line.append_text(Text(space) + part if index in self._right else part + Text(space))
            line.append(" " * _GAP)
        line.rstrip()
        return line

    def _widths(self, rows: Sequence[Sequence[Text]], screen: int) -> list[int]:
        """Return each column's width: that of its text if all columns fit, else that of its longest word."""
        columns = range(max(map(len, rows), default=0))
        lines = [[line.rstrip() for row in rows if index < len(row) for line in row[index].plain.splitlines()]
                 for index in columns]
        wanted = [max(map(cell_len, column), default=0) for column in lines]
        space = screen - _GAP * (len(wanted) - 1)
        if sum(wanted) <= space:
            return wanted
        words = [[word for line in column for word in line.split()] for column in lines]
        widths = [wanted[index] if index in self._unbroken else max(map(cell_len, words[index]), default=0)
                  for index in columns]
        breakable = [index for index in columns if index not in self._unbroken]
        while sum(widths) > space and any(widths[index] > _NARROWEST for index in breakable):
            widths[max(breakable, key=lambda index: widths[index])] -= 1
        extra = space - sum(widths)
        for left, index in zip(range(len(breakable), 0, -1), sorted(
                breakable, key=lambda index: wanted[index] - widths[index]), strict=True):
            more = max(0, min(wanted[index] - widths[index], extra // left))
            widths[index] += more
            extra -= more
        return widths


def table_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]] = (), *, unbroken: Collection[str] = (),
             right: Collection[str] = ()) -> Table:
    """Return a table; the columns named in `unbroken` never wrap, those in `right` are right-aligned."""
    table = Table(columns, unbroken=[columns.index(name) for name in unbroken],
                  right=[columns.index(name) for name in right])
    for row in rows:
        table.add_row(*row)
    return table


def wrapped(text: Text, width: int) -> list[Text]:
    """Return the lines of a text, wrapped at `width` columns."""
    lines: list[Text] = []
    for line in text.split(allow_blank=True):
        lines += line.divide(_breaks(line.plain, width))
    for line in lines:
        line.rstrip()
    return lines


def _breaks(line: str, width: int) -> Iterator[int]:
    """Yield the positions of line breaks: between words, and within a word only if it is wider than the column."""
    begin = 0
    for word in re.finditer(r"\S+", line):
        start, end = word.span()
        if cell_len(line[begin:end]) > width and line[begin:start].strip():
            yield start
            begin = start
        while cell_len(line[begin:end]) > width:
            longest = max(1, len(_fitting(line[begin:end], width)))
            joints = [begin + joint.start() for joint in _JOINT.finditer(line[begin:begin + longest + 1])]
            cut = max((joint for joint in joints if start < joint <= begin + longest), default=begin + longest)
            yield cut
            begin = cut


def _fitting(text: str, width: int) -> str:
    """Return the longest start of a text that fits into `width` columns."""
    while cell_len(text) > width:
        text = text[:-1]
    return text

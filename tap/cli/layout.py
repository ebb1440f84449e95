"""The one look of tables on the terminal."""

from collections.abc import Collection, Iterable, Sequence

from rich.table import Table
from rich.text import Text

Cell = str | Text


def table_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]] = (), *, unbroken: Collection[str] = (),
             right: Collection[str] = ()) -> Table:
    """Return a table; the columns named in `unbroken` are never wrapped, those in `right` are aligned to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in unbroken,
                         justify="right" if column in right else "left")
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table

"""Lays out text for a terminal: tables, and labels with their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

WIDTH = 100
_UNBOUNDED = 10_000


def utc_time(time: datetime) -> str:
    """A time to the minute."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def whole_name(name: str) -> Text:
    """A name that is never wrapped or cut, so that it can be copied."""
    from rich.text import Text

    return Text(name, no_wrap=True, overflow="ignore")


def bold_name(name: str) -> Text:
    """A name as the title of a page."""
    from rich.text import Text

    return Text(name, style="bold", no_wrap=True, overflow="ignore")


def labeled(rows: Sequence[tuple[str, str | Text]]) -> RenderableType:
    """Labels with their values, one on a line."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=2 + max(len(label) for label, _ in rows))
    grid.add_column(overflow="fold")
    for label, value in rows:
        shown = Text(value) if isinstance(value, str) else value
        grid.add_row(Text(f"  {label}", style="dim"), shown)
    return grid


def text_table(
    headers: Sequence[str], rows: Iterable[Sequence[str | Text]], *, wraps: bool = True
) -> RenderableType:
    """A table without lines. Without `wraps`, it is as wide as its cells."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    for index, header in enumerate(headers):
        column = [Text(header), *(row[index] for row in cells)]
        width = None if wraps else max(cell.cell_len for cell in column)
        table.add_column(header, no_wrap=index == 0 or not wraps, overflow="fold", min_width=width)
    for row in cells:
        table.add_row(*row)
    return table


def laid_out(*parts: RenderableType, color: bool, width: int) -> str:
    """The parts below each other. What must not be wrapped may be wider than `width`."""
    from rich.console import Console
    from rich.measure import Measurement

    out = StringIO()
    console = Console(
        file=out,
        width=_UNBOUNDED,
        force_terminal=color,
        color_system="standard" if color else None,
        _environ={},  # the command line decides
        legacy_windows=False,
        highlight=False,
    )
    for part in parts:
        least = Measurement.get(console, console.options, part).minimum
        console.print(part, width=max(width, least))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())

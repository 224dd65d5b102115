"""Tables of the reference pages, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def markdown_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table. Cells are Markdown; only `|` is escaped."""
    lines = (columns, ("---",) * len(columns), *rows)
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

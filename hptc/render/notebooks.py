"""Small HTML fragments for notebooks: a headline and tables, without scripts or colors.

They inherit the colors of the notebook, so that they can be read on light and dark backgrounds. All
text is escaped; callers hide secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from hptc.text import plural, printable, shortened

MAX_ROWS = 50
_MAX_CELL_LENGTH = 400


def fragment(headline: str, *parts: str) -> str:
    """A headline, and tables and lists under it; empty parts are left out."""
    head = f"<p><strong>{_text(headline)}</strong></p>"
    return "\n".join(["<div>", head, *filter(None, parts), "</div>"])


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of at most MAX_ROWS rows; empty without any."""
    if not rows:
        return ""
    lines = ["<table>", f"<thead><tr>{_cells('th', headers)}</tr></thead>", "<tbody>"]
    lines += [f"<tr>{_cells('td', row)}</tr>" for row in rows[:MAX_ROWS]]
    lines += ["</tbody>", "</table>"]
    if left := len(rows) - MAX_ROWS:
        lines += [f"<p>and {plural(left, 'more row')}</p>"] if left > 0 else []
    return "\n".join(lines)


def bullets(lines: Iterable[str]) -> str:
    """A list of short texts; empty without any."""
    items = "".join(f"<li>{_text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _cells(tag: str, cells: Sequence[object]) -> str:
    style = ' style="text-align: left"'
    return "".join(f"<{tag}{style}>{_text(str(cell))}</{tag}>" for cell in cells)


def _text(text: str) -> str:
    return escape(printable(shortened(text, _MAX_CELL_LENGTH)))

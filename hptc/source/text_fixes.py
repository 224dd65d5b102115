"""A fix as edits of text: what an editor, SARIF and JSON show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hptc.diagnostics import Diagnostic
from hptc.frozen import frozen


@frozen
class Edit:
    """Text that replaces a range. Lines and columns count from 0; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@frozen
class TextFix:
    """Edits of one file that resolve a finding together. They don't overlap."""

    title: str
    file: str
    edits: tuple[Edit, ...]
    is_safe: bool = False  # `hptc check --fix` writes it


FixesOf = Callable[[Diagnostic], Iterable[TextFix]]
"""Returns the fixes of a finding, which need the text of its file."""


def no_fixes(_: Diagnostic) -> Iterable[TextFix]:
    """No fixes, if the text is not known."""
    return ()

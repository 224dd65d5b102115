"""Edits that resolve a finding: the word that was meant, an accepted value, without the key, or a
comment that suppresses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.diagnostics import Diagnostic
from hptc.frozen import frozen
from hptc.source import fixes
from hptc.source.document import parse_document
from hptc.source.fixes import Edit
from hptc.source.hidden_text import split_lines
from hptc.source.suppressions import is_suppressible, suppressions

_COMMENT = re.compile(r"#\s*hptc:\s*ignore\[[^\]]*")


@frozen
class QuickFix:
    """An edit that a person can choose."""

    title: str
    edit: Edit
    is_preferred: bool = False


def quick_fixes(found: Diagnostic, text: str, *, is_project: bool) -> Iterator[QuickFix]:
    """The edits of a file's text that resolve one of its findings."""
    lines = split_lines(text)
    if found.span.line > len(lines):
        return
    if (edit := fixes.replacement(found)) is not None:
        yield QuickFix(title=f"Change to `{found.replacement}`", edit=edit, is_preferred=True)
    if (edit := fixes.accepted(found)) is not None:
        yield QuickFix(title=f"Change to `{found.accepted}`", edit=edit)
    if found.is_removable:
        document, _ = parse_document(text, found.span.file)
        if (edit := fixes.removal(found, document)) is not None:
            yield QuickFix(title="Remove it", edit=edit)
    if is_suppressible(found.code) and not is_project:
        suppression = _suppression(found, lines)
        if suppression is not None:
            yield suppression


def _suppression(found: Diagnostic, lines: list[str]) -> QuickFix | None:
    """A comment at the end of the line; None where it would be text, as in a block scalar."""
    number = found.span.line - 1
    line = lines[number]
    existing = _COMMENT.search(line)
    if existing is not None:
        at, text = existing.end(), f", {found.code}"
    else:
        at, text = len(line.rstrip()), f"  # hptc: ignore[{found.code}] reason"
    edited = [*lines[:number], line[:at] + text + line[at:], *lines[number + 1 :]]
    document, faults = parse_document("\n".join(edited), found.span.file)
    covers = not faults and any(
        comment.line == found.span.line and found.code in comment.codes
        for comment in suppressions(document)
    )
    if not covers:
        return None
    return QuickFix(
        title=f"Suppress {found.code} on this line",
        edit=Edit(line=number, column=at, end_line=number, end_column=at, text=text),
    )

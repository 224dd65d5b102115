"""Edits that resolve a finding: the word that was meant, or a comment that suppresses it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.diagnostics import Diagnostic
from hptc.frozen import frozen
from hptc.source.document import parse_document
from hptc.source.hidden_text import split_lines
from hptc.source.suppressions import is_suppressible, suppressions

_WORD = re.compile(r"(?P<quote>[\"']?)(?P<word>[\w.:/-]+)(?P=quote)")
_COMMENT = re.compile(r"#\s*hptc:\s*ignore\[[^\]]*")


@frozen
class QuickFix:
    """An edit within one line, with columns that count characters from 0."""

    title: str
    line: int
    start: int
    end: int
    text: str
    is_preferred: bool


def quick_fixes(found: Diagnostic, text: str, *, is_project: bool) -> Iterator[QuickFix]:
    """The edits of a file's text that resolve one of its findings."""
    lines = split_lines(text)
    number = found.span.line - 1
    if number >= len(lines):
        return
    replacement = _replacement(found, lines[number])
    if replacement is not None:
        yield replacement
    if is_suppressible(found.code) and not is_project:
        suppression = _suppression(found, lines)
        if suppression is not None:
            yield suppression


def _replacement(found: Diagnostic, line: str) -> QuickFix | None:
    """What was meant, in the place of the word that the finding names; quotes stay."""
    span = found.span
    if not found.replacement or span.end_line != span.line:
        return None
    start, end = span.column - 1, span.end_column - 1
    written = _WORD.fullmatch(line[start:end])
    if written is None or not re.fullmatch(r"[\w.:/-]+", found.replacement):
        return None
    if written["word"] not in found.message:
        return None  # the span is of something around the word, such as a default
    quote = written["quote"]
    return QuickFix(
        title=f"Change to `{found.replacement}`",
        line=span.line - 1,
        start=start,
        end=end,
        text=f"{quote}{found.replacement}{quote}",
        is_preferred=True,
    )


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
        line=number,
        start=at,
        end=at,
        text=text,
        is_preferred=False,
    )

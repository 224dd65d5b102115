"""Edits that resolve a finding: those of its fixes, or a comment that suppresses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from hptc.diagnostics import Diagnostic
from hptc.source.document import Document, parse_document
from hptc.source.fixes import text_fixes
from hptc.source.hidden_text import split_lines
from hptc.source.suppressions import is_suppressible, suppressions
from hptc.source.text_files import UnreadableFileError
from hptc.source.text_fixes import Edit, TextFix

_COMMENT = re.compile(r"#\s*hptc:\s*ignore\[[^\]]*")


def quick_fixes(
    diagnostic: Diagnostic, text: str, read: Callable[[str], str], *, is_project: bool
) -> Iterator[TextFix]:
    """The edits that resolve a finding in a file's text. `read` returns the text of another one."""
    lines = split_lines(text)
    if diagnostic.span.line > len(lines):
        return

    def document_of(file: str) -> Document | None:
        try:
            written = text if file == diagnostic.span.file else read(file)
        except UnreadableFileError:
            return None
        document, _ = parse_document(written, file)
        return document if document.text == written else None

    for fix in text_fixes(diagnostic, document_of):
        is_here = fix.file == diagnostic.span.file
        yield fix if is_here else replace(fix, title=f"{fix.title} in {fix.file}")
    if is_suppressible(diagnostic.code) and not is_project:
        suppression = _suppression(diagnostic, lines)
        if suppression is not None:
            yield suppression


def _suppression(diagnostic: Diagnostic, lines: list[str]) -> TextFix | None:
    """A comment at the end of the line; None where it would be text, as in a block scalar."""
    number = diagnostic.span.line - 1
    line = lines[number]
    existing = _COMMENT.search(line)
    if existing is not None:
        at, text = existing.end(), f", {diagnostic.code}"
    else:
        at, text = len(line.rstrip()), f"  # hptc: ignore[{diagnostic.code}] reason"
    edited = [*lines[:number], line[:at] + text + line[at:], *lines[number + 1 :]]
    document, faults = parse_document("\n".join(edited), diagnostic.span.file)
    covers = not faults and any(
        comment.line == diagnostic.span.line and diagnostic.code in comment.codes
        for comment in suppressions(document)
    )
    if not covers:
        return None
    return TextFix(
        title=f"Suppress {diagnostic.code} on this line",
        file=diagnostic.span.file,
        edits=(Edit(line=number, column=at, end_line=number, end_column=at, text=text),),
    )

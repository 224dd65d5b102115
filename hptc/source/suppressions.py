"""`# hptc: ignore[HPT203] reason`: a warning that the author has decided on.

It stands at the end of the line that the diagnostic points at, or alone on the line above. The
reason is required, and a suppression that suppresses nothing is itself a warning. Only what rules
find can be suppressed: a file that can't be read as a spec can't be excused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from hptc.diagnostics import Diagnostic, Severity
from hptc.source.document import Document

_COMMENT = re.compile(r"(?:^|\s)#\s*hptc:\s*ignore\[([^\]]*)\](.*)$")
_CODE = re.compile(r"HPT\d{3}\Z")
_POLICY = "HPT8"  # the project's word, which is not the author's to excuse
_LOWEST_RULE = "HPT110"  # below: what the language and the shape demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One comment."""

    line: int  # the line that it speaks of, from 1
    written: int  # the line that it stands on
    column: int
    codes: tuple[str, ...]
    reason: str


def suppressions(document: Document) -> list[Suppression]:
    """Every suppression of a file."""
    if "hptc:" not in document.text:
        return []
    found = []
    for number, line in enumerate(document.text.splitlines(), 1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        alone = not line[: match.start()].strip()
        codes = tuple(code.strip() for code in match[1].split(","))
        found.append(
            Suppression(
                line=number + 1 if alone else number,
                written=number,
                column=line.index("#", match.start()),
                codes=codes,
                reason=match[2].strip(" :-"),
            )
        )
    return found


def apply(
    diagnostics: Iterable[Diagnostic],
    document: Document,
    *,
    unchecked: Callable[[], Collection[str]] = frozenset,
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What remains, and what a suppression took away. Warnings about suppressions are added.

    `unchecked` gives the codes that nothing looked for: a suppression of one is no leftover.
    """
    kept, taken = split(diagnostics, document)
    comments = suppressions(document)
    if comments:
        used = {(diagnostic.span.line, diagnostic.code) for diagnostic in taken}
        not_found = unchecked()
        for comment in comments:
            kept += _faults(comment, used, not_found, document)
    return kept, taken


def split(
    diagnostics: Iterable[Diagnostic], document: Document
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What remains, and what a suppression took away."""
    comments = suppressions(document)
    kept: list[Diagnostic] = []
    taken: list[Diagnostic] = []
    for diagnostic in diagnostics:
        is_covered = any(_covers(comment, diagnostic, document) for comment in comments)
        (taken if is_covered else kept).append(diagnostic)
    return kept, taken


def _covers(comment: Suppression, diagnostic: Diagnostic, document: Document) -> bool:
    return (
        diagnostic.span.file == document.file
        and diagnostic.span.line == comment.line
        and diagnostic.code in comment.codes
        and diagnostic.code >= _LOWEST_RULE
        and not diagnostic.code.startswith(_POLICY)
        and bool(comment.reason)
    )


def _faults(
    comment: Suppression,
    used: set[tuple[int, str]],
    unchecked: Collection[str],
    document: Document,
) -> list[Diagnostic]:
    span = document.span_at(
        comment.written - 1, comment.column, comment.written - 1, comment.column + 1
    )

    def fault(message: str, advice: str) -> Diagnostic:
        return Diagnostic(
            code="HPT010", severity=Severity.WARNING, message=message, span=span, help=advice
        )

    wrong = [code for code in comment.codes if not _CODE.match(code)]
    if wrong:
        return [fault(f"`{wrong[0]}` is not a rule's code", "write # hptc: ignore[HPT203] reason")]
    if not comment.reason:
        return [
            fault("a suppression without a reason", "say why after the brackets; it counts then")
        ]
    return [
        fault(f"nothing to suppress here: {code} does not occur", "remove the comment")
        for code in comment.codes
        if (comment.line, code) not in used and code not in unchecked
    ]

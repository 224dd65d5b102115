"""`# hptc: ignore[HPT203] reason`: a comment that suppresses findings of a line.

It goes at the end of the line that the finding points at, or alone on the line above. The reason is
required, and a suppression without an effect is itself a warning. Only the findings of rules can be
suppressed: not errors that keep a file from being read, and not violations of the project's policy.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from typing import Self

from yaml.nodes import ScalarNode

from hptc.diagnostics import MAX_OF_CODE, Diagnostic, Finding, Severity, SpecPath, more_findings
from hptc.frozen import frozen
from hptc.source.document import Document, at_span
from hptc.source.hidden_text import split_lines
from hptc.text import shortened

_IGNORE = "ignore["
_MARKER = re.compile(rf"(?<!\S)#\s*hptc:\s*{re.escape(_IGNORE)}")
_CODE = r"HPT\d{3}\Z"
_FAULT = "HPT010"
_POLICY = "HPT8"  # authors can't suppress the project's policy
_LOWEST_RULE = "HPT110"  # lower codes: what the spec language and the API require


@frozen
class Suppression:
    """One comment."""

    line: int  # the line that it covers, from 1
    written: int  # its own line
    column: int
    codes: tuple[str, ...]
    reason: str


def suppressions(document: Document) -> list[Suppression]:
    """Every suppression of a file. Text in a quoted or block scalar is not a comment."""
    if _IGNORE not in document.text:
        return []
    scalars = _ScalarText.of(document)
    collected = []
    for number, line in enumerate(split_lines(document.text)):
        if _IGNORE not in line:
            continue
        markers = _MARKER.finditer(line)
        marker = next(
            (match for match in markers if not scalars.covers(number, match.start())), None
        )
        if marker is None:
            continue
        end = line.find("]", marker.end())
        if end == -1:
            continue
        codes = (code.strip() for code in line[marker.end() : end].split(","))
        is_alone = not line[: marker.start()].strip()
        collected.append(
            Suppression(
                line=number + 2 if is_alone else number + 1,
                written=number + 1,
                column=marker.start(),
                codes=tuple(dict.fromkeys(codes)),
                reason=line[end + 1 :].strip(" :-"),
            )
        )
    return collected


@frozen
class _ScalarText:
    """The spans of a file's scalars that look like suppressions, in order, counted from 0."""

    starts: list[tuple[int, int]]
    ends: list[tuple[int, int]]

    @classmethod
    def of(cls, document: Document) -> Self:
        scalars = (node for node in document.scalars() if _IGNORE in node.value)
        spans = sorted(map(_scalar_span, scalars))
        return cls(starts=[start for start, _ in spans], ends=[end for _, end in spans])

    def covers(self, line: int, column: int) -> bool:
        index = bisect_right(self.starts, (line, column)) - 1
        return index >= 0 and (line, column) < self.ends[index]


def _scalar_span(node: ScalarNode) -> tuple[tuple[int, int], tuple[int, int]]:
    start, end = node.start_mark, node.end_mark
    if node.style in ("|", ">"):  # the indicator's own line may end in a comment
        return (start.line + 1, 0), (end.line, end.column)
    return (start.line, start.column), (end.line, end.column)


def apply(
    diagnostics: Iterable[Diagnostic],
    document: Document,
    *,
    unchecked: Callable[[], Collection[str]] = frozenset,
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The diagnostics that remain and those suppressed. Warnings about suppressions are added.

    `unchecked` gives the codes that no rule checked: a suppression of one is not unused.
    """
    comments = suppressions(document)
    kept, suppressed = _split(diagnostics, document, comments)
    if comments:
        used = {(diagnostic.span.line, diagnostic.code) for diagnostic in suppressed}
        not_checked = unchecked()
        faults = [
            (comment, message, advice)
            for comment in comments
            for message, advice in _faults(comment, used, not_checked)
        ]
        kept += [_warning(document, *fault) for fault in faults[:MAX_OF_CODE]]
        if (more := len(faults) - MAX_OF_CODE) > 0:
            comment = faults[MAX_OF_CODE][0]
            kept.append(_warning(document, comment, more_findings(_FAULT, more), ""))
    return kept, suppressed


def is_suppressible(code: str) -> bool:
    """Whether a comment can suppress the findings of a code."""
    return code >= _LOWEST_RULE and not code.startswith(_POLICY)


def split(
    diagnostics: Iterable[Diagnostic], document: Document
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The diagnostics that remain and those suppressed."""
    return _split(diagnostics, document, suppressions(document))


def _split(
    diagnostics: Iterable[Diagnostic], document: Document, comments: list[Suppression]
) -> tuple[list[Diagnostic], list[Diagnostic]]:
    by_line: dict[int, list[Suppression]] = {}
    for comment in comments:
        by_line.setdefault(comment.line, []).append(comment)
    kept: list[Diagnostic] = []
    suppressed: list[Diagnostic] = []
    for diagnostic in diagnostics:
        candidates = by_line.get(diagnostic.span.line, ())
        is_covered = diagnostic.span.file == document.file and any(
            _covers(comment, diagnostic) for comment in candidates
        )
        (suppressed if is_covered else kept).append(diagnostic)
    return kept, suppressed


def _covers(comment: Suppression, diagnostic: Diagnostic) -> bool:
    return (
        diagnostic.code in comment.codes
        and is_suppressible(diagnostic.code)
        and bool(comment.reason)
    )


def _faults(
    comment: Suppression,
    used: set[tuple[int, str]],
    unchecked: Collection[str],
) -> list[tuple[str, str]]:
    """What is wrong with a suppression, and what to do."""
    wrong = [code for code in comment.codes if not re.match(_CODE, code)]
    if wrong:
        message = f"`{shortened(wrong[0], 60)}` is not a rule code"
        return [(message, "write `# hptc: ignore[HPT203] reason`")]
    if not comment.reason:
        return [("this suppression has no reason", "add the reason after the brackets")]
    return [
        (f"a comment can't suppress {code}", "remove the comment, and do what the finding says")
        if not is_suppressible(code)
        else (f"unused suppression: {code} is not reported here", "remove the comment")
        for code in comment.codes
        if (comment.line, code) not in used and code not in unchecked
    ]


def _warning(document: Document, comment: Suppression, message: str, advice: str) -> Diagnostic:
    line, column = comment.written - 1, comment.column
    span = document.span_at(line, column, line, column + 1)
    finding = Finding(
        code=_FAULT, severity=Severity.WARNING, message=message, path=SpecPath(), help=advice
    )
    return at_span(finding, span)

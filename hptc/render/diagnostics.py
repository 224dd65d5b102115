"""Diagnostics as text, JSON, GitHub annotations or Markdown. sarif.py renders SARIF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from hptc.diagnostics import Diagnostic, Severity, Span
from hptc.render.documents.envelope import document
from hptc.source.text_fixes import FixesOf, TextFix, no_fixes
from hptc.text import plural, table_cell, workflow_property, workflow_value
from hptc.text import printable as printable  # CDK apps written by `hptc init` import it from here

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.findings import CheckData, FindingData, FixData, Place

_MAX_LINE_LENGTH = 160
_MAX_CELL_LENGTH = 400
_COLORS = {"error": "31;1", "warning": "33;1", "place": "34;1", "bold": "1"}


class Format(StrEnum):
    """The output formats of `hptc check`, apart from SARIF."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    MARKDOWN = "markdown"


def render(
    diagnostics: Sequence[Diagnostic],
    form: Format,
    *,
    color: bool = False,
    fixes_of: FixesOf = no_fixes,
) -> str:
    """All diagnostics in one format, ending with a line break unless empty.

    JSON has their fixes too.
    """
    match form:
        case Format.TEXT:
            return "\n".join(_text(diagnostic, color=color) for diagnostic in diagnostics)
        case Format.CONCISE:
            return "".join(f"{_concise(diagnostic)}\n" for diagnostic in diagnostics)
        case Format.JSON:
            return render_json(diagnostics, fixes_of)
        case Format.GITHUB:
            return "".join(f"{_github(diagnostic)}\n" for diagnostic in diagnostics)
        case Format.MARKDOWN:
            return _markdown(diagnostics)
    assert_never(form)


def _text(diagnostic: Diagnostic, *, color: bool) -> str:
    paint = _painter(color)
    severity = diagnostic.severity.value
    head = paint(severity, f"{severity}[{diagnostic.code}]") + paint(
        "bold", f": {printable(diagnostic.full_message)}"
    )
    gutter = " " * len(str(diagnostic.span.line))
    lines = [head, f"{gutter}{paint('place', '-->')} {_location(diagnostic.span)}"]
    lines += _excerpt(diagnostic.span, diagnostic.label, gutter, severity, paint)
    for related in diagnostic.related:
        lines.append(f"{gutter}{paint('place', ':::')} {_location(related.span)}")
        lines += _excerpt(related.span, related.message, gutter, "place", paint)
    if diagnostic.help:
        explain = "" if diagnostic.code < "HPT110" else f"  (hptc explain {diagnostic.code})"
        lines.append(f"{gutter} {paint('place', '=')} help: {printable(diagnostic.help)}{explain}")
    return "\n".join(lines) + "\n"


def _excerpt(
    span: Span, label: str, gutter: str, color: str, paint: Callable[[str, str], str]
) -> list[str]:
    if not span.source.strip():
        return []
    source, column = span.source, span.column - 1
    length = (span.end_column - span.column) if span.end_line == span.line else 1
    if len(source) > _MAX_LINE_LENGTH:  # show the part around the caret
        start = max(0, min(column - 40, len(source) - _MAX_LINE_LENGTH))
        source, column = source[start : start + _MAX_LINE_LENGTH], column - start
    source = printable(source)
    length = max(1, min(length, len(source) - column))
    caret = " " * column + paint(color, "^" * length + (f" {printable(label)}" if label else ""))
    bar = paint("place", "|")
    number = str(span.line).rjust(len(gutter))
    return [
        f"{gutter} {bar}",
        f"{paint('place', number)} {bar} {source}",
        f"{gutter} {bar} {caret}",
    ]


def _painter(color: bool) -> Callable[[str, str], str]:
    def paint(name: str, text: str) -> str:
        return f"\033[{_COLORS[name]}m{text}\033[0m" if color else text

    return paint


def _location(span: Span) -> str:
    return f"{printable(span.file)}:{span.line}:{span.column}"


def _concise(diagnostic: Diagnostic) -> str:
    return (
        f"{_location(diagnostic.span)}: {diagnostic.severity.value}[{diagnostic.code}] "
        f"{printable(diagnostic.full_message)}"
    )


def as_data(diagnostic: Diagnostic, fixes_of: FixesOf = no_fixes) -> FindingData:
    """A diagnostic as JSON data."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "help": diagnostic.help,
        "replacement": diagnostic.replacement,
        "accepted": diagnostic.accepted,
        "is_removable": diagnostic.is_removable,
        **_span_data(diagnostic.span),
        "related": [
            {"message": related.message, **_span_data(related.span)}
            for related in diagnostic.related
        ],
        "environments": list(diagnostic.environments),
        "fixes": [_fix_data(fix) for fix in fixes_of(diagnostic)],
    }


def _fix_data(fix: TextFix) -> FixData:
    return {
        "title": fix.title,
        "is_safe": fix.is_safe,
        "file": fix.file,
        "edits": [
            {
                "line": edit.line + 1,
                "column": edit.column + 1,
                "end_line": edit.end_line + 1,
                "end_column": edit.end_column + 1,
                "text": edit.text,
            }
            for edit in fix.edits
        ],
    }


def _span_data(span: Span) -> Place:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def render_json(diagnostics: Sequence[Diagnostic], fixes_of: FixesOf = no_fixes) -> str:
    """The document of `hptc check`."""
    data: CheckData = {
        "errors": sum(diagnostic.is_error for diagnostic in diagnostics),
        "warnings": sum(not diagnostic.is_error for diagnostic in diagnostics),
        "diagnostics": [as_data(diagnostic, fixes_of) for diagnostic in diagnostics],
    }
    return document("check", data)


def _github(diagnostic: Diagnostic) -> str:
    """A workflow command that annotates the line in GitHub.

    https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    span = diagnostic.span
    message = diagnostic.full_message + (f" ({diagnostic.help})" if diagnostic.help else "")
    properties = {
        "file": span.file,
        "line": str(span.line),
        "endLine": str(span.end_line),
        "col": str(span.column),
        "title": diagnostic.code,
    }
    listed = ",".join(f"{key}={workflow_property(value)}" for key, value in properties.items())
    return f"::{diagnostic.severity.value} {listed}::{workflow_value(message)}"


def _markdown(diagnostics: Sequence[Diagnostic]) -> str:
    if not diagnostics:
        return "**hptc check:** no findings.\n"
    rows = [
        f"| {diagnostic.severity.value} | {diagnostic.code} | {_cell(_location(diagnostic.span))} "
        f"| {_cell(diagnostic.full_message)}{_cell_help(diagnostic)} |"
        for diagnostic in diagnostics
    ]
    header = "| | Rule | Location | Finding |\n|---|---|---|---|\n"
    head = f"**hptc check:** {tally(diagnostics)}\n\n{header}"
    return head + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return table_cell(text, _MAX_CELL_LENGTH)


def _cell_help(diagnostic: Diagnostic) -> str:
    return f"<br>{_cell(diagnostic.help)}" if diagnostic.help else ""


def tally(diagnostics: Sequence[Diagnostic]) -> str:
    """The number of errors and warnings: `2 errors, 1 warning`."""
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    named = [plural(counts[severity], severity.value) for severity in Severity if counts[severity]]
    return ", ".join(named) or "no errors"

"""A review as text for a terminal, and the choice of the other formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import assert_never

from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Change, Impact
from hptc.diff.review import Review
from hptc.render.diff_consequences import consequences
from hptc.render.diff_data import render_annotations, render_json
from hptc.render.diff_markdown import render_markdown
from hptc.render.diff_phrases import (
    NOT_NEW,
    also,
    change_environments,
    merged_costs,
    scope,
    subject,
    title,
    tone,
    verdict,
)
from hptc.text import printable

_COLORS = {"bad": "31;1", "some": "33;1", "good": "32;1", "bold": "1", "dim": "2"}


class Format(StrEnum):
    """The output formats of `hptc diff`."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    GITHUB = "github"


def render_diff(review: Review, form: Format, *, color: bool = False) -> str:
    """A review in one format, ending with a line break."""
    match form:
        case Format.TEXT:
            return _text(review, color=color)
        case Format.MARKDOWN:
            return render_markdown(review)
        case Format.JSON:
            return render_json(review)
        case Format.GITHUB:
            return render_annotations(review)
    assert_never(form)


def _text(review: Review, *, color: bool) -> str:
    def paint(name: str, text: str) -> str:
        return f"\033[{_COLORS[name]}m{text}\033[0m" if color else text

    against = f"{printable(review.old)} → {printable(review.new)}"
    if review.is_empty:
        notes = "".join(f"\nnote: {printable(note)}" for note in review.notes)
        return f"hptc diff: {verdict(review)} ({scope(review)}, {against}){notes}\n"
    head = paint(tone(review.impact, review.new_jobs), f"hptc diff: {verdict(review)}")
    lines = [f"{head} ({scope(review)}, {against})"]
    lines += merged_costs(review)
    if more := also(review):
        lines.append(f"also {more}")
    lines += [f"note: {printable(note)}" for note in review.notes]
    for file, changes in review.project_changes.items():
        lines += ["", paint("bold", printable(file))]
        lines += [_line(change, paint(tone(change.impact), "•")) for change in changes]
        lines += _findings(review.findings_in(file), review.old_errors_in(file), paint)
    for spec in review.specs:
        file = f"  {printable(spec.file)}" if spec.file != spec.name else ""
        lines += ["", f"{paint('bold', printable(spec.name))}{file}"]
        lines += [_line(change, paint(tone(change.impact), "•")) for change in spec.changes]
        lines += _findings(spec.findings, spec.old_errors, paint)
        lines += [f"  {paint('dim', '→')} {line}" for line in consequences(spec, printable)]
    return "\n".join(lines) + "\n"


def _findings(
    new: Iterable[Diagnostic], old: Iterable[Diagnostic], paint: Callable[[str, str], str]
) -> Iterator[str]:
    yield from (_finding(each, paint) for each in new)
    yield from (f"{_finding(each, paint)}  ({NOT_NEW})" for each in old)


def _finding(diagnostic: Diagnostic, paint: Callable[[str, str], str]) -> str:
    severity = paint(
        tone(Impact.BREAKS if diagnostic.is_error else None), diagnostic.severity.value
    )
    place = f"{printable(diagnostic.span.file)}:{diagnostic.span.line}"
    return f"  {severity}[{diagnostic.code}] {place}: {printable(diagnostic.full_message)}"


def _line(change: Change, mark: str) -> str:
    values = " → ".join(text for text in (change.old, change.new) if text)
    parts = (printable(subject(change)), title(change), printable(values))
    note = f"  ({printable(change.note)})" if change.note else ""
    where = change_environments(change)
    return f"  {mark} {where}{': '.join(part for part in parts if part)}{note}"

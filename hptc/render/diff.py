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


def render_diff(found: Review, form: Format, *, color: bool = False) -> str:
    """A review in one format, ending with a line break."""
    match form:
        case Format.TEXT:
            return _text(found, color=color)
        case Format.MARKDOWN:
            return render_markdown(found)
        case Format.JSON:
            return render_json(found)
        case Format.GITHUB:
            return render_annotations(found)
    assert_never(form)


def _text(found: Review, *, color: bool) -> str:
    def paint(name: str, text: str) -> str:
        return f"\033[{_COLORS[name]}m{text}\033[0m" if color else text

    against = f"{printable(found.old)} → {printable(found.new)}"
    if found.is_empty:
        notes = "".join(f"\nnote: {printable(note)}" for note in found.notes)
        return f"hptc diff: {verdict(found)} ({scope(found)}, {against}){notes}\n"
    head = paint(tone(found.impact, found.new_jobs), f"hptc diff: {verdict(found)}")
    lines = [f"{head} ({scope(found)}, {against})"]
    lines += merged_costs(found)
    if more := also(found):
        lines.append(f"also {more}")
    lines += [f"note: {printable(note)}" for note in found.notes]
    for file, changes in found.project_changes.items():
        lines += ["", paint("bold", printable(file))]
        lines += [_line(change, paint(tone(change.impact), "•")) for change in changes]
        lines += _findings(found.findings_in(file), found.old_errors_in(file), paint)
    for spec in found.specs:
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


def _finding(found: Diagnostic, paint: Callable[[str, str], str]) -> str:
    severity = paint(tone(Impact.BREAKS if found.is_error else None), found.severity.value)
    place = f"{printable(found.span.file)}:{found.span.line}"
    return f"  {severity}[{found.code}] {place}: {printable(found.full_message)}"


def _line(change: Change, mark: str) -> str:
    values = " → ".join(text for text in (change.old, change.new) if text)
    parts = (printable(subject(change)), title(change), printable(values))
    note = f"  ({printable(change.note)})" if change.note else ""
    where = change_environments(change)
    return f"  {mark} {where}{': '.join(part for part in parts if part)}{note}"

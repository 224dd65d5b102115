"""A review as a pull request comment: the verdict in the first line, details collapsed.

GitHub's limit is 65,536 characters (https://github.com/orgs/community/discussions/27190). Changes
are lists, since a table with an ARN is wider than a phone. All text from a spec is in code spans,
where GitHub ignores markup and mentions.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Change, Impact
from hptc.diff.review import Review, SpecDiff
from hptc.frozen import frozen
from hptc.render.diff_consequences import consequences
from hptc.render.diff_phrases import (
    NOT_NEW,
    REFUSALS,
    also,
    change_environments,
    merged_costs,
    scope,
    spec_verdict,
    subject,
    title,
    tone,
    verdict,
)
from hptc.text import clipped, code_span, plural, table_cell

MAX_BYTES = 65_000
MARKER = "<!-- hptc diff -->"
"""The last line of the comment, by which the next run finds and updates it."""
_ONE_LINE = 60  # characters of both values together; longer ones go on separate lines
_MARKS = {"bad": "🔴", "some": "🟡", "good": "🟢"}


@frozen
class _Size:
    """How much of a review is shown."""

    specs: int
    rows: int  # of each spec
    characters: int  # of each value


_SIZES = (
    _Size(specs=100, rows=100, characters=300),
    _Size(specs=100, rows=20, characters=120),
    _Size(specs=50, rows=8, characters=80),
    _Size(specs=20, rows=5, characters=60),
    _Size(specs=10, rows=3, characters=40),
)
"""The last one fits even if every character takes four bytes."""


def render_markdown(review: Review) -> str:
    """As much of a review as fits in a comment; what is left out is counted."""
    for size in _SIZES:
        text = _page(review, size)
        if len(text.encode()) <= MAX_BYTES:
            return text
    raise AssertionError("the smallest size always fits")


def _page(review: Review, size: _Size) -> str:
    against = f"{code_span(review.old, size.characters)} → {code_span(review.new, size.characters)}"
    if review.is_empty:
        head = f"**hptc diff: {verdict(review)}** ({scope(review)}, {against})"
        return "\n\n".join([head, *_notes(review, size), MARKER]) + "\n"
    mark = _MARKS[tone(review.impact, review.new_jobs)]
    parts = [f"{mark} **hptc diff: {verdict(review)}** ({scope(review)}, {against})"]
    parts += [f"{line[0].upper()}{line[1:]}." for line in merged_costs(review)]
    if more := also(review):
        parts.append(f"It also {more}.")
    parts += _notes(review, size)
    shown = review.specs[: size.specs]
    if shown:
        parts.append("\n".join(_overview(shown, size)))
    parts += [
        _folded(file, changes, review.findings_in(file), review.old_errors_in(file), (), size)
        for file, changes in [*review.project_changes.items()][: size.specs]
    ]
    parts += [
        _folded(
            spec.name,
            spec.changes,
            spec.findings,
            spec.old_errors,
            _consequences(spec, size),
            size,
        )
        for spec in shown
    ]
    if left := len(review.specs) - len(shown):
        parts.append(f"{_more(left, 'spec')} changed; run `hptc diff` locally to see all.")
    return "\n\n".join([*parts, MARKER]) + "\n"


def _notes(review: Review, size: _Size) -> list[str]:
    return [f"Note: {code_span(note, size.characters)}" for note in review.notes[: size.rows]]


def _overview(specs: Iterable[SpecDiff], size: _Size) -> Iterator[str]:
    """One row for each spec."""
    yield "| Spec | Verdict |"
    yield "|---|---|"
    for spec in specs:
        phrase = spec_verdict(spec.changes)
        jobs = f", {plural(spec.new_jobs, 'new tuning job')}" if spec.new_jobs else ""
        mark = _MARKS[tone(spec.impact, spec.new_jobs)]
        yield f"| {table_cell(spec.name, size.characters)} | {mark} {phrase}{jobs} |"


def _folded(
    name: str,
    changes: tuple[Change, ...],
    findings: tuple[Diagnostic, ...],
    old_errors: tuple[Diagnostic, ...],
    following: Iterable[str],
    size: _Size,
) -> str:
    """One spec: a line to click, then its findings, changes and consequences."""
    listed = tuple(change for change in changes if change.kind not in REFUSALS)
    counts = ((len(findings) + len(old_errors), "finding"), (len(listed), "change"))
    count = ", ".join(plural(number, what) for number, what in counts if number)
    phrase = spec_verdict(changes)
    label = html.escape(clipped(name, size.characters))
    parts = [f"<details><summary><code>{label}</code>: {phrase} ({count})</summary>"]
    blocks = {
        "Findings:": [*_findings(findings, size)],
        f"Findings that are {NOT_NEW}:": [*_findings(old_errors, size)],
        "Changes:": [*_changes(listed, size)],
        "Consequences:": [*following][: size.rows],
    }
    for label, lines in blocks.items():
        if lines:
            parts.append("\n".join((label, *(f"- {line}" for line in lines))))
    return "\n\n".join([*parts, "</details>"])


def _consequences(spec: SpecDiff, size: _Size) -> Iterator[str]:
    return consequences(spec, lambda text: code_span(text, size.characters))


def _changes(changes: tuple[Change, ...], size: _Size) -> Iterator[str]:
    """What changed on one line, and both values below it."""
    for change in changes[: size.rows]:
        phrase = title(change)
        if change.impact.rank <= Impact.UNSEEN.rank:
            phrase = f"**{phrase}**"
        about = code_span(subject(change), size.characters)
        note = code_span(change.note, size.characters)
        where = change_environments(change)
        values = [text for text in (change.old, change.new) if text.strip()]
        arrow = " → " if sum(map(len, values)) <= _ONE_LINE else "<br>→ "
        shown = arrow.join(code_span(text, size.characters) for text in values)
        yield "".join(
            (where, f"{about}: " if about else "", phrase, f" ({note})" if note else "",
             f"<br>{shown}" if shown else "")
        )  # fmt: skip
    if len(changes) > size.rows:
        yield _more(len(changes) - size.rows, "change")


def _findings(findings: tuple[Diagnostic, ...], size: _Size) -> Iterator[str]:
    for diagnostic in findings[: size.rows]:
        place = code_span(f"{diagnostic.span.file}:{diagnostic.span.line}", size.characters)
        message = code_span(diagnostic.full_message, size.characters)
        yield f"{diagnostic.severity.value} {diagnostic.code} at {place}: {message}"
    if len(findings) > size.rows:
        yield _more(len(findings) - size.rows, "finding")


def _more(count: int, noun: str) -> str:
    return plural(count, f"more {noun}")

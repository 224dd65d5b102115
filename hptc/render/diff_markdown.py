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
from hptc.render.diff_sections import (
    NOT_NEW,
    Section,
    project_sections,
    spec_sections,
    without_refusals,
)
from hptc.render.diff_titles import change_environments, subject, title
from hptc.render.diff_verdicts import (
    Tone,
    also,
    merged_costs,
    scope,
    spec_verdict,
    tone,
    verdict,
)
from hptc.text import clipped, code_span, plural, table_cell

MAX_BYTES = 65_000
MARKER = "<!-- hptc diff -->"
"""The last line of the comment, by which the next run finds and updates it."""
_ONE_LINE = 60  # characters of both values together; longer ones go on separate lines
_MARKS: dict[Tone, str] = {"bad": "🔴", "some": "🟡", "good": "🟢"}


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
    parts += [_folded(section, size) for section in project_sections(review)[: size.specs]]
    parts += [_folded(section, size) for section in spec_sections(shown)]
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


def _folded(section: Section, size: _Size) -> str:
    """One file: a line to click, then its findings, changes and consequences."""
    changes = without_refusals(section.changes)
    findings = len(section.findings) + len(section.old_errors)
    counts = ((findings, "finding"), (len(changes), "change"))
    count = ", ".join(plural(number, noun) for number, noun in counts if number)
    name = html.escape(clipped(section.name, size.characters))
    verdict = spec_verdict(section.changes)
    parts = [f"<details><summary><code>{name}</code>: {verdict} ({count})</summary>"]
    blocks = {
        "Findings:": [*_findings(section.findings, size)],
        f"Findings that are {NOT_NEW}:": [*_findings(section.old_errors, size)],
        "Changes:": [*_changes(changes, size)],
        "Consequences:": [*_consequences(section, size)][: size.rows],
    }
    for heading, lines in blocks.items():
        if lines:
            parts.append("\n".join((heading, *(f"- {line}" for line in lines))))
    return "\n\n".join([*parts, "</details>"])


def _consequences(section: Section, size: _Size) -> Iterator[str]:
    if section.spec is not None:
        yield from consequences(section.spec, lambda text: code_span(text, size.characters))


def _changes(changes: tuple[Change, ...], size: _Size) -> Iterator[str]:
    """What changed on one line, and both values below it."""
    for change in changes[: size.rows]:
        phrase = title(change)
        if change.impact.rank <= Impact.UNSEEN.rank:
            phrase = f"**{phrase}**"
        about = code_span(subject(change), size.characters)
        start = f"{change_environments(change)}{about}: " if about else change_environments(change)
        note = code_span(change.note, size.characters)
        values = [text for text in (change.old, change.new) if text.strip()]
        arrow = " → " if sum(map(len, values)) <= _ONE_LINE else "<br>→ "
        shown = arrow.join(code_span(text, size.characters) for text in values)
        yield f"{start}{phrase}{f' ({note})' if note else ''}{f'<br>{shown}' if shown else ''}"
    if len(changes) > size.rows:
        yield _more(len(changes) - size.rows, "change")


def _findings(findings: tuple[Diagnostic, ...], size: _Size) -> Iterator[str]:
    for diagnostic in findings[: size.rows]:
        location = code_span(f"{diagnostic.span.file}:{diagnostic.span.line}", size.characters)
        message = code_span(diagnostic.full_message, size.characters)
        yield f"{diagnostic.severity.value} {diagnostic.code} at {location}: {message}"
    if len(findings) > size.rows:
        yield _more(len(findings) - size.rows, "finding")


def _more(count: int, noun: str) -> str:
    return plural(count, f"more {noun}")

"""A review as text for a terminal: the verdict, then each file, its changes and consequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Change, Impact
from hptc.diff.review import Review
from hptc.render.diff_consequences import consequences
from hptc.render.diff_sections import NOT_NEW, Section, project_sections, spec_sections
from hptc.render.diff_titles import change_environments, subject, title
from hptc.render.diff_verdicts import Tone, also, merged_costs, scope, tone, verdict
from hptc.text import printable

Style = Tone | Literal["bold", "dim"]
_COLORS: dict[Style, str] = {
    "bad": "31;1",
    "some": "33;1",
    "good": "32;1",
    "bold": "1",
    "dim": "2",
}


def render_text(review: Review, *, color: bool) -> str:
    """A review as lines, ending with a line break."""
    return "\n".join(_Lines(color=color).of(review)) + "\n"


class _Lines:
    """Writes the lines of a review, with or without color."""

    def __init__(self, *, color: bool) -> None:
        self._color = color

    def of(self, review: Review) -> Iterator[str]:
        """Every line."""
        headline = f"hptc diff: {verdict(review)}"
        against = f"({scope(review)}, {printable(review.old)} → {printable(review.new)})"
        if review.is_empty:
            yield f"{headline} {against}"
        else:
            yield f"{self._paint(tone(review.impact, review.new_jobs), headline)} {against}"
            yield from merged_costs(review)
            if more := also(review):
                yield f"also {more}"
        yield from (f"note: {printable(note)}" for note in review.notes)
        for section in (*project_sections(review), *spec_sections(review.specs)):
            yield ""
            yield from self._section(section)

    def _section(self, section: Section) -> Iterator[str]:
        file = f"  {printable(section.file)}" if section.file != section.name else ""
        yield f"{self._paint('bold', printable(section.name))}{file}"
        yield from (self._change(change) for change in section.changes)
        yield from self._findings(section.findings)
        yield from (f"{line}  ({NOT_NEW})" for line in self._findings(section.old_errors))
        if section.spec is not None:
            arrow = self._paint("dim", "→")
            yield from (f"  {arrow} {line}" for line in consequences(section.spec, printable))

    def _change(self, change: Change) -> str:
        mark = self._paint(tone(change.impact), "•")
        values = " → ".join(text for text in (change.old, change.new) if text)
        parts = (printable(subject(change)), title(change), printable(values))
        note = f"  ({printable(change.note)})" if change.note else ""
        where = change_environments(change)
        return f"  {mark} {where}{': '.join(part for part in parts if part)}{note}"

    def _findings(self, diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
        for diagnostic in diagnostics:
            highlight = tone(Impact.BREAKS if diagnostic.is_error else None)
            severity = self._paint(highlight, diagnostic.severity.value)
            location = f"{printable(diagnostic.span.file)}:{diagnostic.span.line}"
            message = printable(diagnostic.full_message)
            yield f"  {severity}[{diagnostic.code}] {location}: {message}"

    def _paint(self, style: Style, text: str) -> str:
        return f"\033[{_COLORS[style]}m{text}\033[0m" if self._color else text

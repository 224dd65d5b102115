"""Renders the results of a tuning job as text or Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hptc.render.results_words import (
    best_of_parents_text,
    best_text,
    bound_text,
    cost_lines,
    counts_text,
    early_stopping_text,
    headline,
    importance_text,
    origin_text,
    plain,
    results_table,
)
from hptc.render.tables import WIDTH, bold_name, labeled, laid_out, text_table
from hptc.results.failure_groups import FailureGroup
from hptc.results.training_results import Results, TrainingResult
from hptc.text import clipped, code_span, plural, printable, table_cell

if TYPE_CHECKING:
    from rich.text import Text

DEFAULT_TOP = 10
_MAX_REASON_LENGTH = 400
_MAX_CELL_LENGTH = 80


def render_results(
    results: Results, *, top: int = DEFAULT_TOP, color: bool = False, width: int = WIDTH
) -> str:
    """The results as text, with the best training jobs."""
    text = laid_out(
        bold_name(printable(f"{results.status.name}: {headline(results)}")),
        labeled(list(_facts(results))),
        color=color,
        width=width,
    )
    shown = results.ranked[:top]
    parts = [results.statement, text] if results.statement else [text]
    if shown:
        headers, rows = results_table(shown, results)
        table = text_table(headers, rows, wraps=False)
        parts.append(
            f"{_table_title(shown, results)}\n" + laid_out(table, color=color, width=width)
        )
    if results.failures:
        parts.append("\n".join(_failures(results.failures)))
    return "\n\n".join(parts) + "\n"


def results_markdown(results: Results, *, top: int = DEFAULT_TOP) -> str:
    """The results as Markdown: the facts, the best training jobs, and the failures."""
    name = code_span(results.status.name, _MAX_CELL_LENGTH)
    lines = [f"### {name}: {printable(headline(results))}", ""]
    if results.statement:
        lines += [f"**{_escaped(results.statement)}**", ""]
    lines += [f"- **{label}**: {_escaped(text)}" for label, text in _joined_facts(results)]
    shown = results.ranked[:top]
    if shown:
        headers, rows = results_table(shown, results)
        lines += ["", f"**{_escaped(_table_title(shown, results))}**", ""]
        lines.append(
            f"| {' | '.join(table_cell(header, _MAX_CELL_LENGTH) for header in headers)} |"
        )
        lines.append(f"|{' --- |' * len(headers)}")
        for row in rows:
            cells = [table_cell(cell, _MAX_CELL_LENGTH) for cell in row]
            lines.append(f"| {' | '.join(cells)} |")
    for group in results.failures:
        count = plural(len(group.training_jobs), "training job")
        reason = code_span(group.reason, _MAX_REASON_LENGTH)
        lines += ["", f"**{count} failed**: {reason}"]
        if group.log:
            lines += [
                "",
                f"The end of the log of {code_span(group.logged_by, _MAX_CELL_LENGTH)}:",
                "",
            ]
            lines += [f"    {printable(line)}" for line in group.log]
    return "\n".join(lines) + "\n"


def fact_lines(results: Results) -> list[str]:
    """The facts, each on one line: `cost: $1.20 for 2h billed; the bound was $9.60`."""
    lines = [f"{label}: {text}" for label, text in _joined_facts(results)]
    return [results.statement, *lines] if results.statement else lines


def _joined_facts(results: Results) -> list[tuple[str, str]]:
    facts: dict[str, list[str]] = {}
    label = ""
    for own, text in _facts(results):
        label = own or label
        facts.setdefault(label, []).append(str(text))
    return [(label, "; ".join(texts)) for label, texts in facts.items()]


def _facts(results: Results) -> Iterator[tuple[str, str | Text]]:
    if results.status.failure_reason:
        yield "reason", plain(results.status.failure_reason)
    yield "best", best_text(results) or "no training job reported the objective"
    if overall := best_of_parents_text(results):
        yield "best of parents", overall
    if results.training_jobs:
        yield "training jobs", counts_text(results)
    for index, line in enumerate(cost_lines(results)):
        yield "" if index else "cost", printable(line)
    if results.stopped_early:
        yield "stopped early", early_stopping_text(results.stopped_early)
    for index, range_ in enumerate(results.at_bounds):
        yield "" if index else "ranges", bound_text(range_)
    for index, importance in enumerate(results.importance):
        yield "" if index else "importance", importance_text(importance)
    if origin := origin_text(results.status.origin):
        yield "spec", origin


def _table_title(shown: Sequence[TrainingResult], results: Results) -> str:
    total = len(results.training_jobs)
    if len(shown) == total:
        return f"{plural(total, 'training job')}, the best first"
    return f"the best {len(shown)} of {plural(total, 'training job')}"


def _failures(failures: Sequence[FailureGroup]) -> Iterator[str]:
    total = sum(len(group.training_jobs) for group in failures)
    yield f"{plural(total, 'failed training job')}"
    for group in failures:
        yield f"  {len(group.training_jobs)} x {clipped(group.reason, _MAX_REASON_LENGTH)}"
        if group.log:
            yield f"    the end of the log of {printable(group.logged_by)}:"
            yield from (f"      {printable(line)}" for line in group.log)
        else:
            yield f"    such as {printable(group.training_jobs[0])}"
            if group.log_error:
                yield f"    its log can't be read: {clipped(group.log_error, _MAX_REASON_LENGTH)}"


def _escaped(text: str) -> str:
    """Text in Markdown, where names in backquotes stay code."""
    return "`".join(
        part if index % 2 else re.sub(r"[\\*_\[\]<>&#|~]", r"\\\g<0>", part)
        for index, part in enumerate(text.split("`"))
    )

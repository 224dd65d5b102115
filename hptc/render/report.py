"""Renders the results of a tuning job as one HTML page that needs nothing else.

The page has no script and loads nothing. Every text in it is escaped by the template engine, and
shown without control characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from hptc.frozen import frozen
from hptc.preview import drawing_style
from hptc.render.report_charts import (
    Chart,
    objective_by_hyperparameter,
    objective_over_time,
    parallel_coordinates,
)
from hptc.render.results_words import (
    best_of_parents_text,
    best_text,
    bound_text,
    cost_lines,
    counts_text,
    early_stopping_text,
    headline,
    origin_text,
    results_table,
)
from hptc.render.tables import utc_time
from hptc.request.job_facts import definition_name
from hptc.results.hyperparameter_importance import Importance
from hptc.results.training_results import Results
from hptc.text import printable, shortened

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_MAX_REASON_LENGTH = 400


@frozen
class _Space:
    """The charts of one definition."""

    name: str  # empty if the tuning job has a single one
    charts: tuple[Chart, ...]
    parallel: Chart | None
    importance: Importance | None


def report_html(results: Results) -> str:
    """The page, whose results have no secrets. The same results give the same page."""
    ranked = results.ranked
    headers, rows = results_table(ranked, results)
    over_time = objective_over_time(results)
    spaces = [
        _Space(
            name=definition_name(results.job, definition),
            charts=objective_by_hyperparameter(results, definition),
            parallel=parallel_coordinates(results, definition),
            importance=_importance(results, definition_name(results.job, definition)),
        )
        for definition in results.job.definitions
    ]
    return _template().render(
        style=drawing_style,
        name=results.status.name,
        headline=headline(results),
        statement=results.statement,
        facts=_facts(results),
        origin=origin_text(results.status.origin),
        created=utc_time(results.status.created),
        over_time=over_time,
        legend=_legend(over_time, spaces),
        spaces=spaces,
        headers=headers,
        rows=[
            (cells, shortened(training_job.failure_reason, _MAX_REASON_LENGTH))
            for cells, training_job in zip(rows, ranked, strict=True)
        ],
        failures=results.failures,
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _shown(value: Any) -> Any:
    return printable(value) if type(value) is str else value


def _legend(over_time: Chart | None, spaces: Sequence[_Space]) -> list[tuple[str, str]]:
    """The kinds of dots that the charts have, each with its class in the page."""
    kinds = {dot.kind for dot in over_time.dots} if over_time is not None else set()
    kinds |= {kind for space in spaces for chart in space.charts for kind, _ in chart.paths}
    words = {"done": "completed", "early": "stopped early", "best": "best"}
    return [(f"k-{kind}", word) for kind, word in words.items() if kind in kinds]


def _facts(results: Results) -> list[tuple[str, list[str]]]:
    facts = [("Best", [best_text(results) or "no training job reported the objective"])]
    if results.status.failure_reason:
        facts.insert(0, ("Reason", [results.status.failure_reason]))
    if overall := best_of_parents_text(results):
        facts.append(("Best of parents", [overall]))
    if results.training_jobs:
        facts.append(("Training jobs", [counts_text(results)]))
    facts.append(("Cost", [line.replace("`", "") for line in cost_lines(results)]))
    if results.stopped_early:
        facts.append(("Stopped early", [early_stopping_text(results.stopped_early)]))
    if results.at_bounds:
        facts.append(
            ("Ranges", [bound_text(bound).replace("`", "") for bound in results.at_bounds])
        )
    return facts


def _importance(results: Results, definition: str) -> Importance | None:
    return next(
        (importance for importance in results.importance if importance.definition == definition),
        None,
    )

"""Renders the results of a tuning job as JSON, or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

from hptc.render.cost import amount
from hptc.render.documents.envelope import document
from hptc.request.job_facts import number
from hptc.results.training_results import (
    ActualCost,
    Results,
    TrainingResult,
    hyperparameter_names,
)
from hptc.text import iso_time

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.results import ActualCostData, ResultsData, TrainingResultData

_COLUMNS = (
    "number",
    "name",
    "definition",
    "status",
    "stopped_early",
    "metric_name",
    "objective",
    "started",
    "ended",
    "seconds",
    "billable_seconds",
    "usd",
    "failure_reason",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell starts that a spreadsheet may run:
https://owasp.org/www-community/attacks/CSV_Injection"""


def results_json(results: Results, *, top: int | None = None) -> str:
    """The document of `hptc results`. Amounts are strings; what is unknown is null."""
    return document("results", results_data(results, top=top))


def results_data(results: Results, *, top: int | None = None) -> ResultsData:
    """The members of that document."""
    status = results.status
    stopped = results.stopped_early
    return {
        "name": status.name,
        "arn": status.arn,
        "region": results.region,
        "status": status.status,
        "strategy": status.strategy,
        "spec": status.origin.spec or None,
        "commit": status.origin.commit or None,
        "cost": _cost_data(results.cost),
        "stopped_early": None
        if stopped is None
        else {
            "training_jobs": stopped.training_jobs,
            "seconds_saved": stopped.seconds,
            "usd_saved": amount(stopped.usd),
        },
        "at_bounds": [
            {
                "definition": range_.definition or None,
                "hyperparameter": range_.name,
                "bound": range_.bound,
                "value": range_.value,
                "training_jobs_at_bound": range_.at_bound,
                "best_training_jobs": range_.best,
                "wider": range_.wider,
                "limit": range_.limit or None,
            }
            for range_ in results.at_bounds
        ],
        "importance": [
            {
                "definition": importance.definition or None,
                "shares": dict(importance.shares) if not importance.unknown else None,
                "r_squared": importance.r_squared,
                "unknown": importance.unknown or None,
            }
            for importance in results.importance
        ],
        "failures": [
            {
                "reason": group.reason,
                "training_jobs": list(group.training_jobs),
                "log": list(group.log),
                "log_of": group.logged_by or None,
                "log_error": group.log_error or None,
            }
            for group in results.failures
        ],
        "training_jobs": [_training_job(training_job) for training_job in results.ranked[:top]],
    }


def results_csv(results: Results, *, top: int | None = None) -> str:
    """The training jobs, the best first: one row each, and one column for each hyperparameter.

    The name of a hyperparameter's column starts with `hyperparameters.`.
    """
    names = hyperparameter_names(results)
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*_COLUMNS, *(_cell(f"hyperparameters.{name}") for name in names)])
    for result in results.ranked[:top]:
        values = dict(result.hyperparameters)
        row: Mapping[str, object] = _training_job(result)
        writer.writerow(
            [
                *(_cell(row[column]) for column in _COLUMNS),
                *(_cell(values.get(name)) for name in names),
            ]
        )
    return out.getvalue()


def _training_job(result: TrainingResult) -> TrainingResultData:
    return {
        "number": result.number,
        "name": result.name,
        "definition": result.definition or None,
        "status": result.status,
        "stopped_early": result.is_stopped_early,
        "metric_name": result.metric_name or None,
        "objective": result.objective,
        "started": iso_time(result.started),
        "ended": iso_time(result.ended),
        "seconds": result.seconds,
        "billable_seconds": result.billable_seconds,
        "usd": amount(result.usd),
        "failure_reason": result.failure_reason or None,
        "hyperparameters": dict(result.hyperparameters),
    }


def _cost_data(cost: ActualCost) -> ActualCostData:
    return {
        "usd": amount(cost.usd),
        "usd_known": amount(cost.usd_known),
        "usd_at_most": amount(cost.usd_at_most),
        "training_jobs_known": cost.known,
        "training_jobs_not_read": cost.unread,
        "training_jobs_running": cost.running,
        "unknown": list(cost.unknown),
        "billable_seconds": cost.billable_seconds,
        "bound_usd": amount(cost.bound.usd),
        "bound_usd_low": amount(cost.bound.usd_low),
        "bound_instance_hours": amount(cost.bound.instance_hours),
        "price_dates": list(cost.bound.price_dates),
    }


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULA) and number(value) is None:
        return f"'{value}"
    return value

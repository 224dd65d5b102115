"""The training jobs of a tuning job as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas

from hptc.request.job_facts import number
from hptc.request.tuning_job import CategoricalRange, NumericRange, Range
from hptc.results.training_results import Results, hyperparameter_names

_UTC_TIME = "datetime64[us, UTC]"
_MAX_INTEGER = 2**63 - 1


def data_frame(results: Results) -> pandas.DataFrame:
    """One row for each training job, the best first, with the columns of the CSV format.

    Numbers are numbers, times are in UTC, and texts with few different values are categories, those
    of a Categorical range in its order. What is unknown is missing, never 0.
    Values are as in `results`: mask secrets first.
    """
    jobs = results.ranked
    columns: dict[str, tuple[list[Any], str]] = {
        "number": ([job.number for job in jobs], "int64"),
        "name": ([job.name for job in jobs], "string"),
        "definition": ([job.definition or None for job in jobs], "category"),
        "status": ([job.status for job in jobs], "category"),
        "stopped_early": ([job.is_stopped_early for job in jobs], "bool"),
        "metric_name": ([job.metric_name or None for job in jobs], "category"),
        "objective": ([job.objective for job in jobs], "float64"),
        "started": ([_utc(job.started) for job in jobs], _UTC_TIME),
        "ended": ([_utc(job.ended) for job in jobs], _UTC_TIME),
        "seconds": ([job.seconds for job in jobs], "Int64"),
        "billable_seconds": ([job.billable_seconds for job in jobs], "Int64"),
        "usd": ([None if job.usd is None else float(job.usd) for job in jobs], "float64"),
        "failure_reason": ([job.failure_reason or None for job in jobs], "string"),
    }
    frame = {name: pandas.Series(values, dtype=dtype) for name, (values, dtype) in columns.items()}
    values_of = [dict(job.hyperparameters) for job in jobs]
    for name in hyperparameter_names(results):
        ranges = [
            range_
            for definition in results.job.definitions
            for range_ in definition.ranges
            if range_.name == name
        ]
        texts = [values.get(name) for values in values_of]
        frame[f"hyperparameters.{name}"] = _hyperparameter(ranges, texts)
    return pandas.DataFrame(frame)


def _hyperparameter(ranges: Sequence[Range], texts: Sequence[str | None]) -> pandas.Series:
    """Numbers unless a range or a value is something else.

    Definitions may have different ranges of one name.
    """
    present = [text for text in texts if text is not None]
    categories = [
        value
        for range_ in ranges
        if isinstance(range_, CategoricalRange)
        for value in range_.values
    ]
    numbers = [number(text) for text in present]
    if categories or None in numbers:
        labels = list(dict.fromkeys([*categories, *present]))
        return pandas.Series(texts, dtype=pandas.CategoricalDtype(labels))
    exact = [None if text is None else number(text) for text in texts]
    kinds = {range_.kind for range_ in ranges if isinstance(range_, NumericRange)}
    # The values of an Auto range have the kind that Autotune has chosen.
    is_integer = (
        "Continuous" not in kinds and all(map(_is_integer, exact)) and bool(present or kinds)
    )
    if is_integer:
        whole = [None if value is None else int(value) for value in exact]
        return pandas.Series(whole, dtype="Int64")
    return pandas.Series(
        [None if value is None else float(value) for value in exact], dtype="float64"
    )


def _is_integer(value: Decimal | None) -> bool:
    return value is None or (value == value.to_integral_value() and abs(value) <= _MAX_INTEGER)


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.astimezone(UTC)

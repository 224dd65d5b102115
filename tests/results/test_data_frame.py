"""The training jobs as a DataFrame: right types, and the same values as the CSV format."""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from typing import Any

import pandas
import pytest

from hptc.render.results_data import results_csv
from hptc.results.data_frame import data_frame
from hptc.text import iso_time
from tests.support.optuna_results import results_of, two_definitions, with_values
from tests.support.tuned_jobs import SPEC, SPOT


def text(value: Any) -> str:
    """A cell as the CSV format has it."""
    match value:
        case _ if pandas.isna(value):
            return ""
        case datetime():
            return str(iso_time(value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        pytest.param(SPEC, "Completed", id="plain"),
        pytest.param(SPEC, "InProgress", id="running"),
        pytest.param(SPOT, "Completed", id="spot"),
        pytest.param(two_definitions(), "Completed", id="definitions"),
    ],
)
def test_it_agrees_with_the_csv(spec: str, status: str) -> None:
    results = results_of(spec, jobs=30, status=status)
    frame = data_frame(results)
    header, *rows = csv.reader(StringIO(results_csv(results)))
    assert list(frame.columns) == header
    assert len(frame) == len(rows) == 30
    for row, (_, series) in zip(rows, frame.iterrows(), strict=True):
        for name, cell in zip(header, row, strict=True):
            value = series[name]
            if isinstance(value, float) and cell:
                assert float(cell) == value
            else:
                assert text(value) == cell, name


def test_types() -> None:
    frame = data_frame(results_of(jobs=30))
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "number": "int64",
        "name": "string",
        "definition": "category",
        "status": "category",
        "stopped_early": "bool",
        "metric_name": "category",
        "objective": "float64",
        "started": "datetime64[us, UTC]",
        "ended": "datetime64[us, UTC]",
        "seconds": "Int64",
        "billable_seconds": "Int64",
        "usd": "float64",
        "failure_reason": "string",
        "hyperparameters.eta": "float64",
        "hyperparameters.momentum": "float64",
        "hyperparameters.max_depth": "Int64",
        "hyperparameters.dropout": "float64",
        "hyperparameters.optimizer": "category",
    }
    assert list(frame["hyperparameters.optimizer"].cat.categories) == ["adam", "sgd", "lamb"]
    assert frame["objective"].dropna().is_monotonic_decreasing
    assert frame["started"].max() - frame["started"].min() > pandas.Timedelta(hours=1)
    assert frame["objective"].isna().sum() == 1


def test_without_training_jobs_the_types_are_the_same() -> None:
    empty, full = data_frame(results_of(jobs=0)), data_frame(results_of(jobs=5))
    assert len(empty) == 0
    assert dict(empty.dtypes.astype(str)) == dict(full.dtypes.astype(str))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"max_depth": "3.5"}, "float64"),
        ({"max_depth": str(2**63 - 1)}, "Int64"),
        ({"max_depth": str(2**63)}, "float64"),
        ({"max_depth": str(1 - 2**63)}, "Int64"),
        ({"max_depth": "deep"}, "category"),
        ({"optimizer": "7"}, "category"),
    ],
)
def test_values_of_another_kind(values: dict[str, str], expected: str) -> None:
    frame = data_frame(results_of(change=with_values(**values)))
    ((name, value),) = values.items()
    column = frame.set_index("number")[f"hyperparameters.{name}"]
    assert str(column.dtype) == expected
    kinds: dict[str, Any] = {"float64": float, "Int64": int, "category": str}
    assert column[3] == kinds[expected](value)

"""The limits of a hyperparameter's values, so that no advice exceeds them."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest

from hptc.catalog.accepted_values import SpecialValue
from hptc.catalog.algorithms import algorithm
from hptc.catalog.images import algorithm_names, image_uri
from hptc.diagnostics import RequestPath
from hptc.request.job_facts import number
from hptc.request.reading import read_job
from hptc.request.tuning_job import Definition, NumericRange
from hptc.results.range_evidence import wider_bound
from hptc.results.value_limits import ValueLimits, value_limits
from tests.support.local_runs import tuning_request


def definition(name: str = "xgboost", version: str = "1.7-1") -> Definition:
    request = tuning_request()
    uri = image_uri(name, version, "us-east-1")
    assert isinstance(uri, str)
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] = uri
    return read_job(request).definitions[0]


def numeric(name: str, low: str, high: str, kind: str, scaling: str = "Linear") -> NumericRange:
    return NumericRange(
        kind=kind, name=name, min=low, max=high, scaling=scaling, path=RequestPath()
    )


SMALLER, LARGER = "XGBoost accepts no smaller value", "XGBoost accepts no larger value"


@pytest.mark.parametrize(
    ("range_", "lower", "higher"),
    [
        (numeric("max_depth", "3", "10", "Integer"), ("1", ""), ("14", "")),
        (numeric("max_depth", "1", "10", "Integer"), (None, "0 means no limit"), ("14", "")),
        (numeric("max_depth", "0", "10", "Integer"), (None, SMALLER), ("15", "")),
        (numeric("max_delta_step", "0.5", "8", "Continuous"), ("0.25", ""), ("11.75", "")),
        (numeric("eta", "0.1", "0.5", "Continuous"), ("0", ""), ("0.7", "")),
        (numeric("eta", "0.01", "0.5", "Continuous", "Logarithmic"), ("0.001", ""), ("1", "")),
        (numeric("eta", "0", "1", "Continuous"), (None, SMALLER), (None, LARGER)),
        (numeric("learning_rate", "0.2", "1", "Continuous"), ("0", ""), (None, LARGER)),
        (numeric("subsample", "0.3", "0.9", "Continuous"), ("0.15", ""), ("1", "")),
        (numeric("num_round", "1", "50", "Integer"), (None, SMALLER), ("74", "")),
        (numeric("unknown", "1", "50", "Integer"), (None, ""), ("74", "")),
    ],
    ids=lambda value: f"{value.name} {value.min}" if isinstance(value, NumericRange) else None,
)
def test_the_next_bound_is_one_that_the_algorithm_accepts(
    range_: NumericRange, lower: tuple[str | None, str], higher: tuple[str | None, str]
) -> None:
    limits = value_limits(definition(), range_.name)
    assert wider_bound(range_, "min", limits) == lower
    assert wider_bound(range_, "max", limits) == higher


def test_the_values_of_a_script_are_not_known() -> None:
    own = read_job(tuning_request()).definitions[0]
    assert value_limits(own, "max_depth") == ValueLimits()
    assert value_limits(definition(), "booster") == ValueLimits()  # a choice


@pytest.mark.parametrize("name", algorithm_names())
def test_no_range_of_an_algorithm_is_widened_to_a_value_that_it_refuses(name: str) -> None:
    known = algorithm(name)
    assert known is not None
    tried = 0
    for hyperparameter in known.hyperparameters:
        if hyperparameter.scalar.kind not in ("integer", "number") or hyperparameter.kind not in (
            "integer",
            "number",
        ):
            continue
        limits = ValueLimits(
            interval=hyperparameter.scalar.interval,
            special=hyperparameter.special,
            algorithm=known.title,
        )
        kind = "Integer" if hyperparameter.kind == "integer" else "Continuous"
        special = {special.value for special in hyperparameter.special}
        for low, high in (("0.1", "0.9"), ("1", "2"), ("2", "30"), ("100", "1000")):
            if not (hyperparameter.accepts(low) and hyperparameter.accepts(high)):
                continue
            for scaling in ("Linear", "Logarithmic"):
                sides: tuple[Literal["min", "max"], ...] = ("min", "max")
                for side in sides:
                    range_ = numeric(hyperparameter.name, low, high, kind, scaling)
                    wider, _ = wider_bound(range_, side, limits)
                    if wider is not None:
                        tried += 1
                        assert hyperparameter.accepts(wider), (hyperparameter.name, range_, wider)
                        assert float(number(wider) or 0) not in special
    assert tried > 0


@pytest.mark.parametrize(
    ("is_integer", "special", "lower", "higher"),
    [(True, 20, 10, 19), (True, 25, 10, 24), (True, 26, 10, 25), (True, 10, 11, 25),
     (True, 9, 10, 25), (False, 20.0, 10, 18), (False, 10.0, 11, 25)],
)  # fmt: skip
def test_a_range_stops_beside_a_value_with_another_meaning(
    is_integer: bool, special: float, lower: int, higher: int
) -> None:
    """From 12 to 10, and from 16 to 25."""
    limits = ValueLimits(special=(SpecialValue(value=special, meaning="no limit"),))
    reason = f"{special:g} means no limit"
    last_value = limits.last_toward(Decimal(10), Decimal(12), is_integer=is_integer)
    assert last_value == (Decimal(lower), reason if lower != 10 else "")
    last_value = limits.last_toward(Decimal(25), Decimal(16), is_integer=is_integer)
    assert last_value == (Decimal(higher), reason if higher != 25 else "")

"""What is chosen for Autotune, and how it is stated."""

from __future__ import annotations

import pytest

from hptc.local.search.autotune import autotuned
from hptc.request.scales import is_inside
from hptc.request.tuning_job import CategoricalRange, NumericRange
from tests.support.searches import automatic, categorical, continuous, tuning_job


@pytest.mark.parametrize(
    ("hint", "chosen"),
    [
        ("6", "Integer from 1 to 24"),
        ("100", "Integer from 25 to 400"),
        ("1", "Integer from 1 to 4"),
        ("-8", "Integer from -32 to -2"),
        ("0", "Continuous from 0 to 1"),
        ("0.3", "Continuous from 0.03 to 1"),
        ("0.01", "Continuous from 0.001 to 0.1"),
        ("1e-5", "Continuous from 1e-06 to 0.0001"),
        ("2.5", "Continuous from 0.25 to 25"),
        ("12345.5", "Continuous from 1234.55 to 123455"),
        ("1e5", "Continuous from 10000 to 1e+06"),
        ("1e-4", "Continuous from 1e-05 to 0.001"),
        ("-0.5", "Continuous from -1 to -0.05"),
        ("true", "true or false"),
        ("False", "True or False"),
        ("adam", "adam"),
    ],
)
def test_a_range_around_the_example(hint: str, chosen: str) -> None:
    result = autotuned(tuning_job((automatic("x", hint),)))
    assert result.choices == (f"x: {chosen}",)
    range_ = result.job.definitions[0].ranges[0]
    assert isinstance(range_, NumericRange | CategoricalRange)
    assert is_inside(range_, hint)


@pytest.mark.parametrize("hint", ["1.7e308", "1e-320", "-1e308", "nan", "1e400", str(10**307)])
def test_an_extreme_example_is_inside_its_range(hint: str) -> None:
    assert is_inside(
        autotuned(tuning_job((automatic("x", hint),))).job.definitions[0].ranges[0], hint
    )


def test_missing_limits() -> None:
    job = tuning_job((continuous("x"),), jobs=None, Autotune={"Mode": "Enabled"})
    result = autotuned(job)
    assert result.job.max_number_of_training_jobs == 50
    assert result.job.completes_on_convergence
    assert result.choices == ("at most 50 training jobs, and fewer if the objective has converged",)


def test_what_is_set_stays() -> None:
    ranges = (continuous("x"), categorical("c", "a"))
    job = tuning_job(ranges, jobs=5, Autotune={"Mode": "Enabled"})
    assert autotuned(job) == autotuned(autotuned(job).job)
    assert autotuned(job).job == job
    assert autotuned(tuning_job(ranges, jobs=None)).choices == ()


def test_choices_of_several_definitions_have_their_names() -> None:
    result = autotuned(tuning_job((automatic("x", "2"),), (automatic("x", "a"),)))
    assert result.choices == ("d0: x: Integer from 1 to 8", "d1: x: a")

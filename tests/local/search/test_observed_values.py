"""How the search prepares the values that it observes."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hptc.local.search.observed_values import final_values, standardize
from tests.support.searches import training_job

COMPLETED = [
    training_job(1, objective=0.9, reports=(0.3, 0.6, 0.9)),
    training_job(2, objective=0.8, reports=(0.5, 0.7, 0.8)),
    training_job(3, objective=0.7, reports=(0.2, 0.5, 0.7)),
]
"""They gain .6, .3 and .5 after the first report, and .3, .1 and .2 after the second."""


@pytest.mark.parametrize(
    ("reports", "value"),
    [
        pytest.param((0.1,), 0.6, id="0.1 and the median gain of 0.5"),
        pytest.param((0.1, 0.2), 0.4, id="0.2 and the median gain of 0.2"),
        pytest.param((0.29,), 0.79, id="just below the median"),
        pytest.param((0.4,), 0.8, id="at most the median"),
        pytest.param((0.95,), 0.95, id="never less than it was"),
        pytest.param((0.1, 0.2, 0.3), 0.3, id="no one went further"),
    ],
)
def test_a_stopped_job_counts_as_completed(reports: tuple[float, ...], value: float) -> None:
    stopped = training_job(4, objective=reports[-1], reports=reports, state="stopped")
    values = final_values([*COMPLETED, stopped], maximizes=True)
    assert values == pytest.approx([0.9, 0.8, 0.7, value])


def test_minimize_is_the_other_way_round() -> None:
    mirrored = [
        training_job(
            completed.number,
            objective=-(completed.objective or 0),
            reports=[-report for report in completed.reports],
        )
        for completed in COMPLETED
    ]
    stopped = training_job(4, objective=-0.1, reports=(-0.1,), state="stopped")
    values = final_values([*mirrored, stopped], maximizes=False)
    assert values == pytest.approx([-0.9, -0.8, -0.7, -0.6])


def test_two_completed_jobs_are_too_few() -> None:
    stopped = training_job(4, objective=0.1, reports=(0.1,), state="stopped")
    assert final_values([*COMPLETED[:2], stopped], maximizes=True)[-1] == 0.1


def test_the_worst_values_are_cut_off() -> None:
    cut = standardize([1.0, 2.0, 3.0, 1e12])
    assert cut.values.max() == pytest.approx(cut.of(2.5 + 2 * (2.5 - 1.0)))
    assert cut.best == 1.0


@example([0.0, 5e-324])
@example([1e308, -1e308])
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_standardized_values_are_finite_and_in_order(values: list[float]) -> None:
    standardized = standardize(values)
    assert all(map(math.isfinite, standardized.values))
    ordered = [value for _, value in sorted(zip(values, standardized.values, strict=True))]
    assert ordered == sorted(ordered)
    assert abs(float(standardized.values.mean())) < 1e-6
    assert all(math.isfinite(standardized.of(value)) for value in values)

"""Completion criteria, one at a time and together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.local.search.completion import completion, convergence_window, not_improving
from hptc.local.search.observation import Observation
from hptc.request.tuning_job import TuningJob
from tests.support.searches import categorical, continuous, training_job, tuning_job


def ended(*values: float) -> list[Observation]:
    return [training_job(number, objective=value) for number, value in enumerate(values, 1)]


def criterion(
    job: TuningJob, history: Sequence[Observation], elapsed_seconds: float = 0
) -> str | None:
    outcome = completion(job, history, elapsed_seconds=elapsed_seconds)
    return outcome.criterion if outcome else None


def with_criteria(**criteria: object) -> TuningJob:
    direction = str(criteria.pop("direction", "Maximize"))
    return tuning_job((continuous("x"),), direction=direction, TuningJobCompletionCriteria=criteria)


def test_number_of_training_jobs() -> None:
    job = tuning_job((continuous("x"),), jobs=3)
    assert criterion(job, ended(1, 2)) is None
    outcome = completion(job, [*ended(1, 2), training_job(3, state="pending")], elapsed_seconds=0)
    assert outcome is not None
    assert (outcome.criterion, outcome.stops_running_jobs) == ("MaxNumberOfTrainingJobs", False)
    assert outcome.reason == "all 3 training jobs have started"


def test_the_size_of_a_grid() -> None:
    job = tuning_job((categorical("x", "a", "b"),), strategy="Grid", jobs=None)
    assert criterion(job, ended(1)) is None
    assert criterion(job, ended(1, 2)) == "MaxNumberOfTrainingJobs"


def test_runtime() -> None:
    job = tuning_job((continuous("x"),), jobs=None, ResourceLimits={"MaxRuntimeInSeconds": 3600})
    assert criterion(job, [], 3599.9) is None
    outcome = completion(job, [], elapsed_seconds=3600)
    assert outcome is not None
    assert (outcome.criterion, outcome.stops_running_jobs) == ("MaxRuntimeInSeconds", True)
    assert outcome.reason == "the tuning job has run for 3,600 s, and its limit is 3,600 s"


@pytest.mark.parametrize(
    ("direction", "value", "is_reached"),
    [
        ("Maximize", 0.89, False),
        ("Maximize", 0.9, True),
        ("Maximize", 0.91, True),
        ("Minimize", 0.91, False),
        ("Minimize", 0.9, True),
        ("Maximize", float("inf"), False),
        ("Maximize", float("nan"), False),
    ],
)
def test_target(direction: str, value: float, is_reached: bool) -> None:
    job = with_criteria(direction=direction, TargetObjectiveMetricValue=0.9)
    expected = "TargetObjectiveMetricValue" if is_reached else None
    assert criterion(job, ended(value)) == expected


def test_a_running_job_has_not_reached_the_target() -> None:
    job = with_criteria(TargetObjectiveMetricValue=0.9)
    assert criterion(job, [training_job(1, state="pending", reports=(0.95,))]) is None
    assert criterion(job, [training_job(1, state="stopped", objective=0.95)]) is not None


@pytest.mark.parametrize(
    ("values", "maximizes", "count"),
    [
        ((), True, 0),
        ((0.90,), True, 0),
        ((0.90, 0.89, 0.90, 0.85), True, 3),
        ((0.90, 0.89, 0.92, 0.91), True, 1),
        pytest.param((0.90, 0.905, 0.909), True, 2, id="less than 1%"),
        pytest.param((0.900, 0.906, 0.912, 0.918), True, 3, id="of the best so far"),
        ((1.0, 0.98, 0.975, 1.2), False, 2),
        pytest.param((-1.0, -0.98), True, 0, id="negative"),
        pytest.param((0.0, 1e-9), True, 0, id="from zero"),
        pytest.param((-1e308, 1e308), True, 0, id="overflow"),
    ],
)
def test_not_improving(values: Sequence[float], maximizes: bool, count: int) -> None:
    assert not_improving(values, maximizes=maximizes) == count


def test_number_of_jobs_not_improving() -> None:
    job = with_criteria(BestObjectiveNotImproving={"MaxNumberOfTrainingJobsNotImproving": 3})
    assert criterion(job, ended(0.9, 0.8, 0.8)) is None
    outcome = completion(job, ended(0.9, 0.8, 0.8, 0.8), elapsed_seconds=0)
    assert outcome is not None
    assert (outcome.criterion, outcome.stops_running_jobs) == (
        "MaxNumberOfTrainingJobsNotImproving",
        True,
    )
    assert outcome.reason.startswith("3 training jobs in a row did not improve")


def test_jobs_without_an_objective_are_not_counted() -> None:
    job = with_criteria(BestObjectiveNotImproving={"MaxNumberOfTrainingJobsNotImproving": 1})
    history = [*ended(0.9), training_job(2, state="failed"), training_job(3, state="pending")]
    assert criterion(job, history) is None


def test_convergence() -> None:
    job = with_criteria(ConvergenceDetected={"CompleteOnConvergence": "Enabled"})
    assert convergence_window(job) == 10
    assert criterion(job, ended(*[0.9] * 10)) is None
    assert criterion(job, ended(*[0.9] * 11)) == "CompleteOnConvergence"
    disabled = with_criteria(ConvergenceDetected={"CompleteOnConvergence": "Disabled"})
    assert criterion(disabled, ended(*[0.9] * 11)) is None


def test_more_hyperparameters_and_more_in_parallel_converge_later() -> None:
    ranges = [continuous(name) for name in "abcde"]
    assert convergence_window(tuning_job(ranges)) == 25
    assert convergence_window(tuning_job((continuous("x"),), parallel=8)) == 16


def test_autotune_has_a_limit() -> None:
    job = tuning_job((continuous("x"),), jobs=None, Autotune={"Mode": "Enabled"})
    assert criterion(job, [training_job(n, state="pending") for n in range(1, 50)]) is None
    assert criterion(job, ended(*map(float, range(50, 0, -1)))) == "MaxNumberOfTrainingJobs"


def test_without_any_criterion_it_continues() -> None:
    assert criterion(tuning_job((continuous("x"),), jobs=None), ended(*[1.0] * 800), 1e9) is None


def test_what_ends_at_once_comes_first() -> None:
    job = tuning_job(
        (continuous("x"),),
        jobs=1,
        direction="Maximize",
        TuningJobCompletionCriteria={"TargetObjectiveMetricValue": 0.9},
    )
    assert criterion(job, ended(0.95)) == "TargetObjectiveMetricValue"
    assert criterion(job, ended(0.8)) == "MaxNumberOfTrainingJobs"


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
def test_the_direction_mirrors_the_values(values: list[float]) -> None:
    mirrored = [-value for value in values]
    assert not_improving(values, maximizes=True) == not_improving(mirrored, maximizes=False)


@pytest.mark.parametrize(
    ("values", "count"),
    [([100, 101], 1), ([100, 101.1], 0), ([100, 101, 101.5], 2), ([100, 100, 102], 0), ([], 0)],
)
def test_one_percent_more_is_not_yet_an_improvement(values: list[float], count: int) -> None:
    assert not_improving(values, maximizes=True) == count

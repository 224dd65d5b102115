"""Early stopping against tables that were worked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hptc.local.search.early_stopping import bracket_of, stops_early
from hptc.local.search.observation import Observation
from hptc.preview.outline import hyperband
from tests.support.searches import continuous, training_job, tuning_job

MEDIAN = tuning_job((continuous("x"),), direction="Maximize", TrainingJobEarlyStoppingType="Auto")
EARLIER = [
    training_job(1, reports=(0.60, 0.70, 0.74, 0.76)),
    training_job(2, reports=(0.50, 0.62, 0.70, 0.72), state="stopped"),
    training_job(3, reports=(0.40, 0.45, 0.50, 0.52)),
]
"""Running averages: .60 .65 .68 .70, .50 .56 .607 .635, .40 .425 .45 .4675."""


def stopped_at(history: Sequence[Observation], reports: Sequence[float]) -> int | None:
    """The epoch at which a fourth training job stops."""
    for epoch in range(1, len(reports) + 1):
        running = training_job(4, state="pending", reports=reports[:epoch])
        if stops_early(MEDIAN, [*history, running], running):
            return epoch
    return None


@pytest.mark.parametrize(
    ("reports", "epoch"),
    [
        pytest.param((0.45, 0.58, 0.61, 0.66), 1, id="worse from the start"),
        pytest.param((0.55, 0.60, 0.60, 0.60), 3, id="0.60 is worse than 0.607"),
        pytest.param((0.50, 0.54, 0.55, 0.57), 2, id="equal is not worse"),
        pytest.param((0.55, 0.60, 0.65, 0.70), None, id="better"),
        pytest.param((0.55, 0.60, 0.65, 0.70, 0.10), None, id="no earlier job went so far"),
    ],
)
def test_median_rule(reports: Sequence[float], epoch: int | None) -> None:
    assert stopped_at(EARLIER, reports) == epoch


def test_without_earlier_jobs_nothing_stops() -> None:
    assert stopped_at([], (0.0, -1.0)) is None


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_only_jobs_that_ended_with_a_result_are_earlier(state: str) -> None:
    others = [
        training_job(observation.number, reports=observation.reports, state=state)  # type: ignore[arg-type]
        for observation in EARLIER
    ]
    assert stopped_at(others, (0.0,)) is None


def test_other_definitions_are_not_compared() -> None:
    others = [
        training_job(observation.number, reports=observation.reports, definition="b")
        for observation in EARLIER
    ]
    assert stopped_at(others, (0.0,)) is None


def test_minimize_is_the_other_way_round() -> None:
    job = tuning_job((continuous("x"),), TrainingJobEarlyStoppingType="Auto")
    assert not stops_early(job, EARLIER, training_job(4, state="pending", reports=(0.45,)))
    assert stops_early(job, EARLIER, training_job(4, state="pending", reports=(0.55,)))
    assert not stops_early(job, EARLIER, training_job(4, state="pending", reports=(0.50,)))


def test_a_job_without_reports_does_not_stop() -> None:
    assert not stops_early(MEDIAN, EARLIER, training_job(4, state="pending", reports=()))


def test_off_stops_nothing() -> None:
    job = tuning_job((continuous("x"),), direction="Maximize")
    assert not stops_early(job, EARLIER, training_job(4, state="pending", reports=(0.0,)))


HYPERBAND = tuning_job(
    (continuous("x"),),
    strategy="Hyperband",
    direction="Maximize",
    StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 27}},
)
CURVES = {
    "A": {1: 0.50, 3: 0.60, 9: 0.70},
    "B": {1: 0.60, 3: 0.70, 9: 0.75},
    "C": {1: 0.40, 3: 0.50, 9: 0.60},
    "D": {1: 0.65, 3: 0.66, 9: 0.80},
    "E": {1: 0.55, 3: 0.60, 9: 0.70},
    "F": {1: 0.70, 3: 0.72, 9: 0.74},
}
"""The values at the rungs; the training jobs run one after the other."""
STOPPED = {"A": 27, "B": 27, "C": 1, "D": 3, "E": 1, "F": 9}


def reports_of(curve: dict[int, float]) -> list[float]:
    """One report per epoch. Between the rungs, the values are too bad to be used."""
    return [curve.get(epoch, -1.0) for epoch in range(1, 28)]


def test_hyperband() -> None:
    history: list[Observation] = []
    stopped = {}
    for number, (name, curve) in enumerate(CURVES.items(), 1):
        reports = reports_of(curve)
        for epoch in range(1, 28):
            running = training_job(number, state="pending", reports=reports[:epoch])
            if stops_early(HYPERBAND, history, running):
                stopped[name] = epoch
                break
        history.append(training_job(number, state="stopped", reports=reports[: stopped[name]]))
    assert stopped == STOPPED


def test_a_round_fills_its_brackets_one_after_the_other() -> None:
    brackets = hyperband(HYPERBAND)
    assert brackets is not None
    sizes = [bracket.rungs[0].training_jobs for bracket in brackets.brackets]
    assert sizes == [27, 12, 6, 4]
    places = [
        brackets.brackets.index(bracket_of(HYPERBAND, brackets, training_job(number)))
        for number in range(1, 51)
    ]
    assert places == [0] * 27 + [1] * 12 + [2] * 6 + [3] * 4 + [0]


def test_brackets_are_not_compared() -> None:
    """The 28th training job is the first one whose first rung is 3."""
    better = [training_job(n, reports=reports_of(CURVES["F"])) for n in range(1, 28)]
    running = training_job(28, state="pending", reports=(0.1, 0.1, 0.1))
    assert not stops_early(HYPERBAND, better, running)
    assert stops_early(HYPERBAND, [training_job(29, reports=(0.2, 0.2, 0.2))], running)


def test_a_job_stops_at_max_resource() -> None:
    reports = [1.0] * 27
    assert not stops_early(HYPERBAND, [], training_job(1, state="pending", reports=reports[:26]))
    assert stops_early(HYPERBAND, [], training_job(1, state="pending", reports=reports))


def test_max_resource_of_a_static_hyperparameter() -> None:
    job = tuning_job((continuous("x"),), strategy="Hyperband", static={"epochs": "5"})
    assert stops_early(job, [], training_job(1, state="pending", reports=[1.0] * 5))
    assert not stops_early(job, [], training_job(1, state="pending", reports=[1.0] * 4))


def test_each_definition_has_its_own_max_resource() -> None:
    job = tuning_job((continuous("x"),), (continuous("x"),), strategy="Hyperband")
    first, second = job.definitions
    both = (replace(first, static={"epochs": "5"}), replace(second, static={"epochs": "9"}))
    job = replace(job, definitions=both)
    running = training_job(1, state="pending", reports=[1.0] * 5, definition="d0")
    assert stops_early(job, [], running)
    assert not stops_early(job, [], replace(running, definition="d1"))

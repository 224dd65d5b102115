"""The importance of hyperparameters: known truths, and when there is none to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import pytest

from hptc.local.search.importance import Importance, NotEnoughEvidence, importance
from hptc.local.search.observation import Observation
from hptc.request.scales import draw, share_of
from hptc.request.tuning_job import NumericRange
from tests.support.searches import categorical, continuous, integer, training_job, tuning_job

RANGES = (
    continuous("rate", "1e-5", "1", "Logarithmic"),
    continuous("momentum", "0.9", "0.99999", "ReverseLogarithmic"),
    integer("depth", "1", "12"),
    categorical("kind", "a", "b"),
)
JOB = tuning_job(RANGES, strategy="Random", direction="Maximize")


def results(value: Callable[[Mapping[str, str]], float], count: int = 60) -> list[Observation]:
    random = Random(3)
    observations = []
    for number in range(1, count + 1):
        values = {range_.name: draw(range_, random) for range_ in RANGES}
        observations.append(training_job(number, values, objective=value(values)))
    return observations


def share(name: str, values: Mapping[str, str]) -> float:
    range_ = next(range_ for range_ in RANGES if range_.name == name)
    assert isinstance(range_, NumericRange)
    return share_of(range_, values[name])


def test_additive_effects() -> None:
    """2 x rate + 1 x momentum on their scales: the variances are 4 and 1 parts of 5."""
    estimate = importance(JOB, results(lambda v: 2 * share("rate", v) + share("momentum", v)))
    assert isinstance(estimate, Importance)
    effects = {effect.name: effect.share for effect in estimate.effects}
    assert [*effects][:2] == ["rate", "momentum"]
    assert effects["rate"] == pytest.approx(0.8, abs=0.07)
    assert effects["momentum"] == pytest.approx(0.2, abs=0.07)
    assert max(effects["depth"], effects["kind"]) < 0.05
    assert estimate.r_squared > 0.9
    assert estimate.training_jobs == 60


def test_a_category_that_decides() -> None:
    estimate = importance(JOB, results(lambda v: float(v["kind"] == "a") + 0.1 * share("rate", v)))
    assert isinstance(estimate, Importance)
    assert estimate.effects[0].name == "kind"
    assert estimate.effects[0].share > 0.9


def test_an_interaction_counts_for_both() -> None:
    estimate = importance(
        JOB, results(lambda v: (share("rate", v) - 0.5) * (share("depth", v) - 0.5), 100)
    )
    assert isinstance(estimate, Importance)
    assert {effect.name for effect in estimate.effects[:2]} == {"rate", "depth"}
    assert sum(effect.share for effect in estimate.effects[:2]) > 1.5


def test_noise_cannot_be_predicted() -> None:
    random = Random(5)
    estimate = importance(JOB, results(lambda _: random.random()))
    if isinstance(estimate, Importance):
        assert estimate.r_squared < 0.3
    else:
        assert "can't be predicted from one another" in estimate.reason


def test_too_few_results() -> None:
    few = results(lambda v: share("rate", v), 11)
    pending = training_job(99, few[0].values, state="pending")
    failed = training_job(98, few[0].values, state="failed")
    assert importance(JOB, [*few, pending, failed]) == NotEnoughEvidence(
        reason="11 training jobs with an objective, but 4 hyperparameters need at least 12"
    )
    assert isinstance(importance(JOB, results(lambda v: share("rate", v), 12)), Importance)


def test_a_constant_objective() -> None:
    estimate = importance(JOB, results(lambda _: 0.5))
    assert estimate == NotEnoughEvidence(reason="every training job has the same objective")


def test_nothing_is_tuned() -> None:
    reason = "there are no tuned hyperparameters"
    assert importance(tuning_job(()), []) == NotEnoughEvidence(reason=reason)
    assert importance(JOB, [], definition="other") == NotEnoughEvidence(reason=reason)


def test_it_is_reproducible() -> None:
    history = results(lambda v: share("rate", v))
    assert importance(JOB, history) == importance(JOB, history)

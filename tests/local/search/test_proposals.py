"""Proposals: inside their ranges, reproducible, never twice, and better than chance."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptc.errors import UsageError
from hptc.local.search.observation import Observation, Proposal
from hptc.local.search.proposals import propose
from hptc.request.scales import is_inside
from hptc.request.tuning_job import Range, TuningJob
from tests.support.paths import ROOT
from tests.support.searches import (
    automatic,
    categorical,
    continuous,
    integer,
    reproducible_proposal,
    training_job,
    tuning_job,
)

SPACE: tuple[Range, ...] = (
    continuous("eta", "1e-4", "1", "Logarithmic"),
    continuous("beta", "0.9", "0.99999", "ReverseLogarithmic"),
    continuous("huge", "-1e300", "1e300"),
    continuous("gamma", "0", "5", "Auto"),
    integer("depth", "2", "12"),
    integer("width", "8", "4096", "Logarithmic"),
    categorical("optimizer", '"sgd"', '"adam"', '"rms"'),
)
SMALL: tuple[Range, ...] = (integer("depth", "1", "3"), categorical("kind", "a", "b"))
STRATEGIES = ("Random", "Bayesian", "Hyperband")
PLANE: tuple[Range, ...] = (continuous("x"), continuous("y"))


def a_job(*definitions: Sequence[Range], strategy: str, **options: Any) -> TuningJob:
    return tuning_job(*definitions, strategy=strategy, static={"epochs": "27"}, **options)


def run(
    job: TuningJob,
    jobs: int,
    value: Callable[[Mapping[str, str]], float | None] = lambda _: 1.0,
    *,
    seed: int = 1,
    parallel: int = 1,
    parents: Sequence[Observation] = (),
) -> list[Observation]:
    """The training jobs of a search; the oldest of the parallel ones ends first."""
    history: list[Observation] = []
    for number in range(1, jobs + 1):
        if number > parallel:
            ended = history[number - parallel - 1]
            objective = value(ended.values)
            history[number - parallel - 1] = training_job(
                ended.number,
                ended.values,
                objective=objective,
                state="succeeded" if objective is not None else "failed",
                definition=ended.definition,
            )
        proposal = propose(job, history, number=number, seed=seed, parents=parents)
        if proposal is None:
            break
        history.append(
            training_job(number, proposal.values, state="pending", definition=proposal.definition)
        )
    return history


def assert_is_inside(ranges: Sequence[Range], values: Mapping[str, str]) -> None:
    assert list(values) == [range_.name for range_ in ranges]
    for range_ in ranges:
        assert is_inside(range_, values[range_.name]), (range_, values)


@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**31),
    values=st.lists(
        st.one_of(st.none(), st.floats(), st.sampled_from([1e308, -1e308, 5e-324])),
        min_size=12, max_size=12,
    ),
)  # fmt: skip
def test_a_proposal_is_inside_its_ranges(
    strategy: str, seed: int, values: list[float | None]
) -> None:
    job = a_job(SPACE, strategy=strategy)
    left = iter(values * 2)
    for observation in run(job, 8, lambda _: next(left), seed=seed, parallel=2):
        assert_is_inside(SPACE, observation.values)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_same_input_has_the_same_proposal(strategy: str) -> None:
    job = a_job(SPACE, strategy=strategy)
    history = run(job, 12, lambda values: float(values["depth"]), parallel=3)
    assert run(job, 12, lambda values: float(values["depth"]), parallel=3) == history
    other = run(job, 12, lambda values: float(values["depth"]), parallel=3, seed=2)
    assert [observation.values for observation in other] != [
        observation.values for observation in history
    ]


def test_another_process_with_more_threads_has_the_same_proposal() -> None:
    code = (
        "import numpy, scipy.linalg, scipy.optimize\n"
        "from tests.support.searches import reproducible_proposal\n"
        "print(reproducible_proposal())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == repr(reproducible_proposal())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_combination_runs_twice(strategy: str) -> None:
    history = run(a_job(SMALL, strategy=strategy), 20, lambda values: float(values["depth"]))
    combinations = [tuple(observation.values.values()) for observation in history]
    assert len(combinations) == 6
    assert len(set(combinations)) == 6


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_last_of_many_combinations_is_found(strategy: str) -> None:
    job = a_job((integer("x", "1", "700"),), strategy=strategy)
    tried = [training_job(n, {"x": str(n)}, objective=float(n)) for n in range(1, 700)]
    proposal = propose(job, tried, number=700, seed=1)
    assert proposal == Proposal(definition="", values={"x": "700"})


class TestGrid:
    def test_every_point_once_in_the_order_of_the_request(self) -> None:
        ranges = (categorical("a", "x", "y"), categorical("b", "1", "2", "1", "3"))
        observations = run(tuning_job(ranges, strategy="Grid", jobs=None), 20)
        assert [tuple(observation.values.values()) for observation in observations] == [
            ("x", "1"), ("x", "2"), ("x", "3"), ("y", "1"), ("y", "2"), ("y", "3"),
        ]  # fmt: skip

    def test_definitions_take_turns_until_each_is_exhausted(self) -> None:
        job = tuning_job(
            (categorical("a", "1", "2", "3"),),
            (categorical("b", "1"),),
            (categorical("c", "1", "2"),),
            strategy="Grid",
            jobs=None,
        )
        trials = [
            (observation.definition, *observation.values.values()) for observation in run(job, 20)
        ]
        assert trials == [
            ("d0", "1"), ("d1", "1"), ("d2", "1"), ("d0", "2"), ("d2", "2"), ("d0", "3"),
        ]  # fmt: skip

    def test_a_point_does_not_depend_on_the_history(self) -> None:
        values = [str(value) for value in range(30)]
        ranges = tuple(categorical(name, *values) for name in "abcd")
        job = tuning_job(ranges, strategy="Grid", jobs=None)
        proposal = propose(job, [], number=810_000, seed=1)
        assert proposal == Proposal(definition="", values=dict.fromkeys("abcd", "29"))
        assert propose(job, [], number=810_001, seed=1) is None

    def test_another_range_is_an_error(self) -> None:
        job = tuning_job((categorical("a", "1"), integer("b")), strategy="Grid")
        with pytest.raises(UsageError, match="only Categorical ranges"):
            propose(job, [], number=1, seed=1)


@pytest.mark.parametrize("strategy", ["Grid", *STRATEGIES])
def test_without_a_definition_there_is_nothing_to_try(strategy: str) -> None:
    job = replace(a_job(PLANE, strategy=strategy), definitions=())
    assert propose(job, [], number=1, seed=1) is None


def test_hyperband_without_max_resource_is_an_error() -> None:
    with pytest.raises(UsageError, match="MaxResource"):
        propose(tuning_job(PLANE, strategy="Hyperband"), [], number=1, seed=1)


def test_random_draws_are_uniform_on_each_scale() -> None:
    job = tuning_job((continuous("x", "1e-4", "1", "Logarithmic"), categorical("c", "a", "b")))
    proposals = [propose(job, [], number=n, seed=7) for n in range(1, 401)]
    values = [observation.values for observation in proposals if observation is not None]
    assert 0.4 < sum(float(value["x"]) < 0.01 for value in values) / 400 < 0.6
    assert 0.4 < sum(value["c"] == "a" for value in values) / 400 < 0.6


def bowl(values: Mapping[str, str]) -> float:
    return (float(values["x"]) - 0.3) ** 2 + (float(values["y"]) - 0.8) ** 2


@pytest.mark.parametrize(
    ("jobs", "parallel", "initial"),
    [(48, 1, 8), (49, 1, 9), (500, 1, 20), (6, 1, 3), (48, 10, 10), (5, 10, 5), (None, 1, 9)],
)
def test_bayesian_search_starts_with_a_share_of_every_range(
    jobs: int | None, parallel: int, initial: int
) -> None:
    job = tuning_job(PLANE, strategy="Bayesian", jobs=jobs, parallel=parallel)
    first = [observation.values for observation in run(job, initial)]
    for name in ("x", "y"):
        assert sorted(int(initial * float(values[name])) for values in first) == [*range(initial)]


@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.parametrize("direction", ["Minimize", "Maximize"])
def test_bayesian_search_learns(direction: str, parallel: int) -> None:
    sign = 1 if direction == "Minimize" else -1
    job = tuning_job(PLANE, strategy="Bayesian", direction=direction, jobs=24, parallel=parallel)
    history = run(job, 24, lambda values: sign * bowl(values), parallel=parallel)
    assert min(bowl(observation.values) for observation in history) < 1e-3


def test_pending_jobs_are_not_proposed_again() -> None:
    job = tuning_job(PLANE, strategy="Bayesian", jobs=24)
    history = run(job, 8, bowl)[:7]
    for number in range(8, 14):
        proposal = propose(job, history, number=number, seed=1)
        assert proposal is not None
        assert proposal.values not in [observation.values for observation in history]
        history.append(training_job(number, proposal.values, state="pending"))
    far = [observation for observation in history[7:] if bowl(observation.values) > 0.1]
    assert far  # what is known is not all that is tried


def test_bayesian_search_avoids_where_jobs_fail() -> None:
    def fails_on_the_left(values: Mapping[str, str]) -> float | None:
        return None if float(values["x"]) < 0.5 else float(values["x"])

    history = run(tuning_job(PLANE, strategy="Bayesian", jobs=30), 30, fails_on_the_left)
    tried = [float(observation.values["x"]) for observation in history]
    assert sum(x < 0.5 for x in tried[15:]) <= 5
    assert min(x for x in tried if x >= 0.5) < 0.52


def test_if_all_jobs_fail_the_search_continues() -> None:
    history = run(tuning_job(PLANE, strategy="Bayesian"), 12, lambda _: None)
    assert len({tuple(observation.values.values()) for observation in history}) == 12


@pytest.mark.parametrize("value", [1.0, 0.0, 1e308, float("nan")])
def test_a_flat_objective_is_explored(value: float) -> None:
    history = run(tuning_job(PLANE, strategy="Bayesian"), 12, lambda _: value)
    assert len({tuple(observation.values.values()) for observation in history}) == 12


class TestSeveralDefinitions:
    JOB = tuning_job(
        (continuous("x"),), (continuous("y"), categorical("c", "a", "b")), strategy="Bayesian",
        jobs=40,
    )  # fmt: skip

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_they_take_turns_at_the_start(self, strategy: str) -> None:
        job = a_job((continuous("x"),), (continuous("y"),), strategy=strategy, jobs=40)
        observations = run(job, 8)
        assert [observation.definition for observation in observations] == ["d0", "d1"] * 4
        assert [[*observation.values] for observation in observations] == [["x"], ["y"]] * 4

    def test_the_definition_that_promises_more_gets_more(self) -> None:
        def value(values: Mapping[str, str]) -> float:
            is_first = "x" in values
            return (float(values["x"]) - 0.3) ** 2 if is_first else 5 + float(values["y"])

        history = run(self.JOB, 30, value)
        # Nothing that the second one can reach would improve on the best of both.
        assert [observation.definition for observation in history[8:]] == ["d0"] * 22

    def test_values_that_cannot_be_compared_are_compared_within_each(self) -> None:
        first, second = self.JOB.definitions
        assert second.objective is not None
        opposite = replace(second, objective=replace(second.objective, type="Maximize"))
        job = replace(self.JOB, definitions=(first, opposite))
        history = run(
            job, 30, lambda values: (float(values.get("x", values.get("y", ""))) - 0.3) ** 2
        )
        assert {observation.definition for observation in history[8:]} == {"d0", "d1"}

    def test_a_definition_that_only_fails_does_not_stop_the_other(self) -> None:
        def value(values: Mapping[str, str]) -> float | None:
            return float(values["x"]) if "x" in values else None

        history = run(self.JOB, 30, value)
        assert [observation.definition for observation in history[12:]] == ["d0"] * 18

    def test_an_exhausted_definition_leaves_the_rest_to_the_other(self) -> None:
        for strategy in ("Random", "Bayesian"):
            job = tuning_job((categorical("c", "a", "b"),), PLANE, (), strategy=strategy)
            definitions = [
                observation.definition
                for observation in run(job, 12, lambda values: float(len(values)))
            ]
            assert (definitions.count("d0"), definitions.count("d1"), definitions.count("d2")) == (
                2,
                9,
                1,
            )


class TestWarmStart:
    PARENTS = tuple(
        training_job(
            n, {"x": f"{n / 20}", "y": f"{(7 * n % 20) / 20}"},
            objective=(n / 20 - 0.3) ** 2 + ((7 * n % 20) / 20 - 0.8) ** 2,
        )
        for n in range(20)
    )  # fmt: skip

    def job(self, kind: str, ranges: Sequence[Range] = PLANE) -> TuningJob:
        return tuning_job(
            ranges,
            strategy="Bayesian",
            WarmStartConfig={
                "WarmStartType": kind,
                "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}],
            },
        )

    @pytest.mark.parametrize("kind", ["IdenticalDataAndAlgorithm", "TransferLearning"])
    def test_it_starts_near_the_parents_best(self, kind: str) -> None:
        history = run(self.job(kind), 3, bowl, parents=self.PARENTS)
        assert median(bowl(observation.values) for observation in history) < 0.02

    def test_transfer_learning_does_not_rely_on_the_parents_scale(self) -> None:
        """The same shape on other data, whose values are far worse and ten times as wide."""
        history = run(
            self.job("TransferLearning"), 8, lambda v: 50 + 10 * bowl(v), parents=self.PARENTS
        )
        assert min(bowl(observation.values) for observation in history) < 0.005

    @pytest.mark.parametrize("kind", ["IdenticalDataAndAlgorithm", "TransferLearning"])
    def test_only_values_inside_the_ranges_count(self, kind: str) -> None:
        ranges = (continuous("x", "2", "3"), continuous("y"))
        alone = run(self.job(kind, ranges), 6, lambda _: 1.0)
        assert run(self.job(kind, ranges), 6, lambda _: 1.0, parents=self.PARENTS) == alone
        for observation in alone:
            assert_is_inside(ranges, observation.values)

    def test_names_that_the_parent_did_not_tune_are_searched(self) -> None:
        ranges = (continuous("x"), continuous("new"), categorical("c", "a", "b"))
        history = run(self.job("TransferLearning", ranges), 6, lambda _: 1.0, parents=self.PARENTS)
        assert {observation.values["c"] for observation in history} == {"a", "b"}
        for observation in history:
            assert_is_inside(ranges, observation.values)

    def test_without_a_warm_start_parents_do_not_count(self) -> None:
        job = tuning_job(PLANE, strategy="Bayesian")
        assert run(job, 6, bowl, parents=self.PARENTS) == run(job, 6, bowl)


def test_autotuned_ranges_are_searched() -> None:
    ranges = (automatic("depth", "6"), automatic("eta", "0.3"), automatic("flag", "true"))
    job = tuning_job(ranges, strategy="Bayesian", jobs=None, Autotune={"Mode": "Enabled"})
    for observation in run(job, 12, lambda values: float(values["eta"])):
        assert 1 <= int(observation.values["depth"]) <= 24
        assert 0.03 <= float(observation.values["eta"]) <= 1
        assert observation.values["flag"] in ("true", "false")


@pytest.mark.parametrize("missing", ["numpy", "scipy"])
def test_without_numpy_or_scipy(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("hptc.local.search.") and name.rpartition(".")[2] in (
            "bayesian", "columns", "observed_values", "gaussian_process", "numerics",
        ):  # fmt: skip
            monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=f"Bayesian search requires .* {missing} is not") as raised:
        propose(tuning_job(PLANE, strategy="Bayesian"), [], number=1, seed=1)
    assert "pip install 'hptc[local]'" in raised.value.help
    assert propose(tuning_job(PLANE), [], number=1, seed=1) is not None
    grid = tuning_job((categorical("c", "a"),), strategy="Grid")
    assert propose(grid, [], number=1, seed=1) is not None

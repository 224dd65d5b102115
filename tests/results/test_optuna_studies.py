"""The studies of a tuning job, as Optuna reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

import optuna
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from hptc.results.optuna_studies import studies
from hptc.results.study_files import in_memory
from hptc.results.training_results import Results
from hptc.service.tuning_jobs import TrainingJob
from tests.support.optuna_results import load, results_of, two_definitions, with_values
from tests.support.tuned_jobs import SPEC


def read(
    results: Results, reports: Mapping[str, Sequence[float]] | None = None
) -> dict[str, optuna.Study]:
    all_studies = studies(results, reports)
    for study in all_studies:
        for trial in study.trials:
            trial._validate()  # what Optuna checks when a trial is added by `add_trial`
    return load(in_memory(all_studies))


def read_one(results: Results) -> optuna.Study:
    (study,) = read(results).values()
    return study


def spaces(study: optuna.Study) -> dict[str, BaseDistribution]:
    distributions: dict[str, BaseDistribution] = {}
    for trial in study.trials:
        distributions |= trial.distributions
    return distributions


def test_trials_are_the_training_jobs() -> None:
    results = results_of(jobs=50)
    study = read_one(results)
    assert study.study_name == results.status.name
    assert study.direction.name == "MAXIMIZE"
    assert study.metric_names == ["validation:auc"]
    assert len(study.trials) == 50
    states = {"Completed": TrialState.COMPLETE, "Failed": TrialState.FAIL}
    for trial, training_job in zip(study.trials, results.training_jobs, strict=True):
        assert trial.state == states.get(training_job.status, TrialState.PRUNED)
        assert trial.value == training_job.objective
        assert {name: str(value) for name, value in trial.params.items()} == {
            name: text if name in ("optimizer", "max_depth") else str(float(text))
            for name, text in training_job.hyperparameters
        }
        assert trial.datetime_start is not None
        assert trial.datetime_start.astimezone(UTC) == training_job.started
        assert trial.duration is not None
        assert trial.duration.total_seconds() == training_job.seconds
        attributes = trial.user_attrs
        assert (attributes["training_job"], attributes["status"]) == (
            training_job.name,
            training_job.status,
        )
        assert attributes["billable_seconds"] == training_job.billable_seconds
        assert attributes["usd"] == float(training_job.usd or 0)
    assert Counter(trial.state for trial in study.trials)[TrialState.PRUNED] == 5
    assert study.best_trial.user_attrs["training_job"] == results.ranked[0].name
    assert study.best_value == results.ranked[0].objective
    assert study.user_attrs["spec"] == "specs/churn.yaml"


def test_distributions_are_the_ranges() -> None:
    study = read_one(results_of())
    assert spaces(study) == {
        "eta": FloatDistribution(0.001, 0.5, log=True),
        "momentum": FloatDistribution(0.5, 0.999),
        "max_depth": IntDistribution(2, 12),
        "dropout": FloatDistribution(0, 0.6),
        "optimizer": CategoricalDistribution(("adam", "sgd", "lamb")),
    }
    momentum = {"type": "Continuous", "min": "0.5", "max": "0.999", "scaling": "ReverseLogarithmic"}
    assert study.user_attrs["ranges"]["momentum"] == momentum
    assert "Optuna does not have" in study.user_attrs["notes"]["momentum"]
    assert study.user_attrs["notes"]["max_depth"] == "scaling Auto, shown as linear"


def test_importance_finds_what_has_an_effect() -> None:
    study = read_one(results_of(jobs=60))
    evaluator = FanovaImportanceEvaluator(n_trees=8, max_depth=8, seed=1)
    shares = get_param_importances(study, evaluator=evaluator)
    assert set(shares) == {"eta", "momentum", "max_depth", "dropout", "optimizer"}
    assert next(iter(shares)) == "eta"
    assert set(get_param_importances(study)) == set(shares)


def test_the_best_is_complete_even_if_it_was_stopped() -> None:
    def best_is_stopped(number: int, job: TrainingJob) -> TrainingJob:
        return replace(job, metric_value=0.99) if number == 9 else job

    results = results_of(change=best_is_stopped)
    assert results.ranked[0].status == "Stopped"
    study = read_one(results)
    assert study.best_trial.number == 8
    assert study.best_trial.user_attrs["stopped_early"] is True
    assert study.trials[17].state == TrialState.PRUNED


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_without_a_value_a_trial_has_failed(value: float | None, status: str) -> None:
    def change(number: int, job: TrainingJob) -> TrainingJob:
        return replace(job, metric_value=value, status=status) if number == 3 else job

    trial = read_one(results_of(change=change)).trials[2]
    assert (trial.state, trial.value) == (TrialState.FAIL, None)
    assert trial.user_attrs["status"] == status


def test_a_running_tuning_job_and_training_jobs_without_times() -> None:
    def change(number: int, job: TrainingJob) -> TrainingJob:
        match number:
            case 3:
                return replace(job, started=None, ended=None, status="InProgress")
            case 4:
                return replace(job, started=None, status="Failed", metric_value=None)
            case 5:
                return replace(job, started=None, ended=None, status="Stopped", metric_value=None)
        return job

    trials = read_one(results_of(status="InProgress", change=change)).trials
    assert [trial.state.name for trial in trials[2:5]] == ["RUNNING", "FAIL", "FAIL"]
    assert trials[-1].state == TrialState.RUNNING
    assert trials[-1].value is None
    assert "seconds" not in trials[2].user_attrs


def test_nothing_has_run_or_succeeded_yet() -> None:
    assert read_one(results_of(jobs=0)).trials == []
    failed = read_one(
        results_of(change=lambda _, job: replace(job, status="Failed", metric_value=None))
    )
    assert {trial.state for trial in failed.trials} == {TrialState.FAIL}
    with pytest.raises(ValueError, match="No trials are completed"):
        _ = failed.best_trial


CHOICES = "  {type: Categorical, values: [adam, sgd, lamb]}"
RANGES = SPEC[SPEC.index("    eta:") : SPEC.index("    optimizer:")]


def test_categories_only_and_a_single_value() -> None:
    study = read_one(results_of(SPEC.replace(RANGES, "")))
    assert spaces(study) == {"optimizer": CategoricalDistribution(("adam", "sgd", "lamb"))}
    assert set(get_param_importances(study)) == {"optimizer"}
    single = "    eta: {type: Continuous, min: 0.1, max: 0.1, scaling: Logarithmic}\n"
    study = read_one(results_of(SPEC.replace(RANGES, single).replace("[adam, sgd, lamb]", "[sgd]")))
    assert spaces(study) == {
        "eta": FloatDistribution(0.1, 0.1, log=True),
        "optimizer": CategoricalDistribution(("sgd",)),
    }
    assert len(study.get_trials(states=[TrialState.COMPLETE])) > 10


@pytest.mark.parametrize(
    ("values", "name", "expected", "note"),
    [
        ({"dropout": "0.9"}, "dropout", FloatDistribution(0, 0.9), "1 of 20 values are outside"),
        ({"eta": "0"}, "eta", FloatDistribution(0, 0.5), "outside the range 1e-3 to 0.5"),
        ({"eta": "1e-9"}, "eta", FloatDistribution(1e-9, 0.5, log=True), "outside the range"),
        ({"max_depth": "40"}, "max_depth", IntDistribution(2, 40), "outside the range 2 to 12"),
        ({"max_depth": "3.5"}, "max_depth", FloatDistribution(2, 12), "outside the range"),
        (
            {"optimizer": "adagrad"},
            "optimizer",
            CategoricalDistribution(("adam", "sgd", "lamb", "adagrad")),
            "not among those of the range",
        ),
    ],
)
def test_a_value_outside_its_range_widens_the_distribution_of_every_trial(
    values: dict[str, str], name: str, expected: BaseDistribution, note: str
) -> None:
    study = read_one(results_of(change=with_values(**values)))
    assert {repr(trial.distributions[name]) for trial in study.trials} == {repr(expected)}
    assert note in study.user_attrs["notes"][name]
    assert str(study.trials[2].params[name]).startswith(next(iter(values.values()))[:2])
    assert name in get_param_importances(study)


@pytest.mark.parametrize("text", ["nan", "many", "1e999"])
def test_a_value_that_is_not_a_number_is_an_attribute(text: str) -> None:
    trial = read_one(results_of(change=with_values(eta=text))).trials[2]
    assert "eta" not in trial.params
    assert trial.user_attrs["hyperparameters.eta"] == text


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (2, 2**53, IntDistribution),
        (2, 2**53 + 1, FloatDistribution),
        (-(2**53), 2, IntDistribution),
        (-(2**53) - 1, 2, FloatDistribution),
    ],
)
def test_integers_beyond_a_float_are_not_exact(low: int, high: int, kind: type) -> None:
    wide = SPEC.replace("min: 2, max: 12", f"min: {low}, max: {high}")
    assert type(spaces(read_one(results_of(wide)))["max_depth"]) is kind


def test_several_definitions() -> None:
    results = results_of(two_definitions(), jobs=40)
    by_name = read(results)
    name = results.status.name
    assert list(by_name) == [name, f"{name}/one", f"{name}/two"]
    overall, one, two = by_name.values()
    assert len(overall.trials) == 40
    assert len(one.trials) + len(two.trials) == 40
    assert [trial.user_attrs["training_job"] for trial in overall.trials] == [
        training_job.name for training_job in results.training_jobs
    ]
    best = results.ranked[0]
    assert overall.best_trial.user_attrs["training_job"] == best.name
    assert overall.best_trial.params["training_job_definition"] == best.definition
    assert overall.best_trial.params[f"{best.definition}.eta"] > 0
    assert max(one.best_value, two.best_value) == overall.best_value
    assert set(spaces(one)) == {"eta", "momentum", "max_depth", "dropout", "optimizer"}
    assert "training_job_definition" in get_param_importances(overall)
    assert one.user_attrs["definition"] == "one"


def test_directions_that_differ_have_no_overall_study() -> None:
    by_name = read(results_of(two_definitions("Minimize")))
    assert [study.direction.name for study in by_name.values()] == ["MAXIMIZE", "MINIMIZE"]


AUTO = "    eta: {type: Auto, value_hint: '0.1'}\n    sampler: {type: Auto, value_hint: uniform}\n"


def test_the_range_of_an_auto_hyperparameter_is_that_of_its_values() -> None:
    def change(number: int, job: TrainingJob) -> TrainingJob:
        values = {"eta": f"0.{number}", "sampler": "uniform" if number % 2 else "gradient"}
        return replace(job, tuned_hyperparameters=tuple(values.items()))

    text = SPEC.replace(RANGES, AUTO).replace(
        "strategy: Bayesian", "strategy: Bayesian\nautotune: Enabled"
    )
    study = read_one(results_of(text, jobs=9, change=change))
    assert spaces(study)["eta"] == FloatDistribution(0.1, 0.9)
    assert spaces(study)["sampler"] == CategoricalDistribution(("uniform", "gradient"))
    assert "chosen by Autotune" in study.user_attrs["notes"]["eta"]


def test_reports_are_intermediate_values_and_show_who_reached_the_end() -> None:
    text = SPEC.replace("strategy: Bayesian", "strategy: Hyperband").replace(
        "early_stopping: Auto\n", ""
    )
    results = results_of(text, change=lambda _, job: replace(job, status="Stopped"))
    reports: dict[str, Any] = {
        training_job.name: [0.5, 0.6] for training_job in results.training_jobs
    }
    reports[results.training_jobs[0].name] = [0.5] * 20  # `epochs`
    reports[results.training_jobs[1].name] = [float("nan"), 0.7]
    (study,) = read(results, reports).values()
    complete = study.get_trials(states=[TrialState.COMPLETE])
    assert {training_job.number for training_job in complete} == {0, results.ranked[0].number - 1}
    assert study.trials[2].intermediate_values == {1: 0.5, 2: 0.6}
    assert study.trials[1].intermediate_values[2] == 0.7

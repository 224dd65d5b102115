"""The result of a changed spec's last tuning job, next to the change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.outcome import Compiled
from hptc.diff.review import LastRun, Review, Side, review
from hptc.errors import AwsError
from hptc.jobs.last_runs import with_last_runs
from hptc.service.interface import TuningReader
from tests.support.fake_service import FakeTuning
from tests.support.plans import WIDER, project, read_only, run, spec

BEST = {"eta": "0.3", "max_depth": "7"}
NARROWER = ("max: 0.5", "max: 0.2")


def best(values: Mapping[str, str], value: float | None = 0.93) -> dict[str, Any]:
    """A best training job, as a description has it."""
    metric = {} if value is None else {"MetricName": "validation:auc", "Value": value}
    return {
        "TrainingJobName": "best",
        "TunedHyperParameters": dict(values),
        "FinalHyperParameterTuningJobObjectiveMetric": metric,
    }


def ended(tuning: FakeTuning, specs: list[Compiled], best_member: dict[str, Any] | None) -> str:
    """The name of a tuning job that completed with a best training job."""
    (name,) = run(tuning, specs)
    if best_member is not None:
        tuning.jobs[name]["BestTrainingJob"] = best_member
    return name


def changed(folder: Path, old: str, new: str) -> tuple[list[Compiled], Review]:
    before = project(folder, {"churn": old})
    after = project(folder, {"churn": new})
    sides = Side(label="a", compiled=tuple(before)), Side(label="b", compiled=tuple(after))
    return before, review(*sides, "dev")


def last_run(reviewed: Review, tuning: TuningReader) -> LastRun | None:
    (spec_diff,) = with_last_runs(reviewed, lambda _: tuning).specs
    return spec_diff.comparisons[0].last_run


def test_the_best_value_and_what_the_new_version_cannot_choose(tmp_path: Path) -> None:
    before, reviewed = changed(tmp_path, spec("churn"), spec("churn", NARROWER))
    tuning = FakeTuning()
    name = ended(tuning, before, best(BEST))
    last = last_run(reviewed, read_only(tuning))
    assert last is not None
    assert (last.job, last.status, last.metric, last.value) == (
        name, "Completed", "validation:auc", 0.93,
    )  # fmt: skip
    assert dict(last.hyperparameters) == BEST
    assert last.outside == ("eta",)


@pytest.mark.parametrize(
    ("change", "outside"),
    [
        pytest.param(WIDER, (), id="wider"),
        pytest.param(("{type: Integer, min: 3, max: 10}", "7"), (), id="fixed at the best value"),
        pytest.param(
            ("{type: Integer, min: 3, max: 10}", "4"), ("max_depth",), id="fixed at another value"
        ),
        pytest.param(
            ("    max_depth: {type: Integer, min: 3, max: 10}\n", ""), ("max_depth",), id="removed"
        ),
    ],
)
def test_whether_the_best_configuration_is_possible(
    tmp_path: Path, change: tuple[str, str], outside: tuple[str, ...]
) -> None:
    before, reviewed = changed(tmp_path, spec("churn"), spec("churn", change))
    tuning = FakeTuning()
    ended(tuning, before, best(BEST))
    last = last_run(reviewed, read_only(tuning))
    assert last is not None
    assert last.outside == outside


def test_a_run_without_a_best_training_job_is_passed_over(tmp_path: Path) -> None:
    before, reviewed = changed(tmp_path, spec("churn"), spec("churn", WIDER))
    tuning = FakeTuning()
    name = ended(tuning, before, best(BEST))
    (running,) = run(tuning, project(tmp_path, {"churn": spec("churn", NARROWER)}), "InProgress")
    tuning.jobs[running]["BestTrainingJob"] = best(BEST, 0.99)
    last = last_run(reviewed, read_only(tuning))
    assert last is not None
    assert last.job == name
    tuning.jobs[name]["BestTrainingJob"] = best(BEST, None)
    assert last_run(reviewed, read_only(tuning)) is None


def test_a_renamed_spec_has_the_runs_of_its_old_name(tmp_path: Path) -> None:
    before = project(tmp_path, {"churn": spec("churn")})
    after = project(tmp_path, {"churn": spec("leave", WIDER)})
    reviewed = review(
        Side(label="a", compiled=tuple(before)), Side(label="b", compiled=tuple(after))
    )
    tuning = FakeTuning()
    name = ended(tuning, before, best(BEST))
    last = last_run(reviewed, read_only(tuning))
    assert last is not None
    assert last.job == name


def test_a_secret_is_hidden(tmp_path: Path) -> None:
    before, reviewed = changed(tmp_path, spec("churn"), spec("churn", WIDER))
    tuning = FakeTuning()
    key = "AKIA" + "ABCDEFGHIJKLMNOP"
    ended(tuning, before, best({"booster": key}))
    last = last_run(reviewed, read_only(tuning))
    assert last is not None
    assert dict(last.hyperparameters) == {"booster": "*" * len(key)}


def test_an_environment_that_cannot_be_read_is_a_note(tmp_path: Path) -> None:
    _, reviewed = changed(tmp_path, spec("churn"), spec("churn", WIDER))
    calls = []

    def refuse(environment: object) -> TuningReader:
        calls.append(environment)
        raise AwsError("the credentials have expired", code="ExpiredToken")

    twice = Review(
        old="a", new="b", compared=2, specs=(*reviewed.specs, *reviewed.specs), notes=("before",)
    )
    answer = with_last_runs(twice, refuse)
    assert len(calls) == 1
    assert answer.notes == (
        "before",
        "the last tuning jobs in dev were not read: the credentials have expired",
    )

"""The name, the warm-start parents and the running jobs, against those in the account."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hptc.rules.engine import selected
from tests.support.online_checks import (
    DEPLOYED,
    ROLE,
    SPEC,
    NewFindings,
    compiled,
    new_findings,
    online,
    whole,
)

PINNED = SPEC.replace("name: churn\n", "name: churn\njob_name: Churn-2026\n")


def job(request: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    assert request is not None
    return {**deepcopy(request), **changes}


def test_a_submitted_job_is_not_a_finding(tmp_path: Path) -> None:
    before = compiled(tmp_path, SPEC)
    for tags in ([{"Key": "hptc:digest", "Value": before[0].digest}], []):
        fake = whole()
        fake.tuning.add(job(before[0].request, Tags=tags))
        after, _ = online(before, fake)
        assert new_findings(after[0], before[0]) == []


@pytest.mark.parametrize(
    ("text", "name", "tags"),
    [
        pytest.param(SPEC, None, [{"Key": "hptc:digest", "Value": "another"}], id="digest"),
        pytest.param(PINNED, "Churn-2026", [], id="content"),
        pytest.param(PINNED, "churn-2026", [], id="other-case"),
    ],
)
def test_a_name_of_another_job(
    text: str, name: str | None, tags: list[dict[str, str]], tmp_path: Path
) -> None:
    before = compiled(tmp_path, text)
    request = before[0].request
    config = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    other = job(request, Tags=tags, HyperParameterTuningJobConfig=config)
    fake = whole()
    fake.tuning.add({**other, **({"HyperParameterTuningJobName": name} if name else {})})
    after, _ = online(before, fake)
    where = "name" if name is None else "job_name"
    assert new_findings(after[0], before[0]) == [("HPT901", "error", where)]


def test_a_name_within_another_is_free(tmp_path: Path) -> None:
    before = compiled(tmp_path, PINNED)
    fake = whole()
    fake.tuning.add(job(before[0].request, HyperParameterTuningJobName="churn-2026-again"))
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == []


CHILD = SPEC.replace("name: churn\n", "name: child\n") + (
    "warm_start: {type: TransferLearning, parents: [older-search]}\n"
)


def parent(request: dict[str, Any] | None, **definition: Any) -> dict[str, Any]:
    """The job as an earlier one, with a partly different definition."""
    description = job(request, HyperParameterTuningJobName="older-search")
    description.pop("WarmStartConfig")
    description["TrainingJobDefinition"] = {**description["TrainingJobDefinition"], **definition}
    return description


def test_a_parent_that_does_not_exist(tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    after, _ = online(before, whole())
    assert new_findings(after[0], before[0]) == [("HPT902", "error", "warm_start")]


def test_a_parent_spec_that_is_not_submitted_yet(tmp_path: Path) -> None:
    child = CHILD.replace("older-search", "churn")
    before = compiled(tmp_path, SPEC, child)
    after, _ = online(before, whole())
    assert new_findings(after[0], before[0]) == []
    assert new_findings(after[1], before[1]) == [("HPT902", "warning", "warm_start")]


STATES = {
    "Completed": [],
    "Stopped": [],
    "Failed": [],
    "InProgress": [("HPT903", "warning", "warm_start")],
    "Stopping": [("HPT903", "warning", "warm_start")],
}


@pytest.mark.parametrize(("status", "expected"), STATES.items(), ids=STATES)
def test_the_state_of_a_parent(status: str, expected: NewFindings, tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    fake = whole()
    fake.tuning.add(parent(before[0].request), status=status)
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == expected


def test_a_parent_from_before_october_2018(tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    fake = whole()
    fake.tuning.add(parent(before[0].request), status="Completed")
    fake.tuning.jobs["older-search"]["CreationTime"] = datetime(2018, 9, 30, tzinfo=UTC)
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == [("HPT904", "error", "warm_start")]


PARENTS: dict[str, tuple[dict[str, Any], NewFindings]] = {
    "as-aws-describes-it": (
        {"StaticHyperParameters": {"layers": "3", "_tuning_objective_metric": "loss"}},
        [],
    ),
    "one-more-hyperparameter": (
        {"StaticHyperParameters": {"layers": "3", "width": "8"}},
        [("HPT703", "error", "warm_start")],
    ),
    "one-less-hyperparameter": ({"StaticHyperParameters": {}}, [("HPT703", "error", "layers")]),
}


@pytest.mark.parametrize(("definition", "expected"), PARENTS.values(), ids=PARENTS)
def test_a_parent_that_is_not_a_spec_is_compared(
    definition: dict[str, Any], expected: NewFindings, tmp_path: Path
) -> None:
    before = compiled(tmp_path, CHILD)
    fake = whole()
    fake.tuning.add(parent(before[0].request, **definition), status="Completed")
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == expected
    # Rules that are not selected are not run here either.
    after, _ = online(before, fake, rules=selected(None, "HPT7"))
    assert new_findings(after[0], before[0]) == []


def test_identical_data_is_compared_when_deployed(tmp_path: Path) -> None:
    child = DEPLOYED.replace("name: churn\n", "name: child\n") + (
        "warm_start: {type: IdenticalDataAndAlgorithm, parents: [older-search]}\n"
    )
    before = compiled(tmp_path, child)
    fake = whole()
    fake.stacks.stacks["hptc-churn-dev-child"] = {"ExecutionRoleArn": ROLE}
    request = parent(before[0].request)
    data = request["TrainingJobDefinition"]["InputDataConfig"]
    for channel in data:
        source = channel["DataSource"]["S3DataSource"]
        source["S3Uri"] = source["S3Uri"].replace("${hptc:data_bucket}", "data")
    fake.tuning.add(request, status="Completed")
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == []
    fake.stacks.stacks["hptc-churn-dev"]["DataBucket"] = "data-2026"
    fake.inventory.region_of["data-2026"] = "us-east-1"
    fake.inventory.objects = ["s3://data-2026/churn/train/1", "s3://data-2026/churn/validation/1"]
    after, _ = online(before, fake)
    assert {code for code, *_ in new_findings(after[0], before[0])} == {"HPT711"}
    fake.stacks.stacks.pop("hptc-churn-dev")
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == []


def test_the_training_jobs_that_a_parent_ran_count(tmp_path: Path) -> None:
    before = compiled(tmp_path, CHILD)
    request = parent(before[0].request)
    config = request["HyperParameterTuningJobConfig"]
    request["HyperParameterTuningJobConfig"] = {
        **config, "ResourceLimits": {**config["ResourceLimits"], "MaxNumberOfTrainingJobs": 740},
    }  # fmt: skip
    fake = whole()
    fake.tuning.add(request, status="Stopped")
    after, _ = online(before, fake)
    assert [code for code, *_ in new_findings(after[0], before[0])] == ["HPT709"]
    fake.tuning.jobs["older-search"]["TrainingJobStatusCounters"] = {"Completed": 30, "Stopped": 3}
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == []


def test_a_hundred_running_jobs(tmp_path: Path) -> None:
    before = compiled(tmp_path, SPEC)
    fake = whole()
    for index in range(99):
        fake.tuning.add(job(before[0].request, HyperParameterTuningJobName=f"other-{index}"))
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == []
    fake.tuning.add(job(before[0].request, HyperParameterTuningJobName="other-99"))
    after, _ = online(before, fake)
    assert new_findings(after[0], before[0]) == [("HPT912", "warning", "name")]

"""The records of training jobs on this machine, as a tuning job and its search read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hptc.local.search.observation import Proposal
from hptc.local.training_records import (
    LOCAL,
    Progress,
    ended_record,
    new_record,
    objective_status,
    objective_value,
    observe,
    resources,
    training_job_name,
    tuning_job_name,
)

STARTED = datetime(2026, 10, 1, tzinfo=UTC)
INSTANCES = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
DEFINITION = {
    "AlgorithmSpecification": {"TrainingInputMode": "File"},
    "StaticHyperParameters": {"epochs": "5"},
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": INSTANCES,
}


def started() -> dict[str, Any]:
    return new_record(
        "churn-007-0a1b2c3d",
        7,
        Proposal(definition="", values={"rate": "0.1", "depth": "3"}),
        DEFINITION,
        objective="loss",
        arn_prefix="arn:aws:sagemaker:us-east-1:000000000000",
        tuning_job="churn",
        created=STARTED,
    )


def ended(status: str, seconds: float = 90, **last: float) -> dict[str, Any]:
    time = STARTED + timedelta(seconds=seconds)
    progress = Progress(reports=(0.5, 0.4), last={name: (last[name], time) for name in last})
    return ended_record(
        started(), progress, status=status, secondary=status, reason="", ended=time, model=""
    )


def test_a_name_has_the_number_and_8_digits() -> None:
    name = training_job_name("churn-2026", 7, STARTED)
    assert name.startswith("churn-2026-007-")
    assert len(name) == len("churn-2026-007-0a1b2c3d")
    assert tuning_job_name(name) == "churn-2026"
    assert training_job_name("churn-2026", 7, STARTED + timedelta(seconds=1)) != name


def test_a_record_that_starts() -> None:
    record = started()
    assert record["HyperParameters"] == {
        "epochs": "5", "rate": "0.1", "depth": "3", "_tuning_objective_metric": "loss"
    }  # fmt: skip
    assert record[LOCAL] == {
        "Number": 7, "Definition": "", "Tuned": ["depth", "rate"], "Attempt": 1
    }  # fmt: skip
    assert record["EnableNetworkIsolation"] is False
    assert record["OutputDataConfig"] == {"KmsKeyId": "", "S3OutputPath": "s3://bucket/out"}
    assert objective_status(record) == "Pending"
    assert observe(record, [0.7]).reports == (0.7,)


@pytest.mark.parametrize(
    ("record", "status", "state", "objective"),
    [
        (ended("Completed", loss=0.3), "Succeeded", "succeeded", 0.3),
        (ended("Completed", accuracy=0.9), "Failed", "failed", None),
        (ended("Stopped", loss=0.3), "Succeeded", "stopped", 0.3),
        (ended("Stopped"), "Failed", "stopped", None),
        (ended("Failed", loss=0.3), "Failed", "failed", None),
    ],
    ids=["completed", "without a value", "stopped", "stopped without a value", "failed"],
)
def test_a_record_that_has_ended(
    record: dict[str, Any], status: str, state: str, objective: float | None
) -> None:
    assert objective_status(record) == status
    observation = observe(record)
    assert (observation.number, observation.state, observation.objective) == (7, state, objective)
    assert observation.reports == (0.5, 0.4)
    assert observation.values == {"depth": "3", "rate": "0.1"}


@pytest.mark.parametrize(("seconds", "expected"), [(90.4, 90), (0, 0), (-5, 0)])
def test_its_time(seconds: float, expected: int) -> None:
    """A clock that is set back makes no negative time."""
    record = ended("Completed", seconds, loss=0.3)
    assert record["TrainingTimeInSeconds"] == expected
    assert record["BillableTimeInSeconds"] == 0
    first, last = record["SecondaryStatusTransitions"]
    assert first["EndTime"] == last["StartTime"] == last["EndTime"] == record["TrainingEndTime"]
    assert objective_value(record) == 0.3


def test_the_first_choice_of_instances() -> None:
    flexible = {
        "AllocationStrategy": "Prioritized",
        "VolumeSizeInGB": 30,
        "InstanceConfigs": [
            {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        ],
    }
    assert resources({"ResourceConfig": INSTANCES}) == INSTANCES
    assert resources({"HyperParameterTuningResourceConfig": flexible}) == INSTANCES
    assert resources({}) == {}

"""What the service returns has the shape of AWS's own responses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from hptc.errors import UsageError
from hptc.local.service import LocalTuning
from hptc.service.interface import Tuning
from hptc.service.lookup import described_request, job_status
from tests.support.local_runs import local_tuning, run, tuning_request

PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": datetime,
}


def output_shape(operation: str) -> Shape:
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model(operation).output_shape
    assert shape is not None
    return shape


def faults(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Where a value is not what a shape of botocore's model says."""
    match shape:
        case StructureShape():
            for name in shape.required_members:
                if name not in value:
                    yield f"{path}.{name} is missing"
            for name, item in value.items():
                if name not in shape.members:
                    yield f"{path}.{name} is unknown"
                else:
                    yield from faults(shape.members[name], item, f"{path}.{name}")
        case ListShape():
            for index, item in enumerate(value):
                yield from faults(shape.member, item, f"{path}[{index}]")
        case MapShape():
            for key, item in value.items():
                yield from faults(shape.value, item, f"{path}[{key}]")
        case _:
            if not isinstance(value, PYTHON_TYPES[shape.type_name]):
                yield f"{path} is {value!r}, and not a {shape.type_name}"
            enum = getattr(shape, "enum", None)
            if enum and value not in enum:
                yield f"{path} is {value!r}"


@pytest.fixture(scope="module")
def tuning(tmp_path_factory: pytest.TempPathFactory) -> LocalTuning:
    """A tuning job whose second training job has failed."""
    script = "echo loss=0.5; case $TRAINING_JOB_NAME in *-002-*) exit 1;; esac"
    tuning = local_tuning(tmp_path_factory.mktemp("service"), script)
    run(tuning, tuning_request(jobs=3, Tags=[{"Key": "team", "Value": "growth"}]))
    return tuning


def test_it_is_a_tuning_service(tuning: Tuning) -> None:
    assert tuning.region == "local"


def test_a_tuning_job_is_described_as_aws_does(tuning: LocalTuning) -> None:
    description = tuning.describe("demo")
    assert description is not None
    assert list(faults(output_shape("DescribeHyperParameterTuningJob"), description)) == []
    definition = description["TrainingJobDefinition"]
    assert definition["StaticHyperParameters"]["_tuning_objective_metric"] == "loss"
    metrics = definition["AlgorithmSpecification"]["MetricDefinitions"]
    assert metrics[-1] == {"Name": "ObjectiveMetric", "Regex": "loss=([0-9.]+)"}
    assert definition["EnableNetworkIsolation"] is False
    assert description["TrainingJobStatusCounters"] == {
        "Completed": 2, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 1, "Stopped": 0
    }  # fmt: skip
    assert description["ObjectiveStatusCounters"] == {"Succeeded": 2, "Pending": 0, "Failed": 1}
    details = description["TuningJobCompletionDetails"]
    assert details == {"NumberOfTrainingJobsObjectiveNotImproving": 1}
    assert tuning.describe("other") is None


def test_training_jobs_are_described_as_aws_does(tuning: LocalTuning) -> None:
    jobs = list(tuning.list_training_jobs("demo"))
    assert [job.name[:9] for job in jobs] == ["demo-003-", "demo-002-", "demo-001-"]
    assert [job.status for job in jobs] == ["Completed", "Failed", "Completed"]
    assert [job.objective_status for job in jobs] == ["Succeeded", "Failed", "Succeeded"]
    for job in jobs:
        description = tuning.describe_training_job(job.name)
        assert description is not None
        assert list(faults(output_shape("DescribeTrainingJob"), description)) == []
        assert description["HyperParameters"]["_tuning_objective_metric"] == "loss"
        assert tuning.billable_seconds(job.name) == 0
    assert tuning.describe_training_job("demo-001-00000000") is None
    assert tuning.billable_seconds("other") is None
    assert len(list(tuning.list_training_jobs("demo", limit=1))) == 1


def test_the_request_of_a_tuning_job_can_be_imported(tuning: LocalTuning) -> None:
    request = described_request(tuning, "demo")
    assert request["Tags"] == [{"Key": "team", "Value": "growth"}]
    assert job_status(tuning, "demo").strategy == "Random"


def test_jobs_are_listed_newest_first(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)
    for name in ("one", "two"):
        run(tuning, tuning_request(name, jobs=1))
    assert [job.name for job in tuning.list_jobs()] == ["two", "one"]
    assert [job.name for job in tuning.list_jobs(name_contains="n")] == ["one"]
    assert [job.name for job in tuning.list_jobs(status="Failed")] == []
    assert [job.name for job in tuning.list_jobs(limit=1)] == ["two"]


def test_the_log_of_a_training_job(tuning: LocalTuning) -> None:
    job = next(tuning.list_training_jobs("demo")).name
    events = list(tuning.log_events(job))
    assert [event.message for event in events] == ["loss=0.5"]
    assert events == list(tuning.log_events(job, since=events[0].time)), "times are stable"
    assert events[0].stream == f"{job}/algo-1"
    later = datetime.now(UTC) + timedelta(hours=1)
    assert list(tuning.log_events(job, since=later)) == []
    assert list(tuning.log_events(job, tail=0)) == []
    assert list(tuning.log_events("demo-001-00000000")) == []


def test_code_is_stored_once(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)
    assert tuning.store("bucket", "a/code.tar.gz", lambda: b"code", kms_key_id=None)
    assert not tuning.store("bucket", "a/code.tar.gz", lambda: b"other", kms_key_id=None)
    assert (tmp_path / "jobs/.s3/bucket/a/code.tar.gz").read_bytes() == b"code"
    assert list(tuning.list_jobs()) == []


@pytest.mark.parametrize("name", ["../demo", "", "a/b", ".", "demo\n"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    tuning = local_tuning(tmp_path)
    with pytest.raises(UsageError, match="is not a valid name"):
        tuning.prepare(tuning_request(name))
    assert tuning.describe(name) is None
    assert tuning.describe_training_job(f"{name}-001-00000000") is None

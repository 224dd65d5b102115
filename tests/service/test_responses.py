"""Reading responses of the service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hptc.errors import OperationError
from hptc.service.lookup import describe, described_request
from hptc.service.responses import read_status
from hptc.service.tuning_jobs import ObjectiveCounters, TrainingJobCounters
from tests.support.fake_service import FakeTuning

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DESCRIPTION: dict[str, Any] = {
    "HyperParameterTuningJobName": "churn-1a2b3c4d",
    "HyperParameterTuningJobArn": "arn:x",
    "HyperParameterTuningJobStatus": "InProgress",
    "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": {}},
    "CreationTime": datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
    "LastModifiedTime": datetime(2026, 3, 1, 11, 0, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, 7200, id="running, until now"),
        pytest.param({"HyperParameterTuningJobStatus": "Stopped"}, 3600, id="over, without an end"),
        pytest.param(
            {"HyperParameterTuningEndTime": datetime(2026, 3, 1, 10, 1, tzinfo=UTC)}, 60, id="end"
        ),
        pytest.param(
            {"CreationTime": datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)}, 0, id="a slow clock here"
        ),
    ],
)
def test_elapsed_time(status: dict[str, Any], expected: int) -> None:
    job_status = read_status({**DESCRIPTION, **status}, {}, now=NOW)
    assert job_status.elapsed_seconds == expected


def test_optional_members_are_empty() -> None:
    status = read_status(DESCRIPTION, {}, now=NOW)
    assert (status.ended, status.consumed_seconds, status.best, status.overall_best) == (None,) * 4
    assert (status.failure_reason, status.warm_start_type, status.parents) == ("", "", ())
    assert status.training_jobs == TrainingJobCounters(
        completed=0, in_progress=0, retryable_error=0, non_retryable_error=0, stopped=0
    )
    assert status.objectives == ObjectiveCounters(succeeded=0, pending=0, failed=0)
    assert status.limits.max_training_jobs is None


def test_a_described_request_has_only_its_authors_tags() -> None:
    tuning = FakeTuning(
        jobs={"churn-1a2b3c4d": {**DESCRIPTION, "ResponseMetadata": {"RequestId": "1"}}},
        tags={"arn:x": {"hptc:spec": "specs/churn.yaml", "aws:x": "1", "team": "growth"}},
    )
    description = described_request(tuning, "churn-1a2b3c4d")
    assert description == {**DESCRIPTION, "Tags": [{"Key": "team", "Value": "growth"}]}


def test_an_absent_tuning_job_is_an_error() -> None:
    with pytest.raises(OperationError, match="`nope` found in us-east-1") as raised:
        describe(FakeTuning(), "nope")
    assert "hptc list" in raised.value.help

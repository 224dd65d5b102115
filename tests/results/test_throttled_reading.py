"""The results of a tuning job of the largest size, while AWS accepts two calls a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

from hptc.aws.client import connected
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.catalog.prices import packaged
from hptc.results.gather import ReadOptions, read_results
from tests.support.fake_service import FakeTime
from tests.support.tuned_jobs import END, SPOT, START, compiled

pytestmark = pytest.mark.usefixtures("credentials")

JOBS = 750
CALLS_PER_SECOND = 2
ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/churn"


@dataclass
class ThrottledAws:
    """SageMaker with one tuning job and a token bucket that fills by `CALLS_PER_SECOND`."""

    time: FakeTime
    tokens: float = CALLS_PER_SECOND
    filled_at: float = 0.0
    accepted: int = 0
    refused: int = 0

    def answer(self, model: OperationModel, params: dict[str, Any], **_: Any) -> Any:
        """Answer a call in place of the network, as botocore's Stubber does."""
        elapsed, self.filled_at = self.time.now - self.filled_at, self.time.now
        self.tokens = min(self.tokens + elapsed * CALLS_PER_SECOND, CALLS_PER_SECOND)
        if self.tokens < 1:
            self.refused += 1
            error = {"Code": "ThrottlingException", "Message": "Rate exceeded"}
            return AWSResponse("", 400, HTTPHeaders(), None), {
                "Error": error,
                "ResponseMetadata": {},
            }
        self.tokens -= 1
        self.accepted += 1
        body = getattr(self, model.name)(params)
        return AWSResponse("", 200, HTTPHeaders(), None), {**body, "ResponseMetadata": {}}

    def DescribeHyperParameterTuningJob(self, _: object) -> dict[str, Any]:  # noqa: N802
        return {
            **compiled(SPOT).request,
            "HyperParameterTuningJobArn": ARN,
            "HyperParameterTuningJobStatus": "Completed",
            "CreationTime": START,
            "TrainingJobStatusCounters": {"Completed": JOBS},
        }

    def ListTags(self, _: object) -> dict[str, Any]:  # noqa: N802
        return {"Tags": []}

    def ListTrainingJobsForHyperParameterTuningJob(  # noqa: N802
        self, params: dict[str, Any]
    ) -> dict[str, Any]:
        body = params["body"].decode() if isinstance(params["body"], bytes) else params["body"]
        first = int(body.partition('"NextToken": "')[2].partition('"')[0] or 0)
        last = min(first + 100, JOBS)
        more = {"NextToken": str(last)} if last < JOBS else {}
        return {
            "TrainingJobSummaries": [self._summary(JOBS - n) for n in range(first, last)],
            **more,
        }

    def DescribeTrainingJob(self, _: object) -> dict[str, Any]:  # noqa: N802
        return {"BillableTimeInSeconds": 300}

    def _summary(self, number: int) -> dict[str, Any]:
        started = datetime(2026, 10, 5, 8, tzinfo=UTC) + timedelta(seconds=number)
        return {
            "TrainingJobName": f"churn-{number:03}",
            "TrainingJobStatus": "Completed",
            "CreationTime": started,
            "TrainingStartTime": started,
            "TrainingEndTime": started + timedelta(seconds=600),
            "TunedHyperParameters": {"eta": "0.1"},
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "auc", "Value": 0.5},
        }


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


def test_every_call_succeeds_in_the_time_that_the_rate_needs() -> None:
    time, lines = FakeTime(), list[str]()
    service = ThrottledAws(time)
    retry = Retry(progress=lines.append, sleep=time.sleep, clock=time.clock, random=lambda: 0.5)
    connection = Connection(None, region="us-east-1", retry=retry)
    connection.sagemaker.meta.events.register("before-call.sagemaker", service.answer)
    steps: list[tuple[str, int, int]] = []
    results = read_results(
        connected(connection).tuning,
        "churn",
        packaged(),
        options=ReadOptions(reads_all_costs=True, reads_logs=False),
        progress=lambda verb, _, done, total: steps.append((verb, done, total)),
        now=END,
    )
    assert [training_job.number for training_job in results.training_jobs] == list(
        range(1, JOBS + 1)
    )
    assert {training_job.billable_seconds for training_job in results.training_jobs} == {300}
    assert steps == [
        *(("reading", done, JOBS) for done in range(1, JOBS + 1)),
        *(("describing", done, JOBS) for done in range(1, JOBS + 1)),
    ]
    assert service.accepted == 2 + 8 + JOBS
    # Half a second after a refusal, the next call is accepted: no more refusals than calls.
    assert service.refused <= service.accepted
    assert time.now < service.accepted / CALLS_PER_SECOND + 1
    assert lines[0].startswith("AWS is throttling requests (Rate exceeded")


def test_without_all_costs_ten_descriptions_are_enough() -> None:
    time = FakeTime()
    service = ThrottledAws(time)
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)
    connection = Connection(None, region="us-east-1", retry=retry)
    connection.sagemaker.meta.events.register("before-call.sagemaker", service.answer)
    options = ReadOptions(top=10, reads_logs=False)
    read_results(connected(connection).tuning, "churn", packaged(), options=options, now=END)
    assert service.accepted == 2 + 8 + 10
    assert time.now < 10

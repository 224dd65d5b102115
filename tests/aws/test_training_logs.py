"""The logs of training jobs: against moto, and with stubbed pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hptc.aws.client import connected
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.errors import AwsError
from hptc.infrastructure.log_permissions import LOG_GROUP
from hptc.service.interface import Tuning
from hptc.service.tuning_jobs import LogEvent
from tests.support.fake_service import FakeTime

START = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "churn-001-0f0444b1"
STREAM = f"{NAME}/algo-1-1767225600"
OTHER = f"{NAME}/algo-2-1767225600"


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


@pytest.fixture
def connection(credentials: None) -> Connection:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)
    return Connection(None, region="us-east-1", retry=retry)


@pytest.mark.usefixtures("aws")
class TestAgainstMoto:
    @pytest.fixture
    def tuning(self, aws: None, connection: Connection) -> Tuning:
        return connected(connection).tuning

    @pytest.fixture
    def _logged(self, aws: None) -> None:
        client = boto3.client("logs", region_name="us-east-1")
        client.create_log_group(logGroupName=LOG_GROUP)
        # moto drops events that are older than the 14 days that CloudWatch Logs accepts.
        now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        for number, stream in enumerate([STREAM, OTHER, "churn-0010-1/algo-1-1"]):
            client.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
            client.put_log_events(
                logGroupName=LOG_GROUP,
                logStreamName=stream,
                logEvents=[
                    {
                        "timestamp": milliseconds(now + timedelta(seconds=10 * line + number)),
                        "message": f"host {number + 1} line {line}",
                    }
                    for line in range(20)
                ],
            )

    @pytest.mark.usefixtures("_logged")
    def test_the_lines_of_every_instance_in_order(self, tuning: Tuning) -> None:
        events = list(tuning.log_events(NAME))
        lines = [f"host {host} line {line}" for line in range(20) for host in (1, 2)]
        assert [event.message for event in events] == lines
        assert [event.stream for event in events[:2]] == [STREAM, OTHER]

    @pytest.mark.usefixtures("_logged")
    @pytest.mark.parametrize("tail", [0, 1, 5, 40, 41])
    def test_a_tail_is_the_end_of_all(self, tuning: Tuning, tail: int) -> None:
        everything = list(tuning.log_events(NAME))
        events = list(tuning.log_events(NAME, tail=tail))
        assert events == everything[max(0, 40 - tail) :]

    @pytest.mark.usefixtures("_logged")
    @pytest.mark.parametrize("tail", [None, 3])
    def test_since_includes_its_moment(self, tuning: Tuning, tail: int | None) -> None:
        everything = list(tuning.log_events(NAME))
        events = list(tuning.log_events(NAME, since=everything[-5].time, tail=tail))
        assert events == everything[-(tail or 5) :]

    @pytest.mark.parametrize("tail", [None, 5])
    def test_no_log_group_yet(self, tuning: Tuning, tail: int | None) -> None:
        assert not list(tuning.log_events(NAME, tail=tail))

    @pytest.mark.usefixtures("_logged")
    def test_a_training_job_without_logs(self, tuning: Tuning) -> None:
        assert not list(tuning.log_events("churn-002-aaaaaaaa", tail=5))

    def test_no_such_training_job(self, tuning: Tuning) -> None:
        assert tuning.describe_training_job("nope") is None


class TestStubbed:
    def event(self, line: int, **members: Any) -> dict[str, Any]:
        time = milliseconds(START + timedelta(seconds=line))
        return {"timestamp": time, "message": f"line {line}", **members}

    def test_empty_pages_and_throttling_lose_no_line(self, connection: Connection) -> None:
        request = {
            "logGroupName": LOG_GROUP,
            "logStreamNamePrefix": f"{NAME}/algo-",
            "interleaved": True,
        }
        start = {**request, "startTime": milliseconds(START)}
        operation = "filter_log_events"
        of_stream = {"logStreamName": STREAM}
        with Stubber(connection.client("logs")) as stub:
            stub.add_response(operation, {"events": [], "nextToken": "a"}, start)
            stub.add_client_error(operation, "ThrottlingException", "Rate exceeded")
            page: dict[str, Any] = {"events": [self.event(1, **of_stream)], "nextToken": "b"}
            stub.add_response(operation, page, {**start, "nextToken": "a"})
            page = {"events": [self.event(2, **of_stream)]}
            stub.add_response(operation, page, {**start, "nextToken": "b"})
            events = list(connected(connection).tuning.log_events(NAME, since=START))
            stub.assert_no_pending_responses()
        assert events == [
            LogEvent(time=START + timedelta(seconds=line), message=f"line {line}", stream=STREAM)
            for line in (1, 2)
        ]

    def test_a_tail_goes_back_past_a_page_that_is_not_full(self, connection: Connection) -> None:
        streams = {"logGroupName": LOG_GROUP, "logStreamNamePrefix": f"{NAME}/algo-"}
        stream = {"logGroupName": LOG_GROUP, "logStreamName": STREAM}
        operation = "get_log_events"
        with Stubber(connection.client("logs")) as stub:
            page: dict[str, Any] = {"logStreams": [{"logStreamName": STREAM}]}
            stub.add_response("describe_log_streams", page, streams)
            page = {"events": [self.event(9)], "nextBackwardToken": "a"}
            stub.add_response(operation, page, {**stream, "limit": 3})
            empty: dict[str, Any] = {"events": [], "nextBackwardToken": "b"}
            stub.add_response(operation, empty, {**stream, "limit": 2, "nextToken": "a"})
            page = {"events": [self.event(8)], "nextBackwardToken": "c"}
            stub.add_response(operation, page, {**stream, "limit": 2, "nextToken": "b"})
            last: dict[str, Any] = {"events": [], "nextBackwardToken": "c"}
            stub.add_response(operation, last, {**stream, "limit": 1, "nextToken": "c"})
            events = list(connected(connection).tuning.log_events(NAME, tail=3))
            stub.assert_no_pending_responses()
        assert [event.message for event in events] == ["line 8", "line 9"]

    def test_a_refusal_is_an_error(self, connection: Connection) -> None:
        message = "User: x is not authorized to perform: logs:FilterLogEvents on resource: y"
        with Stubber(connection.client("logs")) as stub:
            stub.add_client_error("filter_log_events", "AccessDeniedException", message)
            with pytest.raises(AwsError, match="not authorized"):
                list(connected(connection).tuning.log_events(NAME))

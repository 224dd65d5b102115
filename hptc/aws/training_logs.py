"""Reads the logs of training jobs from CloudWatch Logs.

Each instance of a training job has a log stream, `<training job>/algo-<instance>-<time>`:
https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Any

from hptc.errors import AwsError
from hptc.infrastructure.log_permissions import LOG_GROUP
from hptc.service.tuning_jobs import LogEvent

_LARGEST_PAGE = 10_000
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html"""

Call = Callable[[str, Callable[[], Any]], Any]
"""Makes one call, with retries: `(IAM action, call)`."""


def read_log_events(
    call: Call, logs: Any, training_job: str, *, since: datetime | None, tail: int | None
) -> Iterator[LogEvent]:
    """The log events of a training job, oldest first; none if it has not logged anything yet.

    `logs` is a CloudWatch Logs client. Without `tail`, each page is one call, made when it is
    needed. With it, only the end of each stream is read.
    """
    start = {} if since is None else {"startTime": int(since.timestamp() * 1000)}
    try:
        if tail is None:
            yield from _all_events(call, logs, training_job, start)
        elif tail > 0:
            yield from _last_events(call, logs, training_job, start, tail)
    except AwsError as error:
        # The group does not exist before the first training job of the account, nor a stream that
        # was deleted after it was listed.
        if error.code != "ResourceNotFoundException":
            raise


def _prefix(training_job: str) -> str:
    return f"{training_job}/algo-"


def _all_events(
    call: Call, logs: Any, training_job: str, start: Mapping[str, Any]
) -> Iterator[LogEvent]:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html

    A page may be empty although there are more.
    """
    page: dict[str, Any] = {
        "logGroupName": LOG_GROUP,
        "logStreamNamePrefix": _prefix(training_job),
        "interleaved": True,  # what AWS always does, and moto only if asked: order by time
        **start,
    }
    while True:
        response = call("logs:FilterLogEvents", partial(logs.filter_log_events, **page))
        for event in response["events"]:
            if event["logStreamName"].startswith(page["logStreamNamePrefix"]):  # moto ignores it
                yield _event(event, event["logStreamName"])
        if not response.get("nextToken"):
            return
        page["nextToken"] = response["nextToken"]


def _last_events(
    call: Call, logs: Any, training_job: str, start: Mapping[str, Any], tail: int
) -> list[LogEvent]:
    events = [
        event
        for stream in _streams(call, logs, training_job)
        for event in _end_of_stream(call, logs, stream, start, tail)
    ]
    return sorted(events, key=attrgetter("time"))[-tail:]


def _streams(call: Call, logs: Any, training_job: str) -> Iterator[str]:
    page: dict[str, Any] = {
        "logGroupName": LOG_GROUP,
        "logStreamNamePrefix": _prefix(training_job),
    }
    while True:
        response = call("logs:DescribeLogStreams", partial(logs.describe_log_streams, **page))
        yield from (stream["logStreamName"] for stream in response["logStreams"])
        if not response.get("nextToken"):
            return
        page["nextToken"] = response["nextToken"]


def _end_of_stream(
    call: Call, logs: Any, stream: str, start: Mapping[str, Any], tail: int
) -> list[LogEvent]:
    """The last events of a stream, oldest first.

    The pages go backwards. One that is not full, or empty, need not be the last: the last one
    repeats the token that it was asked for.
    """
    page: dict[str, Any] = {"logGroupName": LOG_GROUP, "logStreamName": stream, **start}
    events: list[LogEvent] = []
    while len(events) < tail:
        page["limit"] = min(tail - len(events), _LARGEST_PAGE)
        response = call("logs:GetLogEvents", partial(logs.get_log_events, **page))
        events = [_event(event, stream) for event in response["events"]] + events
        token = response.get("nextBackwardToken")
        if not token or token == page.get("nextToken"):
            break
        page["nextToken"] = token
    return events


def _event(event: Mapping[str, Any], stream: str) -> LogEvent:
    return LogEvent(
        time=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        message=event["message"],
        stream=stream,
    )

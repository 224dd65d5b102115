"""Filters, sorts and pages what the List operations of tuning jobs return.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListHyperParameterTuningJobs.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobsForHyperParameterTuningJob.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hptc.errors import AwsError

Summary = Mapping[str, Any]

_DEFAULT_SIZE = 10
_JOB, _TRAINING_JOB = "HyperParameterTuningJobName", "TrainingJobName"
_METRIC = "FinalHyperParameterTuningJobObjectiveMetric"


def page_of_tuning_jobs(
    summaries: Sequence[Summary], request: Mapping[str, Any]
) -> tuple[list[Summary], str | None]:
    """The tuning jobs of one page, and the token of the next one."""
    key = _sort_key(
        request,
        {
            "Name": lambda summary: summary[_JOB],
            "Status": lambda summary: summary["HyperParameterTuningJobStatus"],
            "CreationTime": lambda summary: summary["CreationTime"],
        },
    )
    matching = [summary for summary in summaries if _matches(summary, request)]
    return _page(matching, request, key, _JOB)


def page_of_training_jobs(
    summaries: Sequence[Summary], request: Mapping[str, Any]
) -> tuple[list[Summary], str | None]:
    """The training jobs of one page, and the token of the next one."""
    key = _sort_key(
        request,
        {
            "Name": lambda summary: summary[_TRAINING_JOB],
            "Status": lambda summary: summary["TrainingJobStatus"],
            "CreationTime": lambda summary: summary["CreationTime"],
            "FinalObjectiveMetricValue": lambda summary: summary[_METRIC]["Value"],
        },
    )
    status = request.get("StatusEquals")
    matching = [summary for summary in summaries if status in (None, summary["TrainingJobStatus"])]
    if request.get("SortBy") == "FinalObjectiveMetricValue":
        matching = [summary for summary in matching if _METRIC in summary]
    return _page(matching, request, key, _TRAINING_JOB)


def _matches(summary: Summary, request: Mapping[str, Any]) -> bool:
    created, modified = summary["CreationTime"], summary["LastModifiedTime"]
    return (
        request.get("NameContains", "") in summary[_JOB]
        and request.get("StatusEquals") in (None, summary["HyperParameterTuningJobStatus"])
        and _is_between(created, request, "CreationTime")
        and _is_between(modified, request, "LastModifiedTime")
    )


def _is_between(time: datetime, request: Mapping[str, Any], name: str) -> bool:
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    return (after is None or time > _read_time(after)) and (
        before is None or time < _read_time(before)
    )


def _read_time(value: float | str) -> datetime:
    """A time in a request: seconds since the epoch, or text in ISO 8601 format."""
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    return datetime.fromtimestamp(value, UTC)


def _sort_key(
    request: Mapping[str, Any], keys: Mapping[str, Callable[[Summary], Any]]
) -> Callable[[Summary], Any]:
    name = request.get("SortBy") or "Name"
    if name not in keys:
        raise AwsError(
            f"1 validation error detected: Value '{name}' at 'sortBy' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(keys)}]",
            code="ValidationException",
        )
    return keys[name]


def _page(
    matching: list[Summary],
    request: Mapping[str, Any],
    key: Callable[[Summary], Any],
    name: str,
) -> tuple[list[Summary], str | None]:
    """The jobs after the one that NextToken names: a new job must not shift the pages."""
    order = request.get("SortOrder") or "Ascending"
    matching.sort(key=lambda summary: (key(summary), summary[name]), reverse=order == "Descending")
    size = request.get("MaxResults") or _DEFAULT_SIZE
    token = request.get("NextToken")
    start = 0
    if token:
        names = [summary[name] for summary in matching]
        last = _read_token(token)
        if last not in names:
            raise AwsError(f"Invalid NextToken: {token}", code="ValidationException")
        start = names.index(last) + 1
    page = matching[start : start + size]
    is_last = start + size >= len(matching)
    return page, None if is_last else base64.b64encode(page[-1][name].encode()).decode()


def _read_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""

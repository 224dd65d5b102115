"""The request of a tuning job in the CloudTrail event that records its creation.

A file is an event, a file of a trail (`Records`), or the output of `aws cloudtrail lookup-events`:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.tool_formats.embedded_json import embedded_mapping
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion
from hptc.tool_formats.selection import Selection
from hptc.tool_formats.untyped_values import as_list

_EVENT = "CreateHyperParameterTuningJob"
_NAME = "hyperParameterTuningJobName"
_SELECTION = Selection(
    noun="event",
    option="--resource",
    none=f"no event in this file is {_EVENT} with its request",
    help="look for it with: aws cloudtrail lookup-events --lookup-attributes "
    f"AttributeKey=EventName,AttributeValue={_EVENT}",
)


def is_cloudtrail(data: Mapping[str, Any]) -> bool:
    """Whether a file has CloudTrail events."""
    if "eventName" in data and "requestParameters" in data:
        return True
    records, events = data.get("Records"), data.get("Events")
    return any(
        isinstance(entry, Mapping) and key in entry
        for entries, key in ((records, "eventName"), (events, "CloudTrailEvent"))
        if isinstance(entries, list)
        for entry in entries[:1]
    )


def read_cloudtrail(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of the only event that creates one, or the one named `selected`."""
    requests = [
        event["requestParameters"]
        for event in _events(data)
        if event.get("eventName") == _EVENT and isinstance(event.get("requestParameters"), Mapping)
    ]
    named = [(str(request.get(_NAME)), request) for request in requests]
    conversion = Conversion()
    request = conversion.request(_SELECTION.select(named, selected))
    return ImportedJob(request=request, form="a CloudTrail event", notes=conversion.notes())


def _events(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "eventName" in data:
        yield data
    for entry in as_list(data.get("Records")):
        if isinstance(entry, Mapping):
            yield entry
    for entry in as_list(data.get("Events")):
        event = (
            embedded_mapping(entry.get("CloudTrailEvent")) if isinstance(entry, Mapping) else None
        )
        if event is not None:
            yield event

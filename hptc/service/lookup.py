"""Looks up one tuning job by its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hptc.errors import OperationError
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.request.emission import Request
from hptc.service.interface import TuningReader
from hptc.service.responses import read_status
from hptc.service.tuning_jobs import JobStatus


def describe(tuning: TuningReader, name: str) -> Mapping[str, Any]:
    """The description of a tuning job. Raises OperationError if it does not exist."""
    description = tuning.describe(name)
    if description is None:
        raise OperationError(
            f"no tuning job `{name}` found in {tuning.region}",
            help="`hptc list` lists the tuning jobs",
        )
    return description


def job_status(tuning: TuningReader, name: str, *, now: datetime | None = None) -> JobStatus:
    """The status of a tuning job. Raises OperationError if it does not exist."""
    description = describe(tuning, name)
    tags = tuning.list_tags(description["HyperParameterTuningJobArn"])
    return read_status(description, tags, now=now or datetime.now(UTC))


def described_request(tuning: TuningReader, name: str) -> Request:
    """The description of a tuning job, with the tags that its author gave it.

    Raises OperationError if it does not exist.
    """
    description = describe(tuning, name)
    tags = tuning.list_tags(description["HyperParameterTuningJobArn"])
    own = [
        {"Key": key, "Value": value}
        for key, value in tags.items()
        if not key.lower().startswith((TAG_PREFIX, "aws:"))
    ]
    plain = {key: value for key, value in description.items() if key != "ResponseMetadata"}
    return {**plain, **({"Tags": own} if own else {})}

"""Groups failed training jobs by their reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from hptc.errors import AwsError
from hptc.frozen import frozen
from hptc.secrets.detector import hide_secrets
from hptc.service.interface import TuningReader
from hptc.service.tuning_jobs import LogEvent

MAX_GROUPS_WITH_LOGS = 5
"""The logs of this many groups are read: a few calls each."""
LOG_LINES = 8
_MAX_LINE_LENGTH = 500
_MAX_SEARCHED_LENGTH = 10 * _MAX_LINE_LENGTH
_UNKNOWN = "AWS reports no reason"

# What differs between training jobs that fail for the same reason.
_VARYING = re.compile(
    r"arn:aws[\w-]*:\S+"
    r"|\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"  # a request's ID
    r"|\b(?:0x)?[0-9a-fA-F]{8,64}\b"
    r"|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
"""How a program colors its output on a terminal."""


class FailedJob(Protocol):
    """A training job that failed."""

    @property
    def name(self) -> str:
        """The name of the training job."""

    @property
    def failure_reason(self) -> str:
        """The reason that the service reports."""


@frozen
class FailureGroup:
    """Training jobs that failed for the same reason. Secrets are hidden."""

    reason: str  # of the first one
    training_jobs: tuple[str, ...]
    logged_by: str = ""  # the training job whose log this is
    log: tuple[str, ...] = ()  # its last lines
    log_error: str = ""  # why the log can't be read


def group_failures(failed: Sequence[FailedJob]) -> tuple[FailureGroup, ...]:
    """The groups, the largest first. Numbers, names and IDs in a reason make no difference."""
    groups: dict[str, list[FailedJob]] = {}
    for job in failed:
        text = job.failure_reason.replace(job.name, "")
        groups.setdefault(_VARYING.sub("#", text), []).append(job)
    ordered = sorted(groups.values(), key=len, reverse=True)
    return tuple(
        FailureGroup(
            reason=hide_secrets(jobs[0].failure_reason) or _UNKNOWN,
            training_jobs=tuple(job.name for job in jobs),
        )
        for jobs in ordered
    )


def with_logs(groups: Sequence[FailureGroup], tuning: TuningReader) -> tuple[FailureGroup, ...]:
    """The groups, each of the largest with the end of one training job's log.

    A log that can't be read is not an error: people who may read results may not be allowed to read
    logs.
    """
    return tuple(
        _with_log(group, tuning) if index < MAX_GROUPS_WITH_LOGS else group
        for index, group in enumerate(groups)
    )


def _with_log(group: FailureGroup, tuning: TuningReader) -> FailureGroup:
    name = group.training_jobs[-1]
    try:
        events = list(tuning.log_events(name, tail=LOG_LINES))
    except AwsError as error:
        return replace(group, log_error=error.message)
    return replace(group, logged_by=name if events else "", log=tuple(map(_line, events)))


def _line(event: LogEvent) -> str:
    # Secrets are hidden before the text is cut, because the start of a secret is not recognized.
    text = _STYLE.sub("", event.message).rstrip()[:_MAX_SEARCHED_LENGTH]
    return hide_secrets(text)[:_MAX_LINE_LENGTH]

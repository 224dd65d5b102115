"""Decisions about tuning jobs, and the outcomes of submitting and stopping them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum

from hptc.errors import AwsError, HptcError, OperationError, UsageError
from hptc.frozen import frozen
from hptc.jobs.code_upload import CodeUpload
from hptc.project.references import latest_spec
from hptc.request.emission import Request
from hptc.service.tuning_jobs import FINAL_STATUSES


@frozen
class DecidedJob:
    """The tuning job that a decision is about."""

    spec: str  # the spec's name; the job's name for a file in the API's form
    file: str
    name: str
    digest: str

    def blocked(self, obstacle: Obstacle, reason: str, help: str) -> Blocked:
        """The decision that an obstacle prevents the job's submission."""
        return Blocked(
            spec=self.spec,
            file=self.file,
            name=self.name,
            digest=self.digest,
            obstacle=obstacle,
            reason=reason,
            help=help,
        )


@frozen
class Submit(DecidedJob):
    """AWS has no tuning job of this name: `request` creates it."""

    request: Request  # complete, with provenance tags
    provided: Mapping[str, str]  # the value of each reference, by the reference's name
    # The value of `latest(SPEC)` is empty if the spec has no run and its parent was left out.
    commit: str | None
    is_name_pinned: bool  # the author chose the job's name; it is not derived from the content
    code: tuple[CodeUpload, ...] = ()  # uploaded before the job is created


@frozen
class Unchanged(DecidedJob):
    """The tuning job already exists in AWS, with any status."""

    arn: str
    status: str
    is_known_by_tag: bool  # by its digest tag; otherwise by its description
    is_name_pinned: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether the job's status is final."""
        return self.status in FINAL_STATUSES


class Obstacle(StrEnum):
    """What prevents a submission."""

    STACK = "stack"  # a stack that provides a value is not deployed
    NAME = "name"  # AWS has another tuning job of this name
    PARENT = "parent"  # a warm-start parent has not ended, or a spec has no completed run
    REQUEST = "request"  # the request can't be sent


def refusal(obstacle: Obstacle, reason: str, help: str) -> OperationError | UsageError:
    """The error for an obstacle: UsageError for a request that could never be sent."""
    kind = UsageError if obstacle is Obstacle.REQUEST else OperationError
    return kind(reason, help=help)


@frozen
class Blocked(DecidedJob):
    """The tuning job can't be submitted. `reason` is the reason and `help` what to do."""

    obstacle: Obstacle
    reason: str
    help: str

    def error(self) -> OperationError | UsageError:
        """The error that a submission raises."""
        return refusal(self.obstacle, self.reason, self.help)


Decision = Submit | Unchanged | Blocked


@frozen
class Submitted:
    """A new tuning job."""

    name: str
    arn: str
    region: str
    request: Request  # exactly what was sent


@frozen
class AlreadySubmitted:
    """The tuning job already existed in AWS, so nothing was sent."""

    name: str
    arn: str
    region: str
    status: str
    can_rerun: bool = True  # its name is derived from its content, so a run number can be added


@frozen
class DryRun:
    """What a submission would send.

    References to stacks that are not deployed, and to specs that have not run, are `unresolved`.
    """

    name: str
    request: Request
    unresolved: tuple[str, ...]
    provided: Mapping[str, str] = field(default_factory=dict)  # as in Submit
    code: tuple[CodeUpload, ...] = ()  # as in Submit


Submission = Submitted | AlreadySubmitted | DryRun


class UnknownSubmissionError(AwsError):
    """Whether a tuning job was created is unknown: AWS's answer was lost, and so was the next."""

    def __init__(self, name: str, region: str, error: AwsError) -> None:
        super().__init__(
            f"it is unknown whether {name} was submitted to {region}, because AWS's answer was "
            f"lost: {error.message}",
            code=error.code,
            help="submit again when AWS can be reached: a tuning job that exists is not created "
            f"twice. `hptc status {name}` shows whether it does",
        )


@frozen
class NotSubmitted:
    """AWS or hptc refused the tuning job; the others were tried anyway."""

    name: str
    file: str
    error: HptcError

    @property
    def is_unknown(self) -> bool:
        """Whether AWS may have created the tuning job anyway."""
        return isinstance(self.error, UnknownSubmissionError)


def latest_run_notes(provided: Mapping[str, str]) -> Iterator[str]:
    """A line for each `latest(SPEC)` among the values of a request: the job that it stands for."""
    for name, run in provided.items():
        spec = latest_spec(name)
        if spec is not None and run:
            yield f"warm start from {run}, the newest completed tuning job of {spec}"
        elif spec is not None:
            yield f"no warm start from {spec}, which has no completed tuning job yet"


@frozen
class StopRequested:
    """The tuning job is stopping; its training jobs end within minutes."""

    name: str


@frozen
class NothingToStop:
    """The tuning job has ended, or is already stopping."""

    name: str
    status: str


Stop = StopRequested | NothingToStop

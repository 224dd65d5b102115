"""Submits and stops tuning jobs.

Submitting executes a decision of `hptc.jobs.decide`. AWS is the only state, so a submission that
was interrupted can be repeated. Only `stop` stops a tuning job, the one that it is called with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, assert_never

from hptc.aws.aws_errors import affects_every_call, has_unknown_outcome
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError, HptcError, OperationError
from hptc.jobs.code_upload import upload_code
from hptc.jobs.decide import decide_again, decide_dry_run
from hptc.jobs.decisions import (
    AlreadySubmitted,
    Blocked,
    Decision,
    DryRun,
    NothingToStop,
    Stop,
    StopRequested,
    Submit,
    Submitted,
    Unchanged,
    UnknownSubmissionError,
    latest_run_notes,
)
from hptc.jobs.provenance import ProvenanceOf
from hptc.jobs.snapshot import JobSnapshot
from hptc.service.interface import Progress, StackReader, Tuning, TuningReader, silent
from hptc.service.lookup import describe
from hptc.service.tuning_jobs import FINAL_STATUSES

J = TypeVar("J")
T = TypeVar("T")
F = TypeVar("F")


def attempt_each(
    jobs: Iterable[J], attempt: Callable[[J], T], failure: Callable[[J, HptcError], F]
) -> Iterator[T | F]:
    """Attempt every job, whether or not others fail, until no call to AWS can succeed.

    That is after an error of the credentials, and after two jobs in a row without an answer.
    """
    fatal: AwsError | None = None
    unanswered = 0
    for job in jobs:
        if fatal is not None:
            skipped = f"not tried, because no call to AWS succeeds: {fatal.message}"
            yield failure(job, OperationError(skipped, help=fatal.help))
            continue
        try:
            yield attempt(job)
            unanswered = 0
        except HptcError as error:
            if isinstance(error, AwsError) and affects_every_call(error):
                unanswered += 1
                fatal = error if error.code or unanswered > 1 else None
            else:
                unanswered = 0
            yield failure(job, error)


def dry_run(
    compiled: Compiled,
    tuning: TuningReader,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    rerun: int | None = None,
) -> DryRun:
    """Return what `submit` would send. Raises UsageError if the request can't be sent."""
    outcome = decide_dry_run(
        compiled, JobSnapshot(tuning=tuning), stacks, provenance=provenance, rerun=rerun
    )
    if isinstance(outcome, Blocked):
        raise outcome.error()
    return outcome


def execute(
    decision: Decision, tuning: Tuning, *, progress: Progress = silent
) -> Submitted | AlreadySubmitted:
    """Execute a decision. Raises the error of a blocked one, and AwsError if a call fails."""
    match decision:
        case Submit():
            return _create(decision, tuning, progress)
        case Unchanged():
            return _already_submitted(decision, tuning.region)
        case Blocked():
            raise decision.error()
        case _:
            assert_never(decision)


def _create(submit: Submit, tuning: Tuning, progress: Progress) -> Submitted | AlreadySubmitted:
    for note in latest_run_notes(submit.provided):
        progress(f"{submit.name}: {note}")
    upload_code(submit.code, tuning, progress)
    progress(f"submitting {submit.name} to {tuning.region}")
    try:
        arn = tuning.create(submit.request)
    except AwsError as error:
        if has_unknown_outcome(error):
            return _look_up(submit, tuning, error)
        if error.code != "ResourceInUse":
            raise
        # A retry found the job of the first attempt, whose response was lost; or someone else
        # created it in the meantime; or the name differs only in case.
        existing = tuning.describe(submit.name)
        if existing is None:
            raise AwsError(
                error.message,
                code=error.code,
                help="a tuning job has this name in a different case, or is being deleted; choose "
                "another name",
            ) from error
        return _existing(submit, existing, tuning, error, is_ours=error.is_of_retry)
    return _submitted(submit, arn, tuning.region)


def _look_up(submit: Submit, tuning: TuningReader, error: AwsError) -> Submitted | AlreadySubmitted:
    """Find out whether AWS created a job although its answer was lost.

    Raises UnknownSubmissionError if that can't be found out, and `error` if the job doesn't exist.
    """
    try:
        existing = tuning.describe(submit.name)
        if existing is not None:
            return _existing(submit, existing, tuning, error, is_ours=True)
    except AwsError:
        raise UnknownSubmissionError(submit.name, tuning.region, error) from error
    raise AwsError(
        error.message,
        code=error.code,
        help=f"{submit.name} did not exist right after that; submit it again. {error.help}".strip(),
    ) from error


def _existing(
    submit: Submit,
    existing: Mapping[str, Any],
    tuning: TuningReader,
    error: AwsError,
    *,
    is_ours: bool,
) -> Submitted | AlreadySubmitted:
    """The outcome for a job that exists after an error; `is_ours` if this call may have made it."""
    tags = tuning.list_tags(existing["HyperParameterTuningJobArn"])
    decision = decide_again(submit, existing, tags)
    if isinstance(decision, Blocked):
        raise decision.error() from error
    if is_ours and decision.is_known_by_tag:
        return _submitted(submit, decision.arn, tuning.region)
    return _already_submitted(decision, tuning.region)


def _submitted(submit: Submit, arn: str, region: str) -> Submitted:
    return Submitted(name=submit.name, arn=arn, region=region, request=submit.request)


def _already_submitted(unchanged: Unchanged, region: str) -> AlreadySubmitted:
    return AlreadySubmitted(
        name=unchanged.name,
        arn=unchanged.arn,
        region=region,
        status=unchanged.status,
        can_rerun=not unchanged.is_name_pinned,
    )


def stop(tuning: Tuning, name: str) -> Stop:
    """Stop a tuning job. Raises OperationError if it does not exist."""
    status = _status(tuning, name)
    if status in FINAL_STATUSES or status == "Stopping":
        return NothingToStop(name=name, status=status)
    try:
        tuning.stop(name)
    except AwsError as error:
        if error.code != "ValidationException":
            raise
        # The job may have ended in the meantime; AWS rejects stopping a job that has ended.
        status = _status(tuning, name)
        if status not in FINAL_STATUSES:
            raise
        return NothingToStop(name=name, status=status)
    return StopRequested(name=name)


def _status(tuning: TuningReader, name: str) -> str:
    return str(describe(tuning, name)["HyperParameterTuningJobStatus"])

"""Submits and stops tuning jobs.

Submitting executes a decision of `hptc.jobs.decide`. AWS is the only state, so a submission that
was interrupted can be repeated. Only `stop` stops a tuning job, the one that it is called with.
"""

from __future__ import annotations

from typing import assert_never

from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.jobs.decide import decide, decide_again, decide_dry_run
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
    latest_run_notes,
)
from hptc.jobs.provenance import ProvenanceOf
from hptc.jobs.snapshot import JobSnapshot
from hptc.service.interface import Progress, StackReader, Tuning, TuningReader, silent
from hptc.service.lookup import describe
from hptc.service.tuning_jobs import FINAL_STATUSES


def submit(
    compiled: Compiled,
    tuning: Tuning,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    rerun: int | None = None,
    progress: Progress = silent,
) -> Submitted | AlreadySubmitted:
    """Create the tuning job of a compiled file, unless it exists. `rerun` numbers a repeated run.

    Raises OperationError if a stack is missing or the name belongs to another job, UsageError if
    the request can't be sent, and AwsError if AWS rejects it.
    """
    jobs = JobSnapshot(tuning=tuning)
    decision = decide(compiled, jobs, stacks, provenance=provenance, rerun=rerun)
    return execute(decision, tuning, progress=progress)


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
    progress(f"submitting {submit.name} to {tuning.region}")
    try:
        arn = tuning.create(submit.request)
    except AwsError as error:
        if error.code != "ResourceInUse":
            raise
        # Someone else created it, a response was lost, or the name differs only in case.
        existing = tuning.describe(submit.name)
        if existing is None:
            raise AwsError(
                error.message,
                code=error.code,
                help="a tuning job has this name in a different case, or is being deleted; choose "
                "another name",
            ) from error
        tags = tuning.list_tags(existing["HyperParameterTuningJobArn"])
        decision = decide_again(submit, existing, tags)
        if isinstance(decision, Blocked):
            raise decision.error() from error
        return _already_submitted(decision, tuning.region)
    return Submitted(name=submit.name, arn=arn, region=tuning.region, request=submit.request)


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

"""Renders tuning jobs, submissions and stops as JSON documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, assert_never

from hptc.jobs.code_upload import CodeUpload
from hptc.jobs.decisions import (
    AlreadySubmitted,
    DryRun,
    NothingToStop,
    NotSubmitted,
    Stop,
    StopRequested,
    Submission,
    Submitted,
)
from hptc.render.documents.envelope import document
from hptc.service.console_links import tuning_job_link
from hptc.service.tuning_jobs import (
    JobStatus,
    Limits,
    ListedJob,
    ObjectiveCounters,
    TrainingJob,
    TrainingJobCounters,
)
from hptc.text import iso_time

if TYPE_CHECKING:  # not needed to render
    from hptc.jobs.content_changes import ContentChanges
    from hptc.render.documents.tuning_jobs import (
        AlreadyOverData,
        CodeData,
        DryRunData,
        JobData,
        JobsData,
        LimitsData,
        NotSubmittedData,
        ObjectiveCountersData,
        SpecChangesData,
        StatusData,
        StopRequestedData,
        SubmissionsData,
        SubmittedData,
        TrainingJobCountersData,
        TrainingJobData,
        UnchangedData,
    )


def status_json(status: JobStatus, changes: ContentChanges | None = None) -> str:
    """The document of `hptc status`."""
    return document("status", status_data(status, changes))


def status_data(status: JobStatus, changes: ContentChanges | None = None) -> StatusData:
    """The members of that document: one tuning job, and how its spec has changed since."""
    return {
        "job": {
            "name": status.name,
            "arn": status.arn,
            "status": status.status,
            "failure_reason": status.failure_reason or None,
            "strategy": status.strategy,
            "created": iso_time(status.created),
            "modified": iso_time(status.modified),
            "ended": iso_time(status.ended),
            "elapsed_seconds": status.elapsed_seconds,
            "consumed_seconds": status.consumed_seconds,
            "training_jobs": training_jobs_data(status.training_jobs),
            "objectives": objectives_data(status.objectives),
            "limits": limits_data(status.limits),
            "best": training_job_data(status.best),
            "overall_best": training_job_data(status.overall_best),
            "warm_start": (
                {"type": status.warm_start_type, "parents": list(status.parents)}
                if status.parents
                else None
            ),
            "project": status.origin.project or None,
            "environment": status.origin.environment or None,
            "spec": status.origin.spec or None,
            "digest": status.origin.digest or None,
            "commit": status.origin.commit or None,
            "console": tuning_job_link(status.arn),
            "spec_changes": _changes_data(changes),
        }
    }


def _changes_data(changes: ContentChanges | None) -> SpecChangesData | None:
    if changes is None:
        return None
    return {
        "file": changes.file,
        "is_changed": changes.is_changed,
        "subjects": list(changes.subjects),
    }


def jobs_json(jobs: Iterable[ListedJob]) -> str:
    """The document of `hptc list`."""
    return document("list", jobs_data(jobs))


def jobs_data(jobs: Iterable[ListedJob]) -> JobsData:
    """The members of that document."""
    return {"jobs": [_listed_data(job) for job in jobs]}


def _listed_data(job: ListedJob) -> JobData:
    summary = job.summary
    origin = job.origin
    return {
        "name": summary.name,
        "arn": summary.arn,
        "status": summary.status,
        "strategy": summary.strategy,
        "created": iso_time(summary.created),
        "modified": iso_time(summary.modified),
        "ended": iso_time(summary.ended),
        "elapsed_seconds": job.elapsed_seconds,
        "training_jobs": training_jobs_data(summary.training_jobs),
        "objectives": objectives_data(summary.objectives),
        "limits": limits_data(summary.limits),
        "best": training_job_data(job.best),
        "project": (origin.project or None) if origin is not None else None,
        "environment": (origin.environment or None) if origin is not None else None,
        "spec": (origin.spec or None) if origin is not None else None,
    }


def submission_json(outcome: Submission) -> str:
    """The document of `hptc submit` for one spec."""
    return document("submit", _submission_data(outcome))


def submissions_json(outcomes: Sequence[Submission], failed: Sequence[NotSubmitted] = ()) -> str:
    """The document of `hptc submit` for several specs."""
    data: SubmissionsData = {"jobs": [_submission_data(outcome) for outcome in outcomes]}
    if failed:
        data["failed"] = failures_data(failed)
    return document("submit", data)


def failures_data(failed: Sequence[NotSubmitted]) -> list[NotSubmittedData]:
    """The jobs that were not submitted."""
    return [
        {
            "name": failure.name,
            "file": failure.file,
            "error": failure.error.message,
            "help": failure.error.help,
            "is_unknown": failure.is_unknown,
        }
        for failure in failed
    ]


def _submission_data(outcome: Submission) -> SubmittedData | UnchangedData | DryRunData:
    match outcome:
        case Submitted():
            return {
                "outcome": "submitted",
                "name": outcome.name,
                "arn": outcome.arn,
                "region": outcome.region,
            }
        case AlreadySubmitted():
            return {
                "outcome": "unchanged",
                "name": outcome.name,
                "arn": outcome.arn,
                "region": outcome.region,
                "status": outcome.status,
            }
        case DryRun():
            data: DryRunData = {
                "outcome": "dry_run",
                "name": outcome.name,
                "unresolved": list(outcome.unresolved),
                "request": outcome.request,
            }
            if outcome.code:
                data["code"] = [_upload(upload) for upload in outcome.code]
            return data
        case _:
            assert_never(outcome)


def _upload(upload: CodeUpload) -> CodeData:
    """The training code that a submission would upload."""
    return {
        "directory": upload.directory,
        "uri": upload.uri,
        "kms_key_id": upload.kms_key_id,
        "files": len(upload.packed.files),
        "bytes": upload.packed.size,
    }


def stop_json(outcome: Stop, *, command: str = "stop") -> str:
    """The document of `hptc stop`, or of another command that stops a tuning job."""
    return document(command, _stop_data(outcome))


def _stop_data(outcome: Stop) -> StopRequestedData | AlreadyOverData:
    match outcome:
        case StopRequested():
            return {"outcome": "stop_requested", "name": outcome.name}
        case NothingToStop():
            return {"outcome": "already_over", "name": outcome.name, "status": outcome.status}
        case _:
            assert_never(outcome)


def training_job_data(job: TrainingJob | None) -> TrainingJobData | None:
    """The members of a training job."""
    if job is None:
        return None
    return {
        "name": job.name,
        "arn": job.arn or None,
        "status": job.status or None,
        "definition": job.definition or None,
        "tuning_job": job.tuning_job or None,
        "metric_name": job.metric_name or None,
        "metric_value": job.metric_value,
        "objective_type": job.objective_type or None,
        "objective_status": job.objective_status or None,
        "tuned_hyperparameters": dict(job.tuned_hyperparameters),
        "created": iso_time(job.created),
        "started": iso_time(job.started),
        "ended": iso_time(job.ended),
        "failure_reason": job.failure_reason or None,
    }


def training_jobs_data(counters: TrainingJobCounters) -> TrainingJobCountersData:
    """The number of training jobs by status."""
    return {
        "completed": counters.completed,
        "in_progress": counters.in_progress,
        "retryable_error": counters.retryable_error,
        "non_retryable_error": counters.non_retryable_error,
        "stopped": counters.stopped,
    }


def objectives_data(counters: ObjectiveCounters) -> ObjectiveCountersData:
    """The number of training jobs by the status of their objective."""
    return {
        "succeeded": counters.succeeded,
        "pending": counters.pending,
        "failed": counters.failed,
    }


def limits_data(limits: Limits) -> LimitsData:
    """The limits of a tuning job."""
    return {
        "max_training_jobs": limits.max_training_jobs,
        "max_parallel_training_jobs": limits.max_parallel_training_jobs,
        "max_runtime_seconds": limits.max_runtime_seconds,
    }

"""Renders tuning jobs, submissions and stops as JSON, with a `version` and stable keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, assert_never

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
from hptc.service.console_links import tuning_job_link
from hptc.service.tuning_jobs import (
    JobStatus,
    JobSummary,
    Limits,
    ListedJob,
    TrainingJob,
    TrainingJobCounters,
)
from hptc.text import iso_time, json_text

if TYPE_CHECKING:  # not needed to render
    from hptc.jobs.content_changes import ContentChanges

VERSION = 1


def status_json(status: JobStatus, changes: ContentChanges | None = None) -> str:
    """The status of one tuning job, and how its spec has changed since."""
    return _json(
        {
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
                "training_jobs": _training_jobs_data(status.training_jobs),
                "objectives": _objectives_data(status),
                "limits": _limits_data(status.limits),
                "best": _training_job_data(status.best),
                "overall_best": _training_job_data(status.overall_best),
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
    )


def _changes_data(changes: ContentChanges | None) -> dict[str, Any] | None:
    if changes is None:
        return None
    return {
        "file": changes.file,
        "is_changed": changes.is_changed,
        "subjects": list(changes.subjects),
    }


def jobs_json(jobs: Iterable[ListedJob]) -> str:
    """A list of tuning jobs."""
    return _json({"jobs": [_listed_data(job) for job in jobs]})


def _listed_data(job: ListedJob) -> dict[str, Any]:
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
        "training_jobs": _training_jobs_data(summary.training_jobs),
        "objectives": _objectives_data(summary),
        "limits": _limits_data(summary.limits),
        "best": _training_job_data(job.best),
        "project": (origin.project or None) if origin is not None else None,
        "environment": (origin.environment or None) if origin is not None else None,
        "spec": (origin.spec or None) if origin is not None else None,
    }


def submission_json(outcome: Submission) -> str:
    """The outcome of a submission."""
    return _json(_submission_data(outcome))


def submissions_json(outcomes: Sequence[Submission], failed: Sequence[NotSubmitted] = ()) -> str:
    """The outcomes of several submissions, and those that failed, if any."""
    jobs = [_submission_data(outcome) for outcome in outcomes]
    return _json({"jobs": jobs, **failures_data(failed)})


def failures_data(failed: Sequence[NotSubmitted]) -> dict[str, list[dict[str, Any]]]:
    """The jobs that were not submitted, under `failed`; empty if there are none."""
    entries = [
        {
            "name": each.name,
            "file": each.file,
            "error": each.error.message,
            "help": each.error.help,
            "is_unknown": each.is_unknown,
        }
        for each in failed
    ]
    return {"failed": entries} if entries else {}


def _submission_data(outcome: Submission) -> dict[str, Any]:
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
            return {
                "outcome": "dry_run",
                "name": outcome.name,
                "unresolved": list(outcome.unresolved),
                **({"code": [_upload(each) for each in outcome.code]} if outcome.code else {}),
                "request": outcome.request,
            }
        case _:
            assert_never(outcome)


def _upload(upload: CodeUpload) -> dict[str, Any]:
    """The training code that a submission would upload."""
    return {
        "directory": upload.directory,
        "uri": upload.uri,
        "kms_key_id": upload.kms_key_id,
        "files": len(upload.packed.files),
        "bytes": upload.packed.size,
    }


def stop_json(outcome: Stop) -> str:
    """The outcome of a stop."""
    match outcome:
        case StopRequested():
            return _json({"outcome": "stop_requested", "name": outcome.name})
        case NothingToStop():
            return _json(
                {"outcome": "already_over", "name": outcome.name, "status": outcome.status}
            )
        case _:
            assert_never(outcome)


def _json(data: dict[str, Any]) -> str:
    return json_text({"version": VERSION, **data})


def _training_job_data(job: TrainingJob | None) -> dict[str, Any] | None:
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


def _training_jobs_data(counters: TrainingJobCounters) -> dict[str, int]:
    return {
        "completed": counters.completed,
        "in_progress": counters.in_progress,
        "retryable_error": counters.retryable_error,
        "non_retryable_error": counters.non_retryable_error,
        "stopped": counters.stopped,
    }


def _objectives_data(job: JobStatus | JobSummary) -> dict[str, int]:
    return {
        "succeeded": job.objectives.succeeded,
        "pending": job.objectives.pending,
        "failed": job.objectives.failed,
    }


def _limits_data(limits: Limits) -> dict[str, int | None]:
    return {
        "max_training_jobs": limits.max_training_jobs,
        "max_parallel_training_jobs": limits.max_parallel_training_jobs,
        "max_runtime_seconds": limits.max_runtime_seconds,
    }

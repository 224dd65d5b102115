"""Reads responses of the SageMaker API about tuning jobs and training jobs into frozen types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.service.tuning_jobs import (
    JobOrigin,
    JobStatus,
    JobSummary,
    Limits,
    ObjectiveCounters,
    TrainingJob,
    TrainingJobCounters,
)


def read_origin(tags: Mapping[str, str]) -> JobOrigin:
    """The origin of a tuning job, from its `hptc:` tags."""
    return JobOrigin(
        project=tags.get(f"{TAG_PREFIX}project", ""),
        environment=tags.get(f"{TAG_PREFIX}environment", ""),
        spec=tags.get(f"{TAG_PREFIX}spec", ""),
        digest=tags.get(f"{TAG_PREFIX}digest", ""),
        commit=tags.get(f"{TAG_PREFIX}commit", ""),
    )


def read_status(
    description: Mapping[str, Any], tags: Mapping[str, str], *, now: datetime
) -> JobStatus:
    """The response of DescribeHyperParameterTuningJob and the job's tags, as one value.

    `now` has a time zone; it ends the elapsed time of a job that is still running.
    """
    config = description["HyperParameterTuningJobConfig"]
    status = description["HyperParameterTuningJobStatus"]
    created: datetime = description["CreationTime"]
    modified: datetime | None = description.get("LastModifiedTime")
    ended: datetime | None = description.get("HyperParameterTuningEndTime")
    warm_start = description.get("WarmStartConfig") or {}
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobCompletionDetails.html
    completion = description.get("TuningJobCompletionDetails") or {}
    return JobStatus(
        name=description["HyperParameterTuningJobName"],
        arn=description["HyperParameterTuningJobArn"],
        status=status,
        strategy=config["Strategy"],
        created=created,
        modified=modified,
        ended=ended,
        elapsed_seconds=summary_of(description).elapsed_seconds(now),
        consumed_seconds=(description.get("ConsumedResources") or {}).get("RuntimeInSeconds"),
        training_jobs=training_job_counters(description),
        objectives=_objective_counters(description),
        limits=_limits(config.get("ResourceLimits") or {}),
        best=best_training_job(description),
        overall_best=_best(description.get("OverallBestTrainingJob")),
        failure_reason=description.get("FailureReason") or "",
        warm_start_type=warm_start.get("WarmStartType", ""),
        parents=tuple(
            parent["HyperParameterTuningJobName"]
            for parent in warm_start.get("ParentHyperParameterTuningJobs", ())
        ),
        origin=read_origin(tags),
        convergence_detected=completion.get("ConvergenceDetectedTime"),
        jobs_not_improving=completion.get("NumberOfTrainingJobsObjectiveNotImproving"),
    )


def read_summary(summary: Mapping[str, Any]) -> JobSummary:
    """An entry of ListHyperParameterTuningJobs.

    The list has ARNs in lower case, and ListTags accepts only the actual ones, so the name is taken
    from the entry's own: https://github.com/boto/boto3/issues/4606
    """
    name = summary["HyperParameterTuningJobName"]
    prefix, slash, _ = summary["HyperParameterTuningJobArn"].rpartition("/")
    return JobSummary(
        name=name,
        arn=f"{prefix}{slash}{name}",
        status=summary["HyperParameterTuningJobStatus"],
        strategy=summary["Strategy"],
        created=summary["CreationTime"],
        modified=summary.get("LastModifiedTime"),
        ended=summary.get("HyperParameterTuningEndTime"),
        training_jobs=training_job_counters(summary),
        objectives=_objective_counters(summary),
        limits=_limits(summary.get("ResourceLimits") or {}),
    )


def summary_of(description: Mapping[str, Any]) -> JobSummary:
    """The response of DescribeHyperParameterTuningJob as an entry of the list."""
    return read_summary({**description["HyperParameterTuningJobConfig"], **description})


def read_training_job(summary: Mapping[str, Any]) -> TrainingJob:
    """An entry of ListTrainingJobsForHyperParameterTuningJob, or a best training job."""
    metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    tuned: Mapping[str, str] = summary.get("TunedHyperParameters") or {}
    return TrainingJob(
        name=summary["TrainingJobName"],
        arn=summary.get("TrainingJobArn", ""),
        status=summary.get("TrainingJobStatus", ""),
        definition=summary.get("TrainingJobDefinitionName") or "",
        tuning_job=summary.get("TuningJobName") or "",
        metric_name=metric.get("MetricName", ""),
        metric_value=metric.get("Value"),
        objective_type=metric.get("Type") or "",
        objective_status=summary.get("ObjectiveStatus") or "",
        tuned_hyperparameters=tuple(sorted(tuned.items())),
        created=summary.get("CreationTime"),
        started=summary.get("TrainingStartTime"),
        ended=summary.get("TrainingEndTime"),
        failure_reason=summary.get("FailureReason") or "",
    )


def best_training_job(description: Mapping[str, Any]) -> TrainingJob | None:
    """The best training job of a tuning job's description; None if it has none yet."""
    return _best(description.get("BestTrainingJob"))


def _best(summary: Mapping[str, Any] | None) -> TrainingJob | None:
    # Until the first objective is reported, AWS returns no best training job or a nameless one.
    return read_training_job(summary) if summary and summary.get("TrainingJobName") else None


def training_job_counters(response: Mapping[str, Any]) -> TrainingJobCounters:
    """The numbers of training jobs of a tuning job's description, or of an entry of the list."""
    counters = response.get("TrainingJobStatusCounters") or {}
    return TrainingJobCounters(
        completed=counters.get("Completed", 0),
        in_progress=counters.get("InProgress", 0),
        retryable_error=counters.get("RetryableError", 0),
        non_retryable_error=counters.get("NonRetryableError", 0),
        stopped=counters.get("Stopped", 0),
    )


def _objective_counters(response: Mapping[str, Any]) -> ObjectiveCounters:
    counters = response.get("ObjectiveStatusCounters") or {}
    return ObjectiveCounters(
        succeeded=counters.get("Succeeded", 0),
        pending=counters.get("Pending", 0),
        failed=counters.get("Failed", 0),
    )


def _limits(limits: Mapping[str, Any]) -> Limits:
    return Limits(
        max_training_jobs=limits.get("MaxNumberOfTrainingJobs"),
        max_parallel_training_jobs=limits.get("MaxParallelTrainingJobs"),
        max_runtime_seconds=limits.get("MaxRuntimeInSeconds"),
    )


def tags_of(pairs: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """A list of tags in the API's form, as a mapping."""
    return {pair["Key"]: pair["Value"] for pair in pairs}

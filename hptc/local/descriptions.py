"""Describes a tuning job on this machine as DescribeHyperParameterTuningJob does, from its records.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from hptc.local.predefined_metrics import objective_regex
from hptc.local.search.completion import not_improving
from hptc.local.training_records import (
    LOCAL,
    SWITCHES,
    objective_status,
    objective_value,
    resources,
    tuned_values,
)
from hptc.request.emission import Request
from hptc.request.job_facts import OBJECTIVE_METRIC


def describe(
    record: Mapping[str, Any],
    training_jobs: Sequence[Mapping[str, Any]],
    *,
    arn: str,
    now: datetime,
    overall_best: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The description of a tuning job. `overall_best` is of its parents and itself."""
    request: Request = record["Request"]
    created: datetime = record["CreationTime"]
    ended: datetime | None = record.get("EndTime")
    config = deepcopy(request["HyperParameterTuningJobConfig"])
    config.setdefault("TrainingJobEarlyStoppingType", "Off")
    modified = max([created, *(training_job["LastModifiedTime"] for training_job in training_jobs)])
    best = best_training_job(record, training_jobs)
    details = record.get("Completion")
    return {
        "HyperParameterTuningJobName": request["HyperParameterTuningJobName"],
        "HyperParameterTuningJobArn": arn,
        "HyperParameterTuningJobConfig": config,
        **_definitions(request, config),
        "HyperParameterTuningJobStatus": record["Status"],
        "CreationTime": created,
        **({"HyperParameterTuningEndTime": ended} if ended else {}),
        "LastModifiedTime": ended or modified,
        **count(training_jobs),
        **({"BestTrainingJob": summarize(best)} if best else {}),
        **({"OverallBestTrainingJob": overall_best} if overall_best else {}),
        **{key: request[key] for key in ("WarmStartConfig", "Autotune") if key in request},
        **({"FailureReason": record["FailureReason"]} if record.get("FailureReason") else {}),
        **({"TuningJobCompletionDetails": details} if details else {}),
        "ConsumedResources": {"RuntimeInSeconds": round(active_seconds(record, ended or now))},
    }


def active_seconds(record: Mapping[str, Any], until: datetime) -> float:
    """How long a tuning job has run, without the time between a run and the one that resumed it."""
    since: datetime = record["Since"]
    earlier: float = record["ActiveSeconds"]
    return earlier + max(0.0, (until - since).total_seconds())


def _definitions(request: Request, config: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions with what the service adds to those of the request."""
    single = request.get("TrainingJobDefinition")
    definitions: dict[str, Any] = {}
    if single is not None:
        objective = config.get("HyperParameterTuningJobObjective", {})
        definitions["TrainingJobDefinition"] = _definition(single, objective)
    several = request.get("TrainingJobDefinitions")
    if several:
        definitions["TrainingJobDefinitions"] = [
            _definition(definition, definition.get("TuningObjective", {})) for definition in several
        ]
    return definitions


def raw_definition(request: Request, name: str) -> Mapping[str, Any]:
    """The definition with a name in a request; a single one has none."""
    single: Mapping[str, Any] | None = request.get("TrainingJobDefinition")
    if single is not None:
        return single
    several: Sequence[Mapping[str, Any]] = request["TrainingJobDefinitions"]
    return next(raw for raw in several if raw.get("DefinitionName", "") == name)


def _definition(raw: Mapping[str, Any], objective: Mapping[str, Any]) -> dict[str, Any]:
    definition: dict[str, Any] = deepcopy(dict(raw))
    name = objective.get("MetricName", "")
    static = definition.setdefault("StaticHyperParameters", {})
    static[OBJECTIVE_METRIC] = name
    algorithm = definition["AlgorithmSpecification"]
    metrics = algorithm.get("MetricDefinitions") or []
    if not metrics and "TrainingImage" in algorithm:  # as the service does for its algorithms
        algorithm["MetricDefinitions"] = metrics
        metrics.append({"Name": name, "Regex": objective_regex(name)})
    own = next((metric["Regex"] for metric in metrics if metric["Name"] == name), None)
    if own is not None:
        metrics.append({"Name": "ObjectiveMetric", "Regex": own})
    for switch in SWITCHES:
        definition.setdefault(switch, False)
    choices = definition.get("HyperParameterTuningResourceConfig", {}).get("InstanceConfigs", ())
    if "ResourceConfig" not in definition and len(choices) <= 1:  # as the service does
        definition["ResourceConfig"] = resources(definition)
        definition.pop("HyperParameterTuningResourceConfig", None)
    return definition


def count(training_jobs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Both counters of a tuning job."""
    statuses = Counter(training_job["TrainingJobStatus"] for training_job in training_jobs)
    objectives = Counter(objective_status(training_job) for training_job in training_jobs)
    return {
        "TrainingJobStatusCounters": {
            "Completed": statuses["Completed"],
            "InProgress": statuses["InProgress"],
            "RetryableError": 0,
            "NonRetryableError": statuses["Failed"],
            "Stopped": statuses["Stopped"],
        },
        "ObjectiveStatusCounters": {
            status: objectives[status] for status in ("Succeeded", "Pending", "Failed")
        },
    }


def failure_reason(training_jobs: Sequence[Mapping[str, Any]]) -> str:
    """Why a tuning job without any objective has failed, in AWS's words."""
    if training_jobs and all(
        training_job["TrainingJobStatus"] == "Failed" for training_job in training_jobs
    ):
        return (
            "All training jobs failed. Please take a look at the training jobs failures to get "
            "more details."
        )
    return (
        f"No objective metrics found after running {len(training_jobs)} training jobs. Please "
        "ensure that the custom algorithm is emitting the objective metric as defined by the "
        "regular expression provided."
    )


def completion_details(
    objectives: Sequence[float | None], *, maximizes: bool, criterion: str, time: datetime
) -> dict[str, Any]:
    """The TuningJobCompletionDetails of a tuning job that ends.

    `objectives` are of all training jobs in their order, and `criterion` is the one that is met.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobCompletionDetails.html
    """
    values = [objective for objective in objectives if objective is not None]
    details: dict[str, Any] = {
        "NumberOfTrainingJobsObjectiveNotImproving": not_improving(values, maximizes=maximizes)
    }
    if criterion == "CompleteOnConvergence":
        details["ConvergenceDetectedTime"] = time
    return details


def best_training_job(
    record: Mapping[str, Any], training_jobs: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """The record of the training job with the best objective; None if there is none yet."""
    succeeded = [
        training_job
        for training_job in training_jobs
        if objective_status(training_job) == "Succeeded"
    ]
    sign = -1 if objective_type(record) == "Maximize" else 1
    return min(
        succeeded,
        key=lambda training_job: sign * (objective_value(training_job) or 0.0),
        default=None,
    )


def objective_type(record: Mapping[str, Any]) -> str:
    """Whether the tuning job maximizes or minimizes its objective."""
    request = record["Request"]
    config = request["HyperParameterTuningJobConfig"]
    objective = config.get("HyperParameterTuningJobObjective")
    for definition in request.get("TrainingJobDefinitions") or ():
        objective = objective or definition.get("TuningObjective")
    return str(objective["Type"]) if objective else "Maximize"


def summarize(record: Mapping[str, Any], *, tuning_job: str = "") -> dict[str, Any]:
    """A training job as ListTrainingJobsForHyperParameterTuningJob has it.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobSummary.html
    """
    value = objective_value(record)
    definition = record[LOCAL]["Definition"]
    copied = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "FailureReason")
    metric = {"MetricName": record["HyperParameters"][OBJECTIVE_METRIC], "Value": value}
    return {
        **({"TrainingJobDefinitionName": definition} if definition else {}),
        "TrainingJobName": record["TrainingJobName"],
        "TrainingJobArn": record["TrainingJobArn"],
        **({"TuningJobName": tuning_job} if tuning_job else {}),
        "TrainingJobStatus": record["TrainingJobStatus"],
        **{key: record[key] for key in copied if key in record},
        "TunedHyperParameters": tuned_values(record),
        **({"FinalHyperParameterTuningJobObjectiveMetric": metric} if value is not None else {}),
        "ObjectiveStatus": objective_status(record),
    }

"""The record of a training job, in the form of DescribeTrainingJob.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
Its member `Local` has what only this machine needs: see `Progress`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hptc.frozen import frozen
from hptc.local.search.observation import Observation, Proposal, State
from hptc.request.job_facts import OBJECTIVE_METRIC

LOCAL = "Local"
TOO_LONG = "MaxRuntimeExceeded"

SWITCHES = (
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
)
"""The members that a description has even if the request does not."""
_CHOICES = ("InstanceConfigs", "AllocationStrategy")
_COPIED = ("RoleArn", "InputDataConfig", "VpcConfig", "CheckpointConfig", "StoppingCondition")


@frozen
class Progress:
    """What a training job has reported so far."""

    reports: tuple[float, ...] = ()  # the objective metric
    last: Mapping[str, tuple[float, datetime]]  # the last value of each metric


def training_job_name(tuning_job: str, number: int, created: datetime) -> str:
    """The name that a training job gets: as AWS's, the number and 8 hexadecimal digits."""
    digest = hashlib.sha256(f"{tuning_job} {number} {created.isoformat()}".encode()).hexdigest()
    return f"{tuning_job}-{number:03d}-{digest[:8]}"


def tuning_job_name(training_job: str) -> str:
    """The name of the tuning job of a training job, whose name ends with its number and digits."""
    return "-".join(training_job.split("-")[:-2])


def new_record(
    name: str,
    number: int,
    proposal: Proposal,
    definition: Mapping[str, Any],
    *,
    objective: str,
    arn_prefix: str,
    tuning_job: str,
    created: datetime,
) -> dict[str, Any]:
    """The record of a training job that starts."""
    algorithm = definition["AlgorithmSpecification"]
    output = dict(definition["OutputDataConfig"])
    return {
        "TrainingJobName": name,
        "TrainingJobArn": f"{arn_prefix}:training-job/{name}",
        "TuningJobArn": f"{arn_prefix}:hyper-parameter-tuning-job/{tuning_job}",
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Training",
        "HyperParameters": {
            **definition.get("StaticHyperParameters", {}),
            **proposal.values,
            OBJECTIVE_METRIC: objective,
        },
        "AlgorithmSpecification": algorithm,
        **{key: definition[key] for key in _COPIED if key in definition},
        "OutputDataConfig": {"KmsKeyId": "", **output},
        "ResourceConfig": resources(definition),
        "Environment": definition.get("Environment", {}),
        **{key: definition.get(key, False) for key in SWITCHES},
        "CreationTime": created,
        "TrainingStartTime": created,
        "LastModifiedTime": created,
        "SecondaryStatusTransitions": [
            {
                "Status": "Training",
                "StartTime": created,
                "StatusMessage": "On this machine",
            }
        ],
        LOCAL: {
            "Number": number,
            "Definition": proposal.definition,
            "Tuned": sorted(proposal.values),
            "Attempt": 1,
        },
    }


def resources(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ResourceConfig of training jobs, on the first choice of instances."""
    if "ResourceConfig" in definition:
        resources: Mapping[str, Any] = definition["ResourceConfig"]
        return resources
    tuning = definition.get("HyperParameterTuningResourceConfig", {})
    first: Mapping[str, Any] = next(iter(tuning.get("InstanceConfigs", ())), {})
    return {key: value for key, value in {**tuning, **first}.items() if key not in _CHOICES}


def ended_record(
    record: Mapping[str, Any],
    progress: Progress,
    *,
    status: str,
    secondary: str,
    reason: str,
    ended: datetime,
    model: str,
) -> dict[str, Any]:
    """The record of a training job that has ended."""
    started: datetime = record["TrainingStartTime"]
    seconds = max(0, round((ended - started).total_seconds()))
    first: dict[str, Any] = {**record["SecondaryStatusTransitions"][0], "EndTime": ended}
    message = reason or f"Training job {status.lower()}"  # the SageMaker SDK needs one
    last = {"Status": secondary, "StartTime": ended, "EndTime": ended, "StatusMessage": message}
    return {
        **record,
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary,
        **({"FailureReason": reason} if reason else {}),
        "ModelArtifacts": {"S3ModelArtifacts": model},
        "TrainingEndTime": ended,
        "LastModifiedTime": ended,
        "TrainingTimeInSeconds": seconds,
        "BillableTimeInSeconds": 0,  # this machine costs nothing
        "FinalMetricDataList": [
            {"MetricName": name, "Value": value, "Timestamp": time}
            for name, (value, time) in progress.last.items()
        ],
        "SecondaryStatusTransitions": [first, last],
        LOCAL: {
            **{name: value for name, value in record[LOCAL].items() if name != "Last"},
            "Reports": list(progress.reports),
        },
    }


def objective_value(record: Mapping[str, Any]) -> float | None:
    """The final value of the objective metric; None if the training job reported none."""
    name = record["HyperParameters"][OBJECTIVE_METRIC]
    metrics: Sequence[Mapping[str, Any]] = record.get("FinalMetricDataList", ())
    return next((metric["Value"] for metric in metrics if metric["MetricName"] == name), None)


def objective_status(record: Mapping[str, Any]) -> str:
    """The status of the objective metric, as a tuning job counts it.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ObjectiveStatusCounters.html
    """
    if record["TrainingJobStatus"] == "InProgress":
        return "Pending"
    has_value = objective_value(record) is not None
    return "Succeeded" if has_value and record["TrainingJobStatus"] != "Failed" else "Failed"


def tuned_values(record: Mapping[str, Any]) -> dict[str, str]:
    """The values of the tuned hyperparameters."""
    return {name: record["HyperParameters"][name] for name in record[LOCAL]["Tuned"]}


def observe(record: Mapping[str, Any], reports: Sequence[float] | None = None) -> Observation:
    """A training job as the search sees it. `reports` are those of one that runs."""
    local = record[LOCAL]
    state: State = "pending"
    value = objective_value(record)
    match record["TrainingJobStatus"]:
        case "Completed":
            state = "succeeded" if value is not None else "failed"
        case "Failed":
            state = "failed"
        case "Stopped":
            state = "stopped"
    return Observation(
        number=local["Number"],
        definition=local["Definition"],
        values=tuned_values(record),
        state=state,
        objective=None if state in ("pending", "failed") else value,
        reports=tuple(local.get("Reports", ()) if reports is None else reports),
    )

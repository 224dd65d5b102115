"""Tuning jobs as far as their requests and names go; nothing trains.

Without this, moto compares names of tuning jobs by case, has no StopHyperParameterTuningJob and no
ListTrainingJobsForHyperParameterTuningJob, and describes every job with the same invented training
job and failure reason. Here a job has one placeholder training job of its own, and its status is
`Completed` at once, or `InProgress` until it is stopped where the sandbox was told so.
"""

from typing import Any, Literal

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker import models, responses
from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, ValidationError

from hptc.sandbox.extension import extend

TuningJobStatus = Literal["Completed", "InProgress"]

_FINAL = frozenset({"Completed", "Failed", "Stopped"})
_status_of_new_jobs: dict[str, TuningJobStatus] = {}  # by account
_moto_create = models.SageMakerModelBackend.create_hyper_parameter_tuning_job


def install() -> None:
    """Put the sandbox's tuning jobs in place of moto's."""
    extend(
        models.SageMakerModelBackend,
        create_hyper_parameter_tuning_job=_create,
        describe_hyper_parameter_tuning_job=_describe,
    )
    extend(
        responses.SageMakerResponse,
        stop_hyper_parameter_tuning_job=_respond_to_stop,
        list_training_jobs_for_hyper_parameter_tuning_job=_respond_to_list_training_jobs,
    )


def set_status_of_new_jobs(account: str, status: TuningJobStatus) -> None:
    """Decide what the account's next tuning jobs say right after their creation."""
    _status_of_new_jobs[account] = status


def _find(backend: Any, name: str) -> Any:
    job = backend.hyper_parameter_tuning_jobs.get(name)
    if job is None:
        raise ResourceNotFound(
            message=f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        )
    return job


def _create(backend: Any, hyper_parameter_tuning_job_name: str, **request: Any) -> str:
    taken = {name.lower() for name in backend.hyper_parameter_tuning_jobs}
    if hyper_parameter_tuning_job_name.lower() in taken:
        raise ResourceInUseException(
            message="A hyperparameter tuning job with the name, "
            f"{hyper_parameter_tuning_job_name}, already exists. Choose a different name."
        )
    arn: str = _moto_create(
        backend, hyper_parameter_tuning_job_name=hyper_parameter_tuning_job_name, **request
    )
    job = backend.hyper_parameter_tuning_jobs[hyper_parameter_tuning_job_name]
    status = _status_of_new_jobs.get(backend.account_id, "Completed")
    job.hyper_parameter_tuning_job_status = status
    if status == "InProgress":
        job.hyper_parameter_tuning_end_time = None
    _count(job)
    return arn


def _count(job: Any) -> None:
    status = job.hyper_parameter_tuning_job_status
    job.training_job_status_counters = {
        "Completed": int(status == "Completed"),
        "InProgress": int(status == "InProgress"),
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": int(status == "Stopped"),
    }
    job.objective_status_counters = {
        "Succeeded": int(status == "Completed"),
        "Pending": int(status == "InProgress"),
        "Failed": int(status == "Stopped"),
    }


def _describe(backend: Any, hyper_parameter_tuning_job_name: str) -> dict[str, Any]:
    job = _find(backend, hyper_parameter_tuning_job_name)
    description: dict[str, Any] = job.describe()
    for invented in (
        *("BestTrainingJob", "OverallBestTrainingJob", "FailureReason"),
        *("TuningJobCompletionDetails", "ConsumedResources"),
    ):
        description.pop(invented)
    if job.hyper_parameter_tuning_job_status == "Completed":
        description["BestTrainingJob"] = _training_job(job)
    return {key: value for key, value in description.items() if value is not None}


def _training_job(job: Any) -> dict[str, Any]:
    """Make up the one training job of a tuning job: each hyperparameter at its first value."""
    definition = job.training_job_definition or job.training_job_definitions[0]
    config = job.hyper_parameter_tuning_job_config
    ranges = definition.get("HyperParameterRanges") or config.get("ParameterRanges") or {}
    tuned = {
        item["Name"]: str(item.get("MinValue", item.get("Values", [""])[0]))
        for kind in ("Integer", "Continuous", "Categorical")
        for item in ranges.get(f"{kind}ParameterRanges", [])
    }
    name = f"{job.hyper_parameter_tuning_job_name}-001-sandbox"
    status = job.hyper_parameter_tuning_job_status
    prefix, _, _ = job.arn.partition(":hyper-parameter-tuning-job/")
    summary = {
        "TrainingJobName": name,
        "TrainingJobArn": f"{prefix}:training-job/{name}",
        "CreationTime": job.creation_time,
        "TrainingStartTime": job.creation_time,
        "TrainingJobStatus": status,
        "TunedHyperParameters": tuned,
    }
    if "DefinitionName" in definition:
        summary["TrainingJobDefinitionName"] = definition["DefinitionName"]
    if status in _FINAL:
        summary["TrainingEndTime"] = job.hyper_parameter_tuning_end_time
    objective = definition.get("TuningObjective") or config.get("HyperParameterTuningJobObjective")
    if status == "Completed":
        summary["ObjectiveStatus"] = "Succeeded"
        if objective:
            summary["FinalHyperParameterTuningJobObjectiveMetric"] = {**objective, "Value": 0.0}
    return summary


def _respond_to_stop(response: Any) -> ActionResult:
    job = _find(response.sagemaker_backend, response._get_param("HyperParameterTuningJobName"))
    status = job.hyper_parameter_tuning_job_status
    if status in _FINAL:
        raise ValidationError(
            message="The request was rejected because the hyperparameter tuning job is in status "
            f"{status}."
        )
    job.hyper_parameter_tuning_job_status = "Stopped"
    job.hyper_parameter_tuning_end_time = job.last_modified_time = utcnow()
    _count(job)
    return EmptyResult()


def _respond_to_list_training_jobs(response: Any) -> ActionResult:
    job = _find(response.sagemaker_backend, response._get_param("HyperParameterTuningJobName"))
    summary = _training_job(job)
    wanted = response._get_param("StatusEquals")
    listed = [summary] if wanted in (None, summary["TrainingJobStatus"]) else []
    return ActionResult({"TrainingJobSummaries": listed})

"""SageMaker tuning jobs: their requests, names and status. Nothing is trained.

Replaces moto's, which compare tuning job names case-sensitively, lack StopHyperParameterTuningJob
and ListTrainingJobsForHyperParameterTuningJob, and describe every job with the same made-up
training job and failure reason. Here, each tuning job has one placeholder training job. It is
`Completed` immediately, or stays `InProgress` until it is stopped: see `set_initial_status`.
"""

from typing import Any, Literal

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker import models, responses
from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, ValidationError

from hptc.sandbox.extension import extend

TuningJobStatus = Literal["Completed", "InProgress"]

_FINAL = frozenset({"Completed", "Failed", "Stopped"})
_initial_status: dict[str, TuningJobStatus] = {}  # by account
_moto_create = models.SageMakerModelBackend.create_hyper_parameter_tuning_job


def install() -> None:
    """Replace moto's tuning jobs with the sandbox's."""
    extend(
        models.SageMakerModelBackend,
        create_hyper_parameter_tuning_job=_create,
        describe_hyper_parameter_tuning_job=_describe,
    )
    extend(
        responses.SageMakerResponse,
        stop_hyper_parameter_tuning_job=_stop_response,
        list_training_jobs_for_hyper_parameter_tuning_job=_list_training_jobs_response,
    )


def set_initial_status(account: str, status: TuningJobStatus) -> None:
    """Set the status that new tuning jobs in the account have after their creation."""
    _initial_status[account] = status


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
    status = _initial_status.get(backend.account_id, "Completed")
    job.hyper_parameter_tuning_job_status = status
    if status == "InProgress":
        job.hyper_parameter_tuning_end_time = None
    _update_counters(job)
    return arn


def _update_counters(job: Any) -> None:
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
    for made_up in (
        *("BestTrainingJob", "OverallBestTrainingJob", "FailureReason"),
        *("TuningJobCompletionDetails", "ConsumedResources"),
    ):
        description.pop(made_up)
    if job.hyper_parameter_tuning_job_status == "Completed":
        description["BestTrainingJob"] = _placeholder_training_job(job)
    return {key: value for key, value in description.items() if value is not None}


def _placeholder_training_job(job: Any) -> dict[str, Any]:
    """The placeholder training job of a tuning job: each hyperparameter has its first value."""
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


def _stop_response(response: Any) -> ActionResult:
    job = _find(response.sagemaker_backend, response._get_param("HyperParameterTuningJobName"))
    status = job.hyper_parameter_tuning_job_status
    if status in _FINAL:
        raise ValidationError(
            message="The request was rejected because the hyperparameter tuning job is in status "
            f"{status}."
        )
    job.hyper_parameter_tuning_job_status = "Stopped"
    job.hyper_parameter_tuning_end_time = job.last_modified_time = utcnow()
    _update_counters(job)
    return EmptyResult()


def _list_training_jobs_response(response: Any) -> ActionResult:
    job = _find(response.sagemaker_backend, response._get_param("HyperParameterTuningJobName"))
    summary = _placeholder_training_job(job)
    status = response._get_param("StatusEquals")
    listed = [summary] if status in (None, summary["TrainingJobStatus"]) else []
    return ActionResult({"TrainingJobSummaries": listed})

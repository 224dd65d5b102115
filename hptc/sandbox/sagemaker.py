"""The SageMaker operations of tuning jobs.

Replaces moto's, which validate nothing, compare tuning job names case-sensitively, lack
StopHyperParameterTuningJob and ListTrainingJobsForHyperParameterTuningJob, and describe every job
with the same made-up training job and failure reason. What a tuning job does here is a TuningMode.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker import models, responses
from moto.sagemaker.exceptions import (
    AWSValidationException,
    ResourceInUseException,
    ResourceNotFound,
    ValidationError,
)
from moto.utilities.utils import get_partition

from hptc.errors import AwsError, HptcError
from hptc.sandbox.extension import extend
from hptc.sandbox.result_pages import page_of_training_jobs, page_of_tuning_jobs
from hptc.sandbox.state_folder import state_folder
from hptc.sandbox.tuning_store import TuningSettings, TuningStore

_NAME = "HyperParameterTuningJobName"
_ARN = ":hyper-parameter-tuning-job/"
_settings: dict[str, TuningSettings] = {}  # by account
_stores: dict[tuple[str, str], TuningStore] = {}  # by account and Region
_open = ExitStack()  # has the folder of the stores

_moto_describe_training_job = responses.SageMakerResponse.describe_training_job
_moto_list_tags = models.SageMakerModelBackend.list_tags
_moto_add_tags = models.SageMakerModelBackend.add_tags
_moto_delete_tags = models.SageMakerModelBackend.delete_tags


def install() -> None:
    """Replace moto's tuning jobs with the sandbox's."""
    extend(
        responses.SageMakerResponse,
        create_hyper_parameter_tuning_job=_create,
        describe_hyper_parameter_tuning_job=_describe,
        list_hyper_parameter_tuning_jobs=_list,
        stop_hyper_parameter_tuning_job=_stop,
        delete_hyper_parameter_tuning_job=_delete,
        list_training_jobs_for_hyper_parameter_tuning_job=_list_training_jobs,
        describe_training_job=_describe_training_job,
    )
    extend(
        models.SageMakerModelBackend,
        list_tags=_list_tags,
        add_tags=_add_tags,
        delete_tags=_delete_tags,
    )


def configure(account: str, settings: TuningSettings) -> None:
    """Set how new tuning jobs in an account run."""
    _settings[account] = settings


def reset() -> None:
    """End all training jobs and forget all tuning jobs."""
    for store in _stores.values():
        store.close()
    _stores.clear()
    _settings.clear()
    _open.close()
    global _root
    _root = None


_root: Any = None


def store_of(account: str, region: str) -> TuningStore:
    """The tuning jobs of an account in a Region."""
    global _root
    if _root is None:
        _root = _open.enter_context(state_folder())
    key = account, region
    if key not in _stores:
        folder = _root / account / region
        _stores[key] = TuningStore(folder, account, region, get_partition(region))
    return _stores[key]


def _store(response: Any) -> TuningStore:
    return store_of(response.current_account, response.region)


def _request(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.body)
    return found


def _create(response: Any) -> ActionResult:
    settings = _settings.get(response.current_account, TuningSettings())
    try:
        arn = _store(response).create(_request(response), settings)
    except AwsError as error:
        raise _exception(error) from None
    return ActionResult({"HyperParameterTuningJobArn": arn})


def _exception(error: AwsError) -> Exception:
    if error.code == "ResourceInUse":
        return ResourceInUseException(message=str(error))
    return ValidationError(message=str(error))


def _existing(response: Any) -> tuple[TuningStore, str, dict[str, Any]]:
    """The tuning job of a request: its store, name and description. Raises ResourceNotFound."""
    store, name = _store(response), str(response._get_param(_NAME))
    description = store.describe(name)
    if description is None:
        raise ResourceNotFound(
            message=f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
        )
    return store, name, description


def _describe(response: Any) -> ActionResult:
    return ActionResult(_existing(response)[2])


def _list(response: Any) -> ActionResult:
    found, token = page_of_tuning_jobs(_store(response).summaries(), _request(response))
    return ActionResult({"HyperParameterTuningJobSummaries": found, "NextToken": token})


def _list_training_jobs(response: Any) -> ActionResult:
    store, name, _ = _existing(response)
    summaries = store.reader.training_job_summaries(name)
    found, token = page_of_training_jobs(summaries, _request(response))
    return ActionResult({"TrainingJobSummaries": found, "NextToken": token})


def _stop(response: Any) -> ActionResult:
    store, name, description = _existing(response)
    try:
        store.stop(name)
    except AwsError:
        raise ValidationError(
            message="The request was rejected because the hyperparameter tuning job is in status "
            f"{description['HyperParameterTuningJobStatus']}."
        ) from None
    return EmptyResult()


def _delete(response: Any) -> ActionResult:
    store, name, _ = _existing(response)
    try:
        store.delete(name)
    except HptcError:
        raise ValidationError(
            message="The request was rejected because the hyperparameter tuning job is running."
        ) from None
    return EmptyResult()


def _describe_training_job(response: Any) -> ActionResult:
    found = _store(response).describe_training_job(str(response._get_param("TrainingJobName")))
    if found is not None:
        return ActionResult(found)
    result: ActionResult = _moto_describe_training_job(response)
    return result


def _tags(backend: Any, arn: str) -> dict[str, str] | None:
    """The tags of a tuning job; None if the ARN is of something else."""
    prefix, is_of_tuning_job, name = arn.partition(_ARN)
    if not is_of_tuning_job:
        return None
    tags = store_of(backend.account_id, prefix.split(":")[3]).tags(name)
    if tags is None:
        raise AWSValidationException(f"Could not find tuning job with ARN {arn}")
    return tags


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _list_tags(backend: Any, arn: str, **paging: Any) -> Any:
    tags = _tags(backend, arn)
    if tags is None:
        return _moto_list_tags(backend, arn=arn, **paging)
    return _pairs(tags), None


def _add_tags(backend: Any, arn: str, added: list[dict[str, str]]) -> Any:
    tags = _tags(backend, arn)
    if tags is None:
        return _moto_add_tags(backend, arn, added)
    tags |= {tag["Key"]: tag["Value"] for tag in added}
    return _pairs(tags)


def _delete_tags(backend: Any, arn: str, keys: list[str]) -> None:
    tags = _tags(backend, arn)
    if tags is None:
        _moto_delete_tags(backend, arn, keys)
        return
    for key in keys:
        tags.pop(key, None)

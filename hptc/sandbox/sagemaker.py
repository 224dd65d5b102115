"""The SageMaker operations of tuning jobs: the WSGI application in front of the gateway.

It answers them without moto, which validates nothing and describes every tuning job with the same
made-up training job. What a tuning job does is a TuningMode. Everything else goes to the gateway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from moto.utilities.utils import get_partition

from hptc.errors import AwsError, HptcError
from hptc.sandbox.gateway import Gateway, credential_scope, error_response, request_id
from hptc.sandbox.local_clients import Environ, StartResponse
from hptc.sandbox.result_pages import page_of_training_jobs, page_of_tuning_jobs
from hptc.sandbox.state_folder import state_folder
from hptc.sandbox.tuning_store import TuningSettings, TuningStore

Answer = dict[str, Any]

_TARGET = "SageMaker."
_NAME = "HyperParameterTuningJobName"


class _Stores:
    """The tuning jobs of all accounts, as moto's state: one for the process."""

    def __init__(self) -> None:
        self.settings: dict[str, TuningSettings] = {}  # by account
        self._stores: dict[tuple[str, str], TuningStore] = {}  # by account and Region
        self._root: Path | None = None
        self._closing = ExitStack()
        self._lock = Lock()

    def find(self, account: str, region: str) -> TuningStore | None:
        """The tuning jobs of an account in a Region; None if there never was one."""
        return self._stores.get((account, region))

    def open(self, account: str, region: str) -> TuningStore:
        """The tuning jobs of an account in a Region."""
        with self._lock:
            if self._root is None:
                self._root = self._closing.enter_context(state_folder())
            key = account, region
            if key not in self._stores:
                folder = self._root / account / region
                self._stores[key] = TuningStore(folder, account, region, get_partition(region))
            return self._stores[key]

    def close(self) -> None:
        """Kill all training jobs and forget all tuning jobs."""
        for store in self._stores.values():
            store.close()
        self._stores.clear()
        self.settings.clear()
        self._closing.close()
        self._root = None


_stores = _Stores()
find_store = _stores.find
reset = _stores.close


def configure(account: str, settings: TuningSettings) -> None:
    """Set how new tuning jobs in an account run."""
    _stores.settings[account] = settings


class TuningService:
    """The WSGI application that answers the operations of tuning jobs."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        operation = str(environ.get("HTTP_X_AMZ_TARGET", "")).removeprefix(_TARGET)
        answer = _OPERATIONS.get(operation)
        if answer is None:
            return self._gateway(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        scope = credential_scope(environ)
        account = self._gateway.account_for(scope.access_key)
        try:
            store = _stores.open(account, scope.region or "us-east-1")
            response = answer(store, json.loads(body or b"{}"))
        except AwsError as error:
            return error_response(environ, start_response, "sagemaker", error.code, str(error))
        except Exception as error:
            reason = f"The sandbox failed in {operation}: {type(error).__name__}: {error}"
            return error_response(environ, start_response, "sagemaker", "SandboxFailure", reason)
        if response is None:
            environ["wsgi.input"] = BytesIO(body)
            return self._gateway(environ, start_response)
        data = json.dumps(response, default=_epoch_seconds).encode()
        headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", str(len(data))),
            ("x-amzn-RequestId", request_id()),
        ]
        start_response("200 OK", headers)
        return [data]


def _epoch_seconds(time: datetime) -> float:
    return time.timestamp()


def _existing(store: TuningStore, request: Answer) -> tuple[str, Answer]:
    """The name and description of the tuning job of a request."""
    name = str(request.get(_NAME))
    description = store.describe(name)
    if description is None:
        raise AwsError(
            f"Amazon SageMaker can't find a tuning job called {name}. Type another name.",
            code="ResourceNotFound",
        )
    return name, description


def _create(store: TuningStore, request: Answer) -> Answer:
    settings = _stores.settings.get(store.account, TuningSettings())
    return {"HyperParameterTuningJobArn": store.create(request, settings)}


def _describe(store: TuningStore, request: Answer) -> Answer:
    return _existing(store, request)[1]


def _list(store: TuningStore, request: Answer) -> Answer:
    page, token = page_of_tuning_jobs(store.summaries(), request)
    return {"HyperParameterTuningJobSummaries": page, **_next(token)}


def _list_training_jobs(store: TuningStore, request: Answer) -> Answer:
    name, _ = _existing(store, request)
    summaries = store.reader.training_job_summaries(name)
    page, token = page_of_training_jobs(summaries, request)
    return {"TrainingJobSummaries": page, **_next(token)}


def _next(token: str | None) -> Answer:
    return {} if token is None else {"NextToken": token}


def _stop(store: TuningStore, request: Answer) -> Answer:
    name, description = _existing(store, request)
    try:
        store.stop(name)
    except AwsError:
        raise AwsError(
            "The request was rejected because the hyperparameter tuning job is in status "
            f"{description['HyperParameterTuningJobStatus']}.",
            code="ValidationException",
        ) from None
    return {}


def _delete(store: TuningStore, request: Answer) -> Answer:
    name, _ = _existing(store, request)
    try:
        store.delete(name)
    except HptcError:
        raise AwsError(
            "The request was rejected because the hyperparameter tuning job is running.",
            code="ValidationException",
        ) from None
    return {}


def _describe_training_job(store: TuningStore, request: Answer) -> Answer | None:
    return store.describe_training_job(str(request.get("TrainingJobName")))


def _tags(store: TuningStore, request: Answer) -> dict[str, str] | None:
    """The tags of a tuning job or its training job; None if the ARN is of something else."""
    kind, _, name = str(request.get("ResourceArn")).rpartition(":")[2].partition("/")
    match kind:
        case "hyper-parameter-tuning-job":
            tags = store.tags(name)
            if tags is None:
                raise AwsError(f"Could not find the tuning job {name}", code="ValidationException")
            return tags
        case "training-job":
            return store.training_job_tags(name)
    return None


def _list_tags(store: TuningStore, request: Answer) -> Answer | None:
    tags = _tags(store, request)
    return None if tags is None else {"Tags": _pairs(tags)}


def _add_tags(store: TuningStore, request: Answer) -> Answer | None:
    tags = _tags(store, request)
    if tags is None:
        return None
    tags |= {tag["Key"]: tag["Value"] for tag in request.get("Tags") or ()}
    return {"Tags": _pairs(tags)}


def _delete_tags(store: TuningStore, request: Answer) -> Answer | None:
    tags = _tags(store, request)
    if tags is None:
        return None
    for key in request.get("TagKeys") or ():
        tags.pop(key, None)
    return {}


def _pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


_OPERATIONS: dict[str, Callable[[TuningStore, Answer], Answer | None]] = {
    # None: the gateway answers.
    "CreateHyperParameterTuningJob": _create,
    "DescribeHyperParameterTuningJob": _describe,
    "ListHyperParameterTuningJobs": _list,
    "StopHyperParameterTuningJob": _stop,
    "DeleteHyperParameterTuningJob": _delete,
    "ListTrainingJobsForHyperParameterTuningJob": _list_training_jobs,
    "DescribeTrainingJob": _describe_training_job,
    "ListTags": _list_tags,
    "AddTags": _add_tags,
    "DeleteTags": _delete_tags,
}

"""The logs of training jobs, in CloudWatch Logs.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from __future__ import annotations

import time
from typing import Any

from moto.logs import responses
from moto.logs.models import logs_backends

from hptc.local.container_files import HOST
from hptc.sandbox.extension import extend
from hptc.sandbox.sagemaker import find_store

_GROUP = "/aws/sagemaker/TrainingJobs"
_MAX_MESSAGE = 262_144
_moto = {
    name: getattr(responses.LogsResponse, name)
    for name in ("filter_log_events", "get_log_events", "describe_log_streams")
}


def install() -> None:
    """Bring the log of a training job up to date before its events are read."""
    updated = {name: _updated(operation) for name, operation in _moto.items()}
    extend(responses.LogsResponse, **updated)


def _updated(operation: Any) -> Any:
    def answer(response: Any) -> Any:
        if response._get_param("logGroupName") == _GROUP:
            names = [response._get_param(key) for key in ("logStreamNamePrefix", "logStreamName")]
            names += response._get_param("logStreamNames") or []
            for name in {stream.split("/")[0] for stream in names if stream}:
                _update(response.current_account, response.region, name)
        return operation(response)

    return answer


def _update(account: str, region: str, training_job: str) -> None:
    """Append what a training job has logged since the last time. The caller holds moto's lock."""
    store = find_store(account, region)
    lines = store.log_lines(training_job) if store is not None else []
    if not lines:
        return
    backend = logs_backends[account][region]
    backend.ensure_log_group(_GROUP)
    streams = backend.groups[_GROUP].streams
    name = f"{training_job}/{HOST}-{training_job[-8:]}"
    if name not in streams:
        backend.create_log_stream(_GROUP, name)
    new = [line for line in lines if line.strip()][len(streams[name].events) :]
    if new:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:_MAX_MESSAGE]} for line in new]
        streams[name].put_log_events(events)

"""Makes the operations of tuning jobs fail or slow, to test how a program reacts.

It is the WSGI application in front of the sandbox's gateway.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Literal

from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.sandbox.local_clients import Application, Environ, StartResponse

FaultKind = Literal["throttle", "internal", "latency"]

_DEFAULTS: dict[FaultKind, float] = {"throttle": 2.0, "internal": 2.0, "latency": 1.0}
_MAX_AMOUNT = 1000
_TARGET = "SageMaker."
_OPERATIONS = frozenset(
    {
        "CreateHyperParameterTuningJob",
        "DescribeHyperParameterTuningJob",
        "ListHyperParameterTuningJobs",
        "StopHyperParameterTuningJob",
        "ListTrainingJobsForHyperParameterTuningJob",
        "DescribeTrainingJob",
    }
)
_ANSWERS = {
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
    "throttle": ("400 Bad Request", "ThrottlingException", "Rate exceeded"),
    "internal": (
        "500 Internal Server Error",
        "InternalFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
    ),
}


@frozen
class Fault:
    """The first `amount` calls of each operation fail; or each takes `amount` seconds more."""

    kind: FaultKind
    amount: float


def read_fault(text: str) -> Fault:
    """A fault of `--fault`, such as `throttle=3`. Raises UsageError."""
    name, equals, amount = text.partition("=")
    kind = next((operation for operation in _DEFAULTS if operation == name), None)
    if kind is None:
        raise UsageError(
            f"--fault {text}: `{name}` is not a fault; expected {', '.join(_DEFAULTS)}"
        )
    try:
        number = float(amount) if equals else _DEFAULTS[kind]
    except ValueError:
        number = -1.0
    if not 0 <= number <= _MAX_AMOUNT:
        unit = "seconds" if kind == "latency" else "calls"
        raise UsageError(f"--fault {text}: expected a number of {unit} from 0 to {_MAX_AMOUNT}")
    return Fault(kind=kind, amount=number)


class FaultyService:
    """An application with faults."""

    def __init__(self, application: Application, faults: tuple[Fault, ...]) -> None:
        self._application = application
        self._faults = faults
        self._calls: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        operation = target.removeprefix(_TARGET)
        for fault in self._faults if operation in _OPERATIONS else ():
            if fault.kind == "latency":
                time.sleep(fault.amount)
            elif self._is_due(fault, operation):
                return _fail(environ, start_response, fault)
        return self._application(environ, start_response)

    def _is_due(self, fault: Fault, operation: str) -> bool:
        with self._lock:
            self._calls[fault.kind, operation] += 1
            return self._calls[fault.kind, operation] <= fault.amount


def _fail(environ: Environ, start_response: StartResponse, fault: Fault) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    status, code, message = _ANSWERS[fault.kind]
    body = json.dumps({"__type": code, "message": message}).encode()
    headers = [
        ("Content-Type", "application/x-amz-json-1.1"),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", code),
    ]
    start_response(status, headers)
    return [body]

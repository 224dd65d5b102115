"""Logs each call to AWS: its operation, how it ended, how long it took, and its request ID.

Parameters and responses are not logged, so nothing that may be secret is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

_LOGGER = logging.getLogger(__name__)
_STARTED = "hptc_started"
_OPERATION = "hptc_operation"
_EVENTS = ("before-parameter-build", "after-call", "after-call-error")
"""https://docs.aws.amazon.com/boto3/latest/guide/events.html; botocore retries between the first
and the others."""


class _Emitter(Protocol):
    def register(self, event_name: str, handler: Any) -> None: ...


def log_calls(events: _Emitter) -> None:
    """Log the calls of a session whose clients don't exist yet."""
    for event, handler in zip(_EVENTS, (_start, _end, _fail), strict=True):
        events.register(event, handler)


def _start(model: Any, context: dict[str, Any], **_: Any) -> None:
    context[_STARTED] = time.monotonic()
    context[_OPERATION] = _operation(model)


def _end(model: Any, context: Mapping[str, Any], parsed: Mapping[str, Any], **_: Any) -> None:
    facts = parsed.get("ResponseMetadata", {})
    code = parsed.get("Error", {}).get("Code")
    parts = [
        f"{facts.get('HTTPStatusCode')}{f' {code}' if code else ''}",
        _duration(context),
        f"request ID {facts.get('RequestId')}",
    ]
    if facts.get("RetryAttempts"):
        parts.append(f"retries: {facts['RetryAttempts']}")
    _LOGGER.debug("AWS %s: %s", _operation(model), ", ".join(parts))


def _fail(context: Mapping[str, Any], exception: Exception, **_: Any) -> None:
    # botocore names no model here.
    operation = context[_OPERATION]
    _LOGGER.debug("AWS %s: %s, %s", operation, type(exception).__name__, _duration(context))


def _operation(model: Any) -> str:
    return f"{model.service_model.service_name}:{model.name}"


def _duration(context: Mapping[str, Any]) -> str:
    return f"{(time.monotonic() - context[_STARTED]) * 1000:.0f} ms"

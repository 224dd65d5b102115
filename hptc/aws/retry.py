"""Retries AWS calls whose error is temporary.

botocore retries first, in its standard mode. This adds longer retries for what three quick attempts
don't outlast: throttling, internal errors of AWS, and IAM changes that are still propagating
(https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html, eventual consistency). Delays
use exponential backoff with full jitter
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from hptc.errors import AwsError
from hptc.frozen import frozen
from hptc.service.interface import Progress, silent

T = TypeVar("T")

_MIN_DELAY_SECONDS = 0.1

THROTTLING_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
INTERNAL_ERROR_CODES = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalFailureException",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "500",
        "502",
        "503",
        "504",
    }
)
_IAM_NOT_PROPAGATED = (
    # Terraform's aws_sagemaker resources retry on these messages too.
    "could not assume role",
    "no identity-based policy allows",
    "the aws access key id you provided does not exist in our records",
    "access denied when describing algorithm",
)


@frozen
class RetryPolicy:
    """How long calls that fail for one reason are retried."""

    reason: str  # as the progress line shows it
    initial_delay_seconds: float
    max_delay_seconds: float
    max_total_seconds: float


THROTTLING = RetryPolicy(
    reason="AWS is throttling requests",
    initial_delay_seconds=1,
    max_delay_seconds=20,
    max_total_seconds=90,
)
INTERNAL_ERROR = RetryPolicy(
    reason="AWS returned an internal error",
    initial_delay_seconds=1,
    max_delay_seconds=10,
    max_total_seconds=30,
)
IAM_PROPAGATION = RetryPolicy(
    reason="the role's permissions are still propagating",
    initial_delay_seconds=2,
    max_delay_seconds=20,
    max_total_seconds=120,
)


def retry_policy(error: AwsError) -> RetryPolicy | None:
    """The policy for an error; None if retrying can't help."""
    if error.code in THROTTLING_CODES:
        return THROTTLING
    if error.code in INTERNAL_ERROR_CODES:
        return INTERNAL_ERROR
    # In an AccessDeniedException the same text is about the caller, which no retry changes.
    message = error.message.lower()
    if error.code == "ValidationException" and any(part in message for part in _IAM_NOT_PROPAGATED):
        return IAM_PROPAGATION
    return None


@frozen
class Retry:
    """Retries a call while its error is temporary, within the limits of the error's policy."""

    progress: Progress = silent
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random

    def call(self, action: Callable[[], T]) -> T:
        """Return what `action` returns. Raises its AwsError if that is permanent or lasts."""
        started: dict[RetryPolicy, float] = {}
        retries = 0
        while True:
            try:
                return action()
            except AwsError as error:
                policy = retry_policy(error)
                if policy is None:
                    raise
                now = self.clock()
                remaining = started.setdefault(policy, now) + policy.max_total_seconds - now
                if remaining <= 0:
                    raise
                ceiling = min(
                    policy.max_delay_seconds, policy.initial_delay_seconds * 2 ** min(retries, 16)
                )
                delay = min(remaining, max(_MIN_DELAY_SECONDS, self.random() * ceiling))
                self.progress(
                    f"{policy.reason} ({error.message}): retrying in {delay:.0f} s, "
                    f"for up to {remaining:.0f} s"
                )
                retries += 1
            self.sleep(delay)

"""How long hptc tries again when AWS says that trying again helps.

botocore's own retries (standard mode) come first; this goes on where three quick attempts are not
enough: throttling, AWS's internal errors, and IAM, whose changes take a while to be seen everywhere
(https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html, eventual consistency). The
delay is exponential backoff with full jitter
(https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from hptc.errors import AwsError
from hptc.service.interface import Progress, silent

T = TypeVar("T")

_SHORTEST_SECONDS = 0.1

THROTTLED = frozenset(
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
INTERNAL = frozenset(
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
_IAM_NOT_VISIBLE = (
    # The texts that Terraform's aws_sagemaker resources wait for too.
    "could not assume role",
    "no identity-based policy allows",
    "the aws access key id you provided does not exist in our records",
    "access denied when describing algorithm",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one kind of trouble is waited for, and what a person is told meanwhile."""

    reason: str
    first_seconds: float
    longest_seconds: float
    total_seconds: float


THROTTLING = Patience(
    reason="AWS asks for fewer calls", first_seconds=1, longest_seconds=20, total_seconds=90
)
INTERNAL_ERROR = Patience(
    reason="AWS had an internal error", first_seconds=1, longest_seconds=10, total_seconds=30
)
IAM_NOT_VISIBLE = Patience(
    reason="the role's permissions are not visible everywhere yet",
    first_seconds=2,
    longest_seconds=20,
    total_seconds=120,
)


def patience(error: AwsError) -> Patience | None:
    """How long to wait for this error to go away; None when it won't."""
    if error.code in THROTTLED:
        return THROTTLING
    if error.code in INTERNAL:
        return INTERNAL_ERROR
    # As AccessDeniedException the same words are about the caller, and no wait will help.
    text = error.message.lower()
    if error.code == "ValidationException" and any(part in text for part in _IAM_NOT_VISIBLE):
        return IAM_NOT_VISIBLE
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Repeats a call while its error may go away by itself, within the bounds of its patience."""

    progress: Progress = silent
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random

    def call(self, action: Callable[[], T]) -> T:
        """What `action` returns. Raises its AwsError when that lasts, or can't pass."""
        began: dict[Patience, float] = {}
        attempts = 0
        while True:
            try:
                return action()
            except AwsError as error:
                wait = patience(error)
                if wait is None:
                    raise
                left = began.setdefault(wait, self.clock()) + wait.total_seconds - self.clock()
                if left <= 0:
                    raise
                ceiling = min(wait.longest_seconds, wait.first_seconds * 2 ** min(attempts, 16))
                delay = min(left, max(_SHORTEST_SECONDS, self.random() * ceiling))
                self.progress(
                    f"{wait.reason} ({error.message}): trying again in {delay:.0f} s, "
                    f"for {left:.0f} s at most"
                )
                attempts += 1
            self.sleep(delay)

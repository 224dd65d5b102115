"""Retries, on a fake clock that only sleeping advances."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hptc.aws.retry import (
    IAM_PROPAGATION,
    INTERNAL_ERROR,
    THROTTLING,
    Retry,
    RetryPolicy,
    retry_policy,
)
from hptc.errors import AwsError
from tests.support.fake_service import FakeTime

THROTTLE = AwsError("Rate exceeded", code="ThrottlingException")
IAM = AwsError("Could not assume role arn:aws:iam::1:role/r.", code="ValidationException")


def fails_with(*errors: AwsError) -> Callable[[], str]:
    remaining = list(errors)

    def action() -> str:
        if remaining:
            raise remaining.pop(0)
        return "done"

    return action


def always_fails_with(error: AwsError) -> Callable[[], str]:
    def action() -> str:
        raise error

    return action


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        pytest.param("ThrottlingException", "Rate exceeded", THROTTLING, id="throttling"),
        pytest.param("InternalFailure", "", INTERNAL_ERROR, id="internal"),
        pytest.param("503", "", INTERNAL_ERROR, id="status only"),
        pytest.param("ValidationException", "Could not assume role X", IAM_PROPAGATION, id="role"),
        pytest.param(
            "ValidationException",
            "no identity-based policy allows the s3:ListBucket action",
            IAM_PROPAGATION,
            id="policy",
        ),
        pytest.param(
            "ValidationException",
            "Access denied when describing algorithm",
            IAM_PROPAGATION,
            id="algorithm",
        ),
        pytest.param(
            "AccessDeniedException",
            "User is not authorized because no identity-based policy allows the action",
            None,
            id="the caller's own policy",
        ),
        pytest.param("ValidationException", "MaxValue is less than MinValue", None, id="invalid"),
        pytest.param("ResourceLimitExceeded", "service limit", None, id="quota"),
        pytest.param("", "cannot reach AWS", None, id="network"),
    ],
)
def test_each_error_has_its_policy(code: str, message: str, expected: RetryPolicy | None) -> None:
    assert retry_policy(AwsError(message, code=code)) == expected


@pytest.mark.parametrize(
    ("error", "times", "sleeps"),
    [
        pytest.param(THROTTLE, 0, [], id="no error"),
        pytest.param(THROTTLE, 3, [0.5, 1.0, 2.0], id="throttling"),
        pytest.param(THROTTLE, 7, [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0], id="up to the ceiling"),
        pytest.param(IAM, 2, [1.0, 2.0], id="iam"),
    ],
)
def test_delays_grow_exponentially_with_jitter(
    error: AwsError, times: int, sleeps: list[float]
) -> None:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)
    assert retry.call(fails_with(*[error] * times)) == "done"
    assert time.sleeps == sleeps


@pytest.mark.parametrize("jitter", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("error", [THROTTLE, IAM], ids=["throttling", "iam"])
def test_retries_end_after_the_total_time(error: AwsError, jitter: float) -> None:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: jitter)
    with pytest.raises(AwsError) as raised:
        retry.call(always_fails_with(error))
    assert raised.value is error
    policy = retry_policy(error)
    assert policy is not None
    assert sum(time.sleeps) == pytest.approx(policy.max_total_seconds)


def test_each_policy_has_its_own_total_time() -> None:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 1.0)
    assert retry.call(fails_with(THROTTLE, IAM, THROTTLE, IAM)) == "done"


def test_a_permanent_error_is_raised_immediately() -> None:
    time = FakeTime()
    with pytest.raises(AwsError):
        Retry(sleep=time.sleep, clock=time.clock).call(always_fails_with(AwsError("no", code="X")))
    assert not time.sleeps


def test_a_retry_is_reported() -> None:
    time = FakeTime()
    lines: list[str] = []
    retry = Retry(progress=lines.append, sleep=time.sleep, clock=time.clock, random=lambda: 1.0)
    retry.call(fails_with(IAM))
    (line,) = lines
    assert line == (
        "the role's permissions are still propagating "
        "(Could not assume role arn:aws:iam::1:role/r.): retrying in 2 s, for up to 120 s"
    )

"""How long hptc tries again, on a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hptc.aws.retry import (
    IAM_NOT_VISIBLE,
    INTERNAL_ERROR,
    THROTTLING,
    Patience,
    Retry,
    patience,
)
from hptc.errors import AwsError
from tests.support.fake_service import FakeTime

THROTTLE = AwsError("Rate exceeded", code="ThrottlingException")
IAM = AwsError("Could not assume role arn:aws:iam::1:role/r.", code="ValidationException")


def failing(*errors: AwsError) -> Callable[[], str]:
    left = list(errors)

    def action() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return action


def always(error: AwsError) -> Callable[[], str]:
    def action() -> str:
        raise error

    return action


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        pytest.param("ThrottlingException", "Rate exceeded", THROTTLING, id="throttling"),
        pytest.param("InternalFailure", "", INTERNAL_ERROR, id="internal"),
        pytest.param("503", "", INTERNAL_ERROR, id="status only"),
        pytest.param("ValidationException", "Could not assume role X", IAM_NOT_VISIBLE, id="role"),
        pytest.param(
            "ValidationException",
            "no identity-based policy allows the s3:ListBucket action",
            IAM_NOT_VISIBLE,
            id="policy",
        ),
        pytest.param(
            "ValidationException",
            "Access denied when describing algorithm",
            IAM_NOT_VISIBLE,
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
        pytest.param("", "AWS can't be reached", None, id="network"),
    ],
)
def test_what_may_go_away(code: str, message: str, expected: Patience | None) -> None:
    assert patience(AwsError(message, code=code)) == expected


@pytest.mark.parametrize(
    ("error", "times", "sleeps"),
    [
        pytest.param(THROTTLE, 0, [], id="no trouble"),
        pytest.param(THROTTLE, 3, [0.5, 1.0, 2.0], id="throttling"),
        pytest.param(THROTTLE, 7, [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0], id="up to the ceiling"),
        pytest.param(IAM, 2, [1.0, 2.0], id="iam"),
    ],
)
def test_sleeps_grow_with_jitter(error: AwsError, times: int, sleeps: list[float]) -> None:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)
    assert retry.call(failing(*[error] * times)) == "done"
    assert time.sleeps == sleeps


@pytest.mark.parametrize("jitter", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("error", [THROTTLE, IAM], ids=["throttling", "iam"])
def test_patience_ends(error: AwsError, jitter: float) -> None:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: jitter)
    with pytest.raises(AwsError) as raised:
        retry.call(always(error))
    assert raised.value is error
    limit = patience(error)
    assert limit is not None
    assert sum(time.sleeps) == pytest.approx(limit.total_seconds)


def test_kinds_of_trouble_have_a_patience_each() -> None:
    time = FakeTime()
    retry = Retry(sleep=time.sleep, clock=time.clock, random=lambda: 1.0)
    assert retry.call(failing(THROTTLE, IAM, THROTTLE, IAM)) == "done"


def test_what_does_not_go_away_is_raised_at_once() -> None:
    time = FakeTime()
    with pytest.raises(AwsError):
        Retry(sleep=time.sleep, clock=time.clock).call(always(AwsError("no", code="X")))
    assert not time.sleeps


def test_waiting_is_said() -> None:
    time = FakeTime()
    said: list[str] = []
    retry = Retry(progress=said.append, sleep=time.sleep, clock=time.clock, random=lambda: 1.0)
    retry.call(failing(IAM))
    (line,) = said
    assert line == (
        "the role's permissions are not visible everywhere yet "
        "(Could not assume role arn:aws:iam::1:role/r.): trying again in 2 s, for 120 s at most"
    )

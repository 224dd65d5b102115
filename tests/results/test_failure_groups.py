"""Failures by reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hptc.results.failure_groups import group_failures, with_logs
from hptc.service.tuning_jobs import LogEvent, TrainingJob
from tests.support.fake_service import FakeTuning
from tests.support.tuned_jobs import SECRET


def failed(name: str, reason: str) -> TrainingJob:
    return TrainingJob(name=name, status="Failed", failure_reason=reason)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("exit code 1 in x-001-aaaaaaaa", "exit code 1 in x-002-bbbbbbbb"),
        ("batch 12 of 40", "batch 3 of 40"),
        ("loss 1.5e-08", "loss 2.25"),
        (
            "request 0a1b2c3d-0000-4000-8000-aabbccddeeff failed",
            "request 11111111-2222-4333-8444-555555555555 failed",
        ),
        ("arn:aws:s3:::bucket/a is missing", "arn:aws:s3:::bucket/b is missing"),
        ("at 0xdeadbeef", "at 0x00c0ffee"),
    ],
)
def test_what_varies_is_the_same_reason(first: str, second: str) -> None:
    (group,) = group_failures([failed("x-001-aaaaaaaa", first), failed("x-002-bbbbbbbb", second)])
    assert group.training_jobs == ("x-001-aaaaaaaa", "x-002-bbbbbbbb")
    assert group.reason == first


def test_different_reasons_the_most_frequent_first() -> None:
    jobs = [failed("x-1", "no memory"), failed("x-2", "no space"), failed("x-3", "no space")]
    assert [group.training_jobs for group in group_failures(jobs)] == [("x-2", "x-3"), ("x-1",)]


def test_no_reason_and_secrets() -> None:
    first, second = group_failures([failed("x-1", ""), failed("x-2", f"key {SECRET} expired")])
    assert first.reason == "AWS reports no reason"
    assert SECRET not in second.reason


def logging(*messages: str) -> list[LogEvent]:
    now = datetime(2026, 10, 1, tzinfo=UTC)
    return [LogEvent(time=now, message=message, stream="algo-1") for message in messages]


def test_a_secret_is_hidden_where_a_long_line_is_cut() -> None:
    line = f"{'x' * 490} {SECRET}"
    tuning = FakeTuning(logs={"x-1": logging(line)})
    (group,) = with_logs(group_failures([failed("x-1", "no memory")]), tuning)
    assert group.log == (f"{'x' * 490} {'*' * 9}",)


def test_the_last_eight_lines_of_a_log_are_shown() -> None:
    tuning = FakeTuning(logs={"x-1": logging(*map(str, range(9)))})
    (group,) = with_logs(group_failures([failed("x-1", "no memory")]), tuning)
    assert group.logged_by == "x-1"
    assert group.log == ("1", "2", "3", "4", "5", "6", "7", "8")


def test_a_line_of_a_log_is_cut_after_500_characters() -> None:
    tuning = FakeTuning(logs={"x-1": logging("a" * 500, "b" * 501)})
    (group,) = with_logs(group_failures([failed("x-1", "no memory")]), tuning)
    assert group.log == ("a" * 500, "b" * 500)


def test_the_logs_of_five_groups_are_read() -> None:
    reasons = ("memory", "space", "data", "script", "image", "role")
    jobs = [failed(f"x-{number}", f"no {reason}") for number, reason in enumerate(reasons)]
    tuning = FakeTuning(logs={job.name: logging("a line") for job in jobs})
    groups = with_logs(group_failures(jobs), tuning)
    assert [bool(group.log) for group in groups] == [True] * 5 + [False]

"""Log lines of training jobs are untrusted text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hptc.jobs.log_choice import ChoiceReason, LogChoice
from hptc.render.logs import left_out_note, log_header, log_lines
from hptc.service.tuning_jobs import LogEvent
from tests.support.running_jobs import training_job

TIME = datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)


def lines(message: str, stream: str = "x/algo-1-1700", *, is_first: bool = True) -> list[str]:
    event = LogEvent(time=TIME, message=message, stream=stream)
    return list(log_lines(event, is_first_instance=is_first))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        pytest.param("epoch 1\n", ["epoch 1"], id="plain"),
        pytest.param("a\nb", ["a", "b"], id="several lines"),
        pytest.param("10%\r20%\r30%\r\n", ["30%"], id="progress bar"),
        pytest.param("\x1b[2J\x07x", ["\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}x"],
                     id="terminal"),
        pytest.param("", [""], id="empty"),
        pytest.param("AWS_ACCESS_KEY_ID is AKIAIOSFODNN7EXAMPLX now",
                     ["AWS_ACCESS_KEY_ID is ******************** now"], id="secret"),
        pytest.param("x" * 30_000, ["x" * 20_000 + "..."], id="long"),
    ],
)  # fmt: skip
def test_messages(message: str, shown: list[str]) -> None:
    assert lines(message) == [f"2026-03-01 10:00:05  {line}" for line in shown]


def test_other_instances_are_named() -> None:
    assert lines("x", "job/algo-2-1700", is_first=False) == ["2026-03-01 10:00:05  algo-2  x"]


def test_headers() -> None:
    job = training_job(1, 0, 1)
    choice = LogChoice(reason=ChoiceReason.BEST, training_jobs=(job,))
    assert log_header(job, choice) == (
        f"{job.name} (the best training job, Completed, validation:auc = 0.5)"
    )
    assert left_out_note(choice) == ""
    failed = LogChoice(reason=ChoiceReason.FAILED, training_jobs=(job,), left_out=2)
    assert left_out_note(failed).startswith("2 more failed training jobs; --training-job NAME")

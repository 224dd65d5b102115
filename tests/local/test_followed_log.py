"""A log that is followed: each line once, however often it is looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.local import log_tail
from hptc.local.followed_log import FollowedLog
from hptc.local.service import LocalTuning
from tests.support.local_runs import local_tuning, run, tuning_request


@pytest.fixture
def tuning(tmp_path: Path) -> LocalTuning:
    """A tuning job whose training job runs, as far as its record says."""
    tuning = local_tuning(tmp_path)
    run(tuning, tuning_request(jobs=1))
    mark(tuning, "InProgress")
    return tuning


def mark(tuning: LocalTuning, status: str) -> None:
    record = next(tuning.path_of("demo").glob("training-jobs/*.json"))
    data = json.loads(record.read_text())
    record.write_text(json.dumps({**data, "TrainingJobStatus": status}))


@pytest.fixture
def log(tuning: LocalTuning) -> Path:
    path = tuning.log_path(name(tuning))
    assert path is not None
    path.write_text("")
    return path


def name(tuning: LocalTuning) -> str:
    return next(tuning.list_training_jobs("demo")).name


@pytest.fixture
def read(tuning: LocalTuning, log: Path) -> Callable[..., list[str]]:
    followed = FollowedLog(tuning, name(tuning))

    def read(text: str = "", tail: int | None = None) -> list[str]:
        with log.open("a") as stream:
            stream.write(text)
        return [event.message for event in followed.read(tuning, tail=tail)]

    return read


def test_each_line_is_returned_once_and_whole(
    tuning: LocalTuning, read: Callable[..., list[str]]
) -> None:
    assert read("one\ntwo\nthr", tail=1) == ["two"]
    assert read("", tail=1) == []
    assert read("ee\nthree\nfour\n", tail=1) == ["three", "three", "four"]
    assert read("five") == []
    mark(tuning, "Completed")
    assert read() == ["five"]


def test_only_what_is_new_is_read(
    read: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []

    def text(line: bytes) -> str:
        decoded.append(line)
        return line.decode()

    monkeypatch.setattr(log_tail, "_text", text)
    assert len(read("old\n" * 1000)) == 1000
    decoded.clear()
    assert read("new\n") == ["new"]
    assert decoded == [b"new"]


def test_a_training_job_that_starts_again_has_a_new_log(
    tuning: LocalTuning, log: Path, read: Callable[..., list[str]]
) -> None:
    assert read("one\n") == ["one"]
    again = log.parent.with_name("attempt-2") / log.name
    again.parent.mkdir()
    again.write_text("one\n")
    record = next(tuning.path_of("demo").glob("training-jobs/*.json"))
    data = json.loads(record.read_text())
    data["Local"]["Attempt"] = 2
    record.write_text(json.dumps(data))
    assert read() == ["one"]


def test_another_tuning_job_has_no_lines(tuning: LocalTuning) -> None:
    assert list(FollowedLog(tuning, "other-001-00000000").read(tuning)) == []

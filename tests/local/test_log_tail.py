"""Growing logs of any size, read once and in bounded memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hptc.local import log_tail
from hptc.local.log_tail import LogTail

MAX_LINE = 4_096


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def append(log: Path, content: bytes) -> None:
    with log.open("ab") as stream:
        stream.write(content)


def test_lines_are_read_once_and_whole(log: Path) -> None:
    tail = LogTail(log)
    assert tail.read() == []
    append(log, b"one\ntwo\nthr")
    assert tail.read() == ["one", "two"]
    append(log, b"ee\n")
    assert tail.read() == ["three"]
    assert tail.read() == tail.rest() == []
    assert list(tail.last_lines) == ["one", "two", "three"]


def test_the_rest_is_the_line_without_an_end(log: Path) -> None:
    tail = LogTail(log)
    append(log, b"one\ntwo")
    assert (tail.read(), tail.rest(), tail.rest()) == (["one"], ["two"], [])


def test_a_carriage_return_ends_a_line(log: Path) -> None:
    tail = LogTail(log)
    append(log, b"10%\r20%\r\n30%\n")
    assert tail.read() == ["10%", "20%", "30%"]


def test_a_character_that_is_split_is_read_whole(log: Path) -> None:
    tail = LogTail(log)
    encoded = "\N{GREEK SMALL LETTER ALPHA}=1\n".encode()
    append(log, encoded[:1])
    assert tail.read() == []
    append(log, encoded[1:])
    assert tail.read() == ["\N{GREEK SMALL LETTER ALPHA}=1"]


def test_a_long_line_is_cut_and_its_rest_skipped(log: Path) -> None:
    tail = LogTail(log)
    append(log, b"x" * 5 * MAX_LINE)
    assert tail.read() == ["x" * MAX_LINE]
    append(log, b"loss=1" + b"x" * 5 * MAX_LINE)
    assert tail.read() == []
    append(log, b"\nnext\n")
    assert tail.read() == ["next"]


def test_a_large_log_is_emptied_once_it_was_read(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "MAX_FILE_BYTES", 10)
    tail = LogTail(log)
    append(log, b"one\ntwo\nthree\n"[:10])
    assert tail.read() == ["one", "two"]
    assert (log.stat().st_size, tail.dropped_bytes) == (0, 10)
    append(log, b"ree\nfour\n")
    assert tail.read() == ["three"[:2] + "ree", "four"]


def test_what_is_written_while_a_large_log_is_read_is_not_lost(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "MAX_FILE_BYTES", 8)
    measured = os.fstat

    def fstat_and_append(descriptor: int) -> os.stat_result:
        """The size before the training job appends, which it does once it was measured."""
        size = measured(descriptor)
        monkeypatch.setattr(os, "fstat", measured)
        append(log, b"loss=1\n")
        return size

    append(log, b"one\ntwo\n")
    monkeypatch.setattr(log_tail, "_READ_BYTES", 8)
    monkeypatch.setattr(os, "fstat", fstat_and_append)
    tail = LogTail(log)
    assert tail.read() == ["one", "two"]
    assert tail.read() == ["loss=1"]
    assert (log.stat().st_size, tail.dropped_bytes) == (0, 15)


def test_a_log_that_grows_too_fast_loses_its_middle(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "MAX_UNREAD_BYTES", 100)
    monkeypatch.setattr(log_tail, "_READ_BYTES", 20)
    tail = LogTail(log)
    append(log, b"first\n" + b"middle\n" * 100 + b"before-the-last\nlast\n")
    assert tail.read() == ["last"]
    assert tail.has_gaps
    assert not tail.has_more()


@pytest.mark.parametrize(("length", "has_gaps"), [(99, False), (100, False), (101, True)])
def test_as_much_as_the_limit_is_not_lost(
    log: Path, monkeypatch: pytest.MonkeyPatch, length: int, has_gaps: bool
) -> None:
    monkeypatch.setattr(log_tail, "MAX_UNREAD_BYTES", 100)
    monkeypatch.setattr(log_tail, "_READ_BYTES", 50)
    append(log, b"x" * (length - 1) + b"\n")
    tail = LogTail(log)
    tail.read()
    assert tail.has_gaps is has_gaps


@pytest.mark.parametrize(
    ("length", "expected"), [(4 * MAX_LINE, []), (4 * MAX_LINE + 1, ["x" * MAX_LINE])]
)
def test_a_line_without_an_end_is_held_up_to_a_length(
    log: Path, length: int, expected: list[str]
) -> None:
    tail = LogTail(log)
    append(log, b"x" * length)
    assert tail.read() == expected
    append(log, b"\n")
    assert tail.read() == (["x" * MAX_LINE] if not expected else [])


def test_a_log_that_does_not_exist_yet_has_no_more(log: Path) -> None:
    tail = LogTail(log)
    assert not tail.has_more()
    append(log, b"one\n")
    assert tail.has_more()
    tail.read()
    assert not tail.has_more()


def test_what_was_not_read_can_be_skipped(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tail, "_READ_BYTES", 20)
    tail = LogTail(log)
    tail.skip()
    append(log, b"first\nsecond\n")
    tail.skip()
    assert tail.read() == ["first", "second"]
    append(log, b"middle\n" * 100 + b"before-the-last\nlast\n")
    tail.skip()
    assert tail.has_gaps
    assert tail.read() == ["last"]


def test_as_much_as_one_reading_is_not_skipped(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tail, "_READ_BYTES", 13)
    tail = LogTail(log)
    append(log, b"first\nsecond\n")
    tail.skip()
    assert tail.read() == ["first", "second"]
    assert not tail.has_gaps


def test_one_byte_more_than_one_reading_is_skipped(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "_READ_BYTES", 12)
    tail = LogTail(log)
    append(log, b"first\nsecond\n")
    tail.skip()
    assert tail.has_gaps
    assert tail.read() == ["second"]


def test_an_observer_changes_and_skips_nothing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tail, "MAX_FILE_BYTES", 10)
    monkeypatch.setattr(log_tail, "MAX_UNREAD_BYTES", 10)
    tail = LogTail(log, is_observer=True)
    append(log, b"one\ntwo\nthree\nfour\n")
    assert tail.read() == ["one", "two", "three", "four"]
    assert log.read_bytes() == b"one\ntwo\nthree\nfour\n"
    log.write_bytes(b"five\n")  # the run has emptied it
    assert tail.read() == ["five"]
    assert not tail.has_gaps


def test_the_last_50_lines_are_kept(log: Path) -> None:
    tail = LogTail(log)
    append(log, b"".join(b"%d\n" % number for number in range(30)))
    tail.read()
    append(log, b"".join(b"%d\n" % number for number in range(30, 90)))
    tail.read()
    append(log, b"90")
    tail.read()
    tail.rest()
    assert list(tail.last_lines) == [str(number) for number in range(41, 91)]


def test_a_line_of_wide_characters_is_as_long_as_others(log: Path) -> None:
    tail = LogTail(log)
    append(log, "\N{GRINNING FACE}".encode() * MAX_LINE + b"\n")
    assert tail.read() == ["\N{GRINNING FACE}" * MAX_LINE]


def test_the_rest_of_a_line_that_was_cut_is_no_line(log: Path) -> None:
    tail = LogTail(log)
    append(log, b"x" * 5 * MAX_LINE)
    tail.read()
    append(log, b"loss=1")
    assert tail.read() == tail.rest() == []


def test_a_training_job_may_be_8_mb_ahead_and_its_log_has_64_mb() -> None:
    assert (log_tail.MAX_UNREAD_BYTES, log_tail.MAX_FILE_BYTES) == (8_388_608, 67_108_864)

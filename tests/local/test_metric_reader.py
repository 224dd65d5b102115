"""Metrics in growing logs, and expressions that never end."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from hptc.diagnostics import RequestPath
from hptc.local.metric_reader import MetricReader
from hptc.request.tuning_job import Metric


def metric(name: str, regex: str) -> Metric:
    return Metric(name=name, regex=regex, path=RequestPath(()))


LOSS = metric("loss", "loss=([0-9.e+-]+)")
AUC = metric("auc", "auc=([0-9.]+)")
SLOW = metric("slow", "(a+)+$")


@pytest.fixture
def reader() -> Iterator[MetricReader]:
    metric_reader = MetricReader([LOSS.regex, AUC.regex, SLOW.regex, LOSS.regex, "("], seconds=0.3)
    yield metric_reader
    metric_reader.close()


def read(reader: MetricReader, *lines: str, metrics: tuple[Metric, ...]) -> list[tuple[str, float]]:
    return [(report.metric, report.value) for report in reader.read("job", metrics, lines)]


def test_values_come_in_the_order_of_the_lines(reader: MetricReader) -> None:
    values = read(reader, "auc=0.5", "loss=1e-05 auc=0.6", "loss=2", metrics=(LOSS, AUC))
    assert values == [("auc", 0.5), ("loss", 1e-05), ("auc", 0.6), ("loss", 2.0)]


def test_long_logs_are_read_in_parts(reader: MetricReader) -> None:
    lines = [f"loss={number}" for number in range(1200)]
    assert read(reader, *lines, metrics=(LOSS,)) == [("loss", float(n)) for n in range(1200)]


def test_nothing_to_read_starts_no_process(reader: MetricReader) -> None:
    assert read(reader, metrics=(LOSS,)) == []
    assert reader._worker is None


def test_an_expression_that_takes_too_long_is_skipped_on_that_log(reader: MetricReader) -> None:
    endless = "a" * 40 + "b loss=1"
    for _ in range(3):
        assert not reader.is_too_slow("job", SLOW)
        assert read(reader, endless, metrics=(SLOW, LOSS)) == [("loss", 1.0)]
    assert reader.is_too_slow("job", SLOW)
    assert not reader.is_too_slow("another job", SLOW)
    assert read(reader, endless, metrics=(SLOW, LOSS)) == [("loss", 1.0)]


def test_the_time_of_other_processes_makes_no_expression_too_slow(reader: MetricReader) -> None:
    assert read(reader, "loss=1", metrics=(LOSS,)) == [("loss", 1.0)]
    assert reader._worker is not None
    process = reader._worker._process
    process.send_signal(signal.SIGSTOP)  # as on a machine that is busy
    threading.Timer(0.5, process.send_signal, [signal.SIGCONT]).start()
    assert read(reader, "loss=2", metrics=(LOSS,)) == [("loss", 2.0)]
    assert reader._worker._process is process


def test_a_killed_process_is_replaced(reader: MetricReader) -> None:
    assert read(reader, "loss=1", metrics=(LOSS,)) == [("loss", 1.0)]
    assert reader._worker is not None
    reader._worker._process.kill()
    reader._worker._process.wait()
    assert read(reader, "loss=2 auc=3", metrics=(LOSS, AUC))[-1:] == [("auc", 3.0)]
    assert read(reader, "loss=4", metrics=(LOSS,)) == [("loss", 4.0)]


def test_ctrl_c_in_a_terminal_does_not_reach_the_process(reader: MetricReader) -> None:
    read(reader, "loss=1", metrics=(LOSS,))
    assert reader._worker is not None
    assert os.getsid(reader._worker._process.pid) != os.getsid(0)


def test_an_invalid_expression_matches_nothing(reader: MetricReader) -> None:
    assert read(reader, "loss=1", metrics=(metric("broken", "("), LOSS)) == [("loss", 1.0)]

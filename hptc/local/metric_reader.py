"""Reads the metrics of running training jobs from their logs.

SageMaker searches each line of a log with the expression of each metric definition, and takes the
text of the first group as the value:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
Expressions run in one process for all training jobs, which is killed when one of them takes too
long: a request can come from a stranger.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.metrics import regex_worker
from hptc.request.tuning_job import Metric

SECONDS = 2.0
"""CPU time for one expression on one part of a log."""

_ANSWER_TIME_FACTOR = 10  # of the CPU time, because a machine may be busy

_PART_CHARACTERS = 32_768  # XGBoost's expressions take quadratic time; few long lines are one part
_PART_LINES = 500
_MAX_SLOW_PARTS = 3  # parts that an expression may be too slow for, before it is skipped
_WORKER = Path(regex_worker.__file__)


@frozen
class Reported:
    """A value of a metric in a log."""

    metric: str
    value: float


class MetricReader:
    """Searches the logs of the training jobs of one tuning job."""

    def __init__(self, regexes: Sequence[str], *, seconds: float = SECONDS) -> None:
        self._regexes = list(dict.fromkeys(regexes))
        self._seconds = seconds
        self._worker: _Worker | None = None
        self._slow: Counter[tuple[str, str]] = Counter()

    def read(
        self, training_job: str, metrics: Sequence[Metric], lines: Sequence[str]
    ) -> Iterator[Reported]:
        """The values of metrics in the next lines of the log of a training job."""
        for part in _parts(lines):
            searched = [metric for metric in metrics if not self.is_too_slow(training_job, metric)]
            readings: list[tuple[int, str, float]] = []
            for metric, values in self._search(training_job, searched, part):
                readings += [(line, metric.name, value) for line, value in values]
            readings.sort(key=lambda reading: reading[0])
            yield from (Reported(metric=name, value=value) for _, name, value in readings)

    def is_too_slow(self, training_job: str, metric: Metric) -> bool:
        """Whether an expression took too long on the log, so it is not searched anymore."""
        return self._slow[training_job, metric.regex] >= _MAX_SLOW_PARTS

    def close(self) -> None:
        """Kill the process."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _search(
        self, training_job: str, metrics: list[Metric], lines: list[str]
    ) -> Iterator[tuple[Metric, list[tuple[int, float]]]]:
        remaining = list(metrics)
        while remaining:
            indexes = [self._regexes.index(metric.regex) for metric in remaining]
            try:
                worker = self._ask({"expressions": indexes, "lines": lines})
                while remaining:
                    answer = worker.next_answer(self._seconds * _ANSWER_TIME_FACTOR)
                    if answer is None:
                        break
                    yield remaining.pop(0), list(_finite(answer["values"]))
            except OSError:
                pass  # the process is gone
            if remaining:  # the first of them was too slow, or crashed the process
                self._slow[training_job, remaining.pop(0).regex] += 1
                self.close()

    def _ask(self, question: dict[str, Any]) -> _Worker:
        if self._worker is None:
            self._worker = _Worker(self._regexes, self._seconds)
        self._worker.send(question)
        return self._worker


class _Worker:
    """The process that runs the expressions."""

    def __init__(self, regexes: list[str], seconds: float) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WORKER), "--follow", str(seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for hptc
            )
        except OSError as error:
            raise OperationError(f"can't start Python: {error.strerror}") from None
        self._questions = cast(IO[bytes], self._process.stdin)
        self._output = cast(io.BufferedReader, self._process.stdout)
        self._answers = b""
        self.send(regexes)

    def send(self, data: object) -> None:
        """Send a line. Raises OSError if the process is gone."""
        self._questions.write(json.dumps(data).encode() + b"\n")
        self._questions.flush()

    def next_answer(self, seconds: float) -> dict[str, Any] | None:
        """The next line that the process writes; None if it takes too long or has ended."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._answers:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._output], [], [], left)[0]:
                return None
            read = self._output.read1(1 << 20)
            if not read:
                return None
            self._answers += read
        line, _, self._answers = self._answers.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._questions, self._output):
            with contextlib.suppress(OSError):
                stream.close()


def _finite(captures: Sequence[tuple[int, str]]) -> Iterator[tuple[int, float]]:
    for line, text in captures:
        value = float(text)
        if math.isfinite(value):  # 1e999 is not
            yield line, value


def _parts(lines: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if size >= _PART_CHARACTERS or len(part) >= _PART_LINES:
            yield part
            part, size = [], 0
    if part:
        yield part

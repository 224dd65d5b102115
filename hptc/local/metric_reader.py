"""Reads the metrics of running training jobs from their logs.

SageMaker searches each line of a log with the expression of each metric definition, and takes the
text of the first group as the value:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html
Expressions run in one process for all training jobs, which is killed when one of them takes too
long: a request can be a stranger's.
"""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.metrics import regex_worker
from hptc.request.tuning_job import Metric

SECONDS = 2.0
"""For one expression on one part of a log."""

_PART_CHARACTERS = 32_768  # XGBoost's expressions take quadratic time; few long lines are one part
_PART_LINES = 500
_MAX_SLOW = 3  # parts that an expression may be too slow for, before it is skipped
_WORKER = Path(regex_worker.__file__)


@frozen
class Reported:
    """A value of a metric, in the order in which a log has them."""

    metric: str
    value: float


class MetricReader:
    """Searches the logs of the training jobs of one tuning job."""

    def __init__(self, regexes: Sequence[str], *, seconds: float = SECONDS) -> None:
        self._regexes = list(dict.fromkeys(regexes))
        self._seconds = seconds
        self._worker: subprocess.Popen[bytes] | None = None
        self._answers = b""
        self._slow: Counter[tuple[str, str]] = Counter()

    def read(
        self, training_job: str, metrics: Sequence[Metric], lines: Sequence[str]
    ) -> Iterator[Reported]:
        """The values of metrics in the next lines of the log of a training job."""
        for part in _parts(lines):
            searched = [each for each in metrics if not self.is_too_slow(training_job, each)]
            found: list[tuple[int, str, float]] = []
            for metric, values in self._search(training_job, searched, part):
                found += [(line, metric.name, value) for line, value in values]
            found.sort(key=lambda each: each[0])
            yield from (Reported(metric=name, value=value) for _, name, value in found)

    def is_too_slow(self, training_job: str, metric: Metric) -> bool:
        """Whether an expression took too long on the log, so that it is not searched anymore."""
        return self._slow[training_job, metric.regex] >= _MAX_SLOW

    def close(self) -> None:
        """End the process."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            worker.wait()
            for stream in (worker.stdin, worker.stdout):
                with contextlib.suppress(OSError):
                    stream.close()  # type: ignore[union-attr]

    def _search(
        self, training_job: str, metrics: list[Metric], lines: list[str]
    ) -> Iterator[tuple[Metric, list[tuple[int, float]]]]:
        remaining = list(metrics)
        while remaining:
            wanted = [self._regexes.index(metric.regex) for metric in remaining]
            try:
                self._ask({"expressions": wanted, "lines": lines})
                while remaining:
                    answer = self._next_answer()
                    if answer is None:
                        break
                    yield remaining.pop(0), [(at, float(text)) for at, text in answer["values"]]
            except OSError:
                pass  # the process is gone
            if remaining:  # the first of them was too slow, or crashed the process
                self._slow[training_job, remaining.pop(0).regex] += 1
                self.close()

    def _ask(self, question: dict[str, Any]) -> None:
        if self._worker is None:
            self._worker = self._start()
            self._answers = b""
            self._send(self._regexes)
        self._send(question)

    def _send(self, data: Any) -> None:
        assert self._worker is not None
        assert self._worker.stdin is not None
        self._worker.stdin.write(json.dumps(data).encode() + b"\n")
        self._worker.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WORKER), "--follow"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for hptc
            )
        except OSError as error:
            raise OperationError(f"can't start Python: {error.strerror}") from None

    def _next_answer(self) -> dict[str, Any] | None:
        """The next line that the process writes; None if it takes too long or has ended."""
        assert self._worker is not None
        assert self._worker.stdout is not None
        deadline = time.monotonic() + self._seconds
        while b"\n" not in self._answers:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._worker.stdout], [], [], left)[0]:
                return None
            read = self._worker.stdout.read1(1 << 20)  # type: ignore[attr-defined]
            if not read:
                return None
            self._answers += read
        line, _, self._answers = self._answers.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


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

"""Runs the expressions of metric definitions over a log, in a process that can be killed.

regex_worker.py is that process. When an expression takes too long, the process is killed and a new
one runs the remaining expressions.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.metrics import regex_worker
from hptc.metrics.corrections import candidates, has_sign_before_group, relaxed
from hptc.metrics.metric_results import Captured, Examples, MetricResult
from hptc.request.tuning_job import Metric
from hptc.secrets.detector import hide_secrets

MAX_SHOWN = 64
"""Characters of the text of a line that are shown."""
_WALL_CLOCK = 5
"""Times the CPU time that a process may take on a busy machine."""
_MAX_SLOW = 3  # slow expressions, before the remaining ones are skipped
_WORKER = Path(regex_worker.__file__)


def run_expressions(
    metrics: Sequence[Metric], lines: Sequence[str], seconds: float
) -> Iterator[MetricResult]:
    """The result of each metric definition, in order. A process may take `seconds` of CPU time."""
    remaining = list(metrics)
    slow = 0
    while remaining and slow < _MAX_SLOW:
        answers = _answers([metric.regex for metric in remaining], lines, seconds)
        for index, answer in enumerate(answers.results):
            yield _result(remaining[index], answer, answers.reviews.get(index, {}))
        remaining = remaining[len(answers.results) :]
        if remaining:  # the process was killed while it ran the first of them
            yield MetricResult(metric=remaining.pop(0), fault=f"takes longer than {seconds:g} s")
            slow += 1
    for metric in remaining:
        yield MetricResult(metric=metric, fault="was skipped, because others took too long")


@frozen
class _Answers:
    """What the process has written: the first results, and reviews by their position in these."""

    results: list[dict[str, Any]]
    reviews: Mapping[int, dict[str, Any]] = field(default_factory=dict)


def _answers(regexes: list[str], lines: Sequence[str], seconds: float) -> _Answers:
    expressions = [
        {
            "regex": regex,
            "relaxed": relaxed(regex),
            "candidates": candidates(regex),
            "drops_sign": has_sign_before_group(regex),
        }
        for regex in regexes
    ]
    request = {"expressions": expressions, "lines": lines, "seconds": seconds}
    question = json.dumps(request).encode()
    command = [sys.executable, "-I", str(_WORKER)]
    longest = _WALL_CLOCK * seconds
    try:
        done = subprocess.run(command, input=question, capture_output=True, timeout=longest)
    except subprocess.TimeoutExpired as late:
        return _parsed(late.stdout or b"")
    except OSError as error:
        raise OperationError(f"can't start Python: {error.strerror}") from None
    answers = _parsed(done.stdout)
    if len(answers.results) == len(regexes) or done.returncode == -signal.SIGPROF:
        return answers
    # It crashed: out of memory, or killed by a signal.
    crash = {"fault": f"crashed the process that ran it (exit code {done.returncode})"}
    return replace(answers, results=[*answers.results, crash])


def _parsed(output: bytes) -> _Answers:
    whole_lines, _, _ = output.rpartition(b"\n")
    answers = [json.loads(line) for line in whole_lines.splitlines()]
    return _Answers(
        results=[answer for answer in answers if "review" not in answer],
        reviews={answer["review"]: answer for answer in answers if "review" in answer},
    )


def _result(metric: Metric, answer: Mapping[str, Any], review: Mapping[str, Any]) -> MetricResult:
    if "fault" in answer:
        return MetricResult(metric=metric, fault=answer["fault"])
    result = MetricResult(
        metric=metric,
        matches=answer["matches"],
        without_group=answer["without_group"],
        numbers=_examples(answer["numbers"]),
        misread=_examples(answer["misread"]),
        wrong=_examples(answer["wrong"]),
        last=_captured(*answer["last"]) if answer["last"] else None,
        names=tuple(_captured(*captured) for captured in answer["names"]),
    )
    if not review:
        return result
    return replace(
        result,
        missed=_examples(review["missed"]),
        not_finite=_examples(review["not_finite"]),
        corrected_regex=review["corrected"] or "",
    )


def _examples(data: Mapping[str, Any]) -> Examples:
    first = tuple(_captured(*captured) for captured in data["first"])
    return Examples(count=data["count"], first=first)


def _captured(line: int, text: str, number: str = "") -> Captured:
    """What a group captured, without secrets. They are masked before the text is cut."""
    return Captured(line=line, text=hide_secrets(text)[:MAX_SHOWN], number=number)

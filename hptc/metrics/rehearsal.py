"""Tests the metric definitions of a tuning job on a training log.

SageMaker searches the log of a training job with each expression and takes the text of the first
group as the value
(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).
Expressions run in regex_worker.py, a process that is killed if one takes too long; the remaining
ones still run. No code of the spec runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from hptc.errors import OperationError, UsageError
from hptc.frozen import frozen
from hptc.metrics import regex_worker
from hptc.metrics.corrections import candidates, has_sign_before_group, relaxed
from hptc.metrics.similar_lines import excerpt, similar_lines
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition, Metric, TuningJob
from hptc.secrets.detector import hide_secrets
from hptc.source.readable import reason_not_to_read

MAX_LOG_BYTES = 20_000_000
MAX_LOG_LINES = 500_000
SECONDS = 10.0
"""For all expressions of a definition, before the running one is stopped."""

SECONDS_OF_A_RUN = 60.0
"""For the sample logs of all specs in total."""
_MAX_SLOW = 3  # slow expressions, before the remaining ones are skipped
_SHOWN = 64  # characters of a capture
_WORKER = Path(regex_worker.__file__)


@frozen
class Captured:
    """The text that the first group captured in a line; line numbers start at 1."""

    line: int
    text: str


@frozen
class Misread:
    """A capture that is only a part of the number in the line, such as `9.5` of `9.5e-05`."""

    line: int
    text: str
    number: str


@frozen
class MetricFound:
    """What one expression matched."""

    metric: Metric
    is_objective: bool
    matches: int = 0  # matching lines
    numbers: int = 0  # matching lines whose first group captured a number
    without_group: int = 0  # matching lines without a captured group
    first: tuple[Captured, ...] = ()
    last: Captured | None = None
    wrong: tuple[Captured, ...] = ()  # the first few captures that are not numbers
    misread: int = 0  # of `numbers`, those that are only a part of the number in the line
    misread_first: tuple[Misread, ...] = ()
    missed: int = 0  # lines that don't match only because the group can't read their number
    missed_first: tuple[Captured, ...] = ()
    not_finite: int = 0  # lines that don't match only because their value is nan or inf
    not_finite_first: tuple[Captured, ...] = ()
    similar: tuple[Captured, ...] = ()  # if none matches: lines with words of the metric's name
    corrected_regex: str = ""  # captures the whole number on all of these lines; "" if unknown
    fault: str = ""  # why it did not run completely


@frozen
class Rehearsal:
    """What the metric definitions of one training job definition match in a log."""

    definition: str  # "" for a single definition
    log: str
    lines: int
    objective: str
    metrics: tuple[MetricFound, ...]
    is_aws_own: bool  # a built-in algorithm's, which are predefined and not tested
    fault: str = ""  # why the log could not be read

    @property
    def is_objective_found(self) -> bool:
        """Whether a tuning job would find its objective in such a log."""
        if self.is_aws_own:
            return not self.fault
        return any(found.is_objective and found.numbers for found in self.metrics)

    @property
    def is_objective_misread(self) -> bool:
        """Whether a tuning job would compare wrong values of its objective."""
        return any(found.is_objective and found.misread for found in self.metrics)


def rehearse(
    job: TuningJob,
    log_text: str,
    log: str,
    *,
    definition: str | None = None,
    seconds: float = SECONDS,
) -> tuple[Rehearsal, ...]:
    """Test every metric definition of a tuning job, or of one of its definitions, on a log.

    Raises UsageError if the definition does not exist.
    """
    chosen = [each for each in job.definitions if definition in (None, each.name)]
    if not chosen:
        names = ", ".join(each.name for each in job.definitions if each.name)
        help = (
            f"training jobs: {names}" if names else "omit the name; the spec has one training job"
        )
        raise UsageError(f"the spec has no training job `{definition}`", help=help)
    return tuple(rehearse_definition(each, log_text, log, seconds=seconds) for each in chosen)


def rehearse_definition(
    definition: Definition, log_text: str, log: str, *, seconds: float = SECONDS
) -> Rehearsal:
    """Test the metric definitions of one training job definition on a log."""
    lines = _lines(log_text)
    objective = definition.objective.metric_name if definition.objective else ""
    # The objective comes first, so that slow expressions don't prevent it from running.
    tried = sorted(definition.metrics, key=lambda metric: metric.name != objective)
    found = _in_order(_matches_of(tried, objective, lines, seconds), definition.metrics)
    return Rehearsal(
        definition=definition.name or "",
        log=log,
        lines=len(lines),
        objective=objective,
        metrics=tuple(_with_similar(each, lines) for each in found),
        is_aws_own=not definition.metrics and built_in(definition) is not None,
    )


def _lines(log_text: str) -> list[str]:
    lines = log_text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def rehearse_sample(definition: Definition, sample: str, root: Path) -> Rehearsal:
    """Test the metric definitions on the sample log of a spec, which must be inside `root`."""
    try:
        text = read_log_file(sample_path(sample, root))
    except UsageError as error:
        return _unread(definition, sample, error.message)
    return rehearse_definition(definition, text, sample)


def rehearse_samples(seconds: float) -> Callable[[Definition, str, Path], Rehearsal]:
    """`rehearse_sample` for many specs, which skips the rest after `seconds` in total.

    This limits the time that a change with many slow expressions can take.
    """
    left = seconds

    def rehearse_next(definition: Definition, sample: str, root: Path) -> Rehearsal:
        nonlocal left
        if left <= 0:
            fault = f"was skipped, because the logs before it took {seconds:g} s"
            return _unread(definition, sample, fault)
        start = time.monotonic()
        try:
            return rehearse_sample(definition, sample, root)
        finally:
            left -= time.monotonic() - start

    return rehearse_next


def _unread(definition: Definition, log: str, fault: str) -> Rehearsal:
    return Rehearsal(
        definition=definition.name or "",
        log=log,
        lines=0,
        objective=definition.objective.metric_name if definition.objective else "",
        metrics=(),
        is_aws_own=False,
        fault=fault,
    )


def sample_path(sample: str, root: Path) -> Path:
    """The path of a sample log. Raises UsageError if it is not inside `root`."""
    parts = Path(sample).parts
    if not sample or Path(sample).is_absolute() or ".." in parts or "\0" in sample:
        raise UsageError(f"`{sample}` is not a path inside the project")
    path = root / sample
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise UsageError(f"`{sample}` does not exist in the project") from None
    if not real.is_relative_to(root.resolve()):
        raise UsageError(f"`{sample}` is a link to a file outside the project")
    if not real.is_file():
        raise UsageError(f"`{sample}` is not a file")
    reason = reason_not_to_read(real)
    if reason is not None:
        raise UsageError(f"`{sample}` {reason}", help="`git add` the log if it belongs here")
    return real


def read_log_file(path: Path) -> str:
    """The text of a log file. Raises UsageError if it can't be read."""
    try:
        with path.open("rb") as stream:
            return read_log(stream, str(path))
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from None


def read_log(stream: IO[bytes], name: str) -> str:
    """The text of a log; invalid UTF-8 is replaced. Raises UsageError if it is too long."""
    raw = stream.read(MAX_LOG_BYTES + 1)
    if len(raw) > MAX_LOG_BYTES:
        raise UsageError(
            f"{name}: the log is larger than {MAX_LOG_BYTES:,} bytes",
            help="use a part of it, such as the log of one epoch",
        )
    if raw.count(b"\n") > MAX_LOG_LINES:
        raise UsageError(
            f"{name}: the log has more than {MAX_LOG_LINES:,} lines",
            help="use a part of it, such as the log of one epoch",
        )
    return raw.decode("utf-8", errors="replace")


def _matches_of(
    metrics: Sequence[Metric], objective: str, lines: list[str], seconds: float
) -> Iterator[MetricFound]:
    remaining = list(metrics)
    slow_ones = 0
    while remaining and slow_ones < _MAX_SLOW:
        answers, reviews = _answers([metric.regex for metric in remaining], lines, seconds)
        for index, (metric, answer) in enumerate(zip(remaining, answers, strict=False)):
            yield _read(metric, objective, answer, reviews.get(index))
        remaining = remaining[len(answers) :]
        if remaining:  # the worker was killed while running the first of them
            slow, slow_ones = remaining.pop(0), slow_ones + 1
            fault = f"takes longer than {seconds:g} s"
            yield MetricFound(metric=slow, is_objective=slow.name == objective, fault=fault)
    for metric in remaining:
        fault = "was skipped, because others took too long"
        yield MetricFound(metric=metric, is_objective=metric.name == objective, fault=fault)


def _in_order(found: Iterable[MetricFound], metrics: Sequence[Metric]) -> tuple[MetricFound, ...]:
    return tuple(sorted(found, key=lambda each: metrics.index(each.metric)))


def _answers(
    regexes: list[str], lines: list[str], seconds: float
) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """The worker's answers, as far as it got, and its reviews by the index of the expression."""
    expressions = [
        {
            "regex": regex,
            "relaxed": relaxed(regex),
            "candidates": candidates(regex),
            "drops_sign": has_sign_before_group(regex),
        }
        for regex in regexes
    ]
    question = json.dumps({"expressions": expressions, "lines": lines}).encode()
    command = [sys.executable, "-I", str(_WORKER)]
    try:
        done = subprocess.run(command, input=question, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return _parsed(late.stdout or b"")
    except OSError as error:
        raise OperationError(f"can't start Python: {error.strerror}") from None
    answers, reviews = _parsed(done.stdout)
    if len(answers) < len(regexes):
        # It crashed: out of memory, or killed by a signal.
        answers.append({"fault": f"crashed the process that ran it (exit code {done.returncode})"})
    return answers, reviews


def _parsed(output: bytes) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    whole, _, _ = output.rpartition(b"\n")
    answers = [json.loads(line) for line in whole.splitlines()]
    reviews = {each["review"]: each for each in answers if "review" in each}
    return [each for each in answers if "review" not in each], reviews


def _read(
    metric: Metric, objective: str, answer: dict[str, Any], review: dict[str, Any] | None
) -> MetricFound:
    if "fault" in answer:
        return MetricFound(
            metric=metric, is_objective=metric.name == objective, fault=answer["fault"]
        )
    found = MetricFound(
        metric=metric,
        is_objective=metric.name == objective,
        matches=answer["matches"],
        numbers=answer["numbers"],
        without_group=answer["without_group"],
        first=_captured(answer["shown"]),
        last=next(iter(_captured([answer["last"]])), None) if answer["last"] else None,
        wrong=_captured(answer["wrong"]),
        misread=answer["misread"],
        misread_first=tuple(
            Misread(line=line, text=text, number=number)
            for line, text, number in answer["misread_shown"]
        ),
    )
    if review is None:
        return found
    return replace(
        found,
        missed=review["missed"],
        missed_first=_captured(review["missed_shown"]),
        not_finite=review["not_finite"],
        not_finite_first=_captured(review["not_finite_shown"]),
        corrected_regex=review["corrected"] or "",
    )


def _with_similar(found: MetricFound, lines: Sequence[str]) -> MetricFound:
    """With the lines that were probably meant, if the expression matches none."""
    if found.matches or found.missed or found.not_finite or found.fault:
        return found
    name = found.metric.name
    similar = tuple(
        Captured(line=line, text=excerpt(name, hide_secrets(lines[line - 1]))[:_SHOWN])
        for line in similar_lines(name, lines)
    )
    return replace(found, similar=similar)


def _captured(pairs: Iterable[tuple[int, str]]) -> tuple[Captured, ...]:
    """What a group captured, without secrets. They are masked before the text is cut."""
    return tuple(Captured(line=line, text=hide_secrets(text)[:_SHOWN]) for line, text in pairs)

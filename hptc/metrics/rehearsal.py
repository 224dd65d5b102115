"""The rehearsal of metric definitions: a job and a real log in, what each expression finds out.

SageMaker searches the log of a training job with each expression and takes the first group's text
as the value (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).
Expressions run in regex_worker.py, a process that is killed when one takes too long; those after
it still get their turn. Nothing else of a spec is run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hptc.errors import OperationError, UsageError
from hptc.metrics import regex_worker
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition, Metric, TuningJob

MAX_LOG_BYTES = 20_000_000
SECONDS = 10.0
"""For all expressions of a definition together, before the slow one is given up."""

SECONDS_OF_A_RUN = 60.0
"""For the sample logs of all specs together."""
_MOST_SLOW = 3  # expressions that are waited for, before the rest is not tried
_WORKER = Path(regex_worker.__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A text that the first group took out of a line; lines count from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricFound:
    """What one expression found."""

    metric: Metric
    is_objective: bool
    matches: int = 0  # lines that it matches
    numbers: int = 0  # of these, with a number in the first group
    without_group: int = 0  # of these, where no group captured anything
    first: tuple[Captured, ...] = ()
    last: Captured | None = None
    wrong: tuple[Captured, ...] = ()  # the first few that are no numbers
    fault: str = ""  # why it was not, or not wholly, run


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What the metric definitions of one training job definition find in a log."""

    definition: str  # "" for a single one
    log: str
    lines: int
    objective: str
    metrics: tuple[MetricFound, ...]
    is_aws_own: bool  # a built-in algorithm's: its expressions are AWS's, with nothing to prove
    fault: str = ""  # why the log could not be read

    @property
    def is_objective_found(self) -> bool:
        """Whether the search would see its objective in such a log."""
        if self.is_aws_own:
            return not self.fault
        return any(found.is_objective and found.numbers for found in self.metrics)


def rehearse(
    job: TuningJob,
    log_text: str,
    log: str,
    *,
    definition: str | None = None,
    seconds: float = SECONDS,
) -> tuple[Rehearsal, ...]:
    """Prove every metric definition of a job, or of one of its definitions, on a log.

    Raises UsageError for a definition that the job does not have.
    """
    chosen = [each for each in job.definitions if definition in (None, each.name)]
    if not chosen:
        names = ", ".join(each.name for each in job.definitions if each.name)
        help = f"it has: {names}" if names else "it has one without a name: leave this out"
        raise UsageError(f"there is no training job `{definition}`", help=help)
    return tuple(rehearse_definition(each, log_text, log, seconds=seconds) for each in chosen)


def rehearse_definition(
    definition: Definition, log_text: str, log: str, *, seconds: float = SECONDS
) -> Rehearsal:
    """Prove the metric definitions of one definition on a log."""
    lines = log_text.splitlines()
    objective = definition.objective.metric_name if definition.objective else ""
    # The objective comes first, so that no slow expression takes its turn.
    tried = sorted(definition.metrics, key=lambda metric: metric.name != objective)
    return Rehearsal(
        definition=definition.name or "",
        log=log,
        lines=len(lines),
        objective=objective,
        metrics=_in_order(_found(tried, objective, lines, seconds), definition.metrics),
        is_aws_own=not definition.metrics and built_in(definition) is not None,
    )


def rehearse_sample(definition: Definition, sample: str, root: Path) -> Rehearsal:
    """The same on the log that a spec names, inside the folder `root` only."""
    try:
        text = read_log_file(sample_path(sample, root))
    except UsageError as error:
        return _unread(definition, sample, error.message)
    return rehearse_definition(definition, text, sample)


def rehearse_samples(seconds: float) -> Callable[[Definition, str, Path], Rehearsal]:
    """`rehearse_sample` for many specs: what is left after so long in all is not tried.

    One slow expression is waited for; a change that adds a hundred is no reason to wait for each.
    """
    left = seconds

    def rehearse_next(definition: Definition, sample: str, root: Path) -> Rehearsal:
        nonlocal left
        if left <= 0:
            fault = f"was not tried: the logs before it took {seconds:g} s"
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
    """The file that a spec names. Raises UsageError for one that is not inside `root`."""
    parts = Path(sample).parts
    if not sample or Path(sample).is_absolute() or ".." in parts or "\0" in sample:
        raise UsageError(f"`{sample}` is no path inside the project")
    path = root / sample
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise UsageError(f"there is no file `{sample}` in the project") from None
    if not real.is_relative_to(root.resolve()):
        raise UsageError(f"`{sample}` leads out of the project")
    if not real.is_file():
        raise UsageError(f"`{sample}` is no file")
    return real


def read_log_file(path: Path) -> str:
    """The text of a log's file. Raises UsageError."""
    try:
        with path.open("rb") as stream:
            return read_log(stream, str(path))
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from None


def read_log(stream: IO[bytes], name: str) -> str:
    """A log's text; bytes that are not UTF-8 are replaced. Raises UsageError."""
    raw = stream.read(MAX_LOG_BYTES + 1)
    if len(raw) > MAX_LOG_BYTES:
        raise UsageError(
            f"{name}: has more than {MAX_LOG_BYTES:,} bytes",
            help="take the log of an epoch",
        )
    return raw.decode("utf-8", errors="replace")


def _found(
    metrics: Sequence[Metric], objective: str, lines: list[str], seconds: float
) -> Iterator[MetricFound]:
    waiting = list(metrics)
    slow_ones = 0
    while waiting and slow_ones < _MOST_SLOW:
        answers = _answers([metric.regex for metric in waiting], lines, seconds)
        for metric, answer in zip(waiting, answers, strict=False):
            yield _read(metric, objective, answer)
        waiting = waiting[len(answers) :]
        if waiting:  # the worker was killed over the first of them
            slow, slow_ones = waiting.pop(0), slow_ones + 1
            fault = f"takes longer than {seconds:g} s on this log, and would in SageMaker too"
            yield MetricFound(metric=slow, is_objective=slow.name == objective, fault=fault)
    for metric in waiting:
        fault = "was not tried, since others took too long"
        yield MetricFound(metric=metric, is_objective=metric.name == objective, fault=fault)


def _in_order(found: Iterable[MetricFound], metrics: Sequence[Metric]) -> tuple[MetricFound, ...]:
    return tuple(sorted(found, key=lambda each: metrics.index(each.metric)))


def _answers(regexes: list[str], lines: list[str], seconds: float) -> list[dict[str, Any]]:
    """The worker's answers, as many as it gave in time."""
    question = json.dumps({"regexes": regexes, "lines": lines}).encode()
    command = [sys.executable, "-I", str(_WORKER)]
    try:
        done = subprocess.run(command, input=question, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        return _parsed(late.stdout or b"")
    except OSError as error:
        raise OperationError(f"Python can't be started: {error.strerror}") from None
    answers = _parsed(done.stdout)
    if len(answers) < len(regexes):
        # It died by itself: of memory, or by a signal.
        answers.append({"fault": f"ended the process that ran it (exit code {done.returncode})"})
    return answers


def _parsed(output: bytes) -> list[dict[str, Any]]:
    whole, _, _ = output.rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def _read(metric: Metric, objective: str, answer: dict[str, Any]) -> MetricFound:
    if "fault" in answer:
        return MetricFound(
            metric=metric, is_objective=metric.name == objective, fault=answer["fault"]
        )
    return MetricFound(
        metric=metric,
        is_objective=metric.name == objective,
        matches=answer["matches"],
        numbers=answer["numbers"],
        without_group=answer["without_group"],
        first=_captured(answer["shown"]),
        last=next(iter(_captured([answer["last"]])), None) if answer["last"] else None,
        wrong=_captured(answer["wrong"]),
    )


def _captured(pairs: Iterable[tuple[int, str]]) -> tuple[Captured, ...]:
    return tuple(Captured(line=line, text=text) for line, text in pairs)

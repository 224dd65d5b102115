"""Tests the metric definitions of a tuning job on a training log.

SageMaker searches the log of a training job with each expression and takes the text of the first
group as the value
(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).
regex_process.py runs the expressions. No code of the spec runs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.metrics.log_files import log_lines, read_log_file, sample_path
from hptc.metrics.metric_results import Captured, MetricResult
from hptc.metrics.regex_process import MAX_SHOWN, run_expressions
from hptc.metrics.similar_lines import excerpt, similar_lines
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition, TuningJob
from hptc.secrets.detector import hide_secrets

SECONDS = 10.0
"""For all expressions of a definition, before the running one is stopped."""
SECONDS_OF_A_RUN = 60.0
"""For the sample logs of all specs in total."""


@frozen
class Rehearsal:
    """What the metric definitions of one training job definition match in a log."""

    definition: str  # "" for a single definition
    log: str
    lines: int
    objective: str
    metrics: tuple[MetricResult, ...]
    is_aws_own: bool  # a built-in algorithm's, which are predefined and not tested
    fault: str = ""  # why the log could not be read

    @property
    def is_objective_found(self) -> bool:
        """Whether a tuning job would find its objective in such a log."""
        if self.is_aws_own:
            return not self.fault
        return any(result.is_objective and result.numbers.count for result in self.metrics)

    @property
    def is_objective_misread(self) -> bool:
        """Whether a tuning job would compare wrong values of its objective."""
        return any(result.is_objective and result.misread.count for result in self.metrics)


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
    chosen = [candidate for candidate in job.definitions if definition in (None, candidate.name)]
    if not chosen:
        names = ", ".join(candidate.name for candidate in job.definitions if candidate.name)
        help = (
            f"training jobs: {names}" if names else "omit the name; the spec has one training job"
        )
        raise UsageError(f"the spec has no training job `{definition}`", help=help)
    return tuple(
        rehearse_definition(candidate, log_text, log, seconds=seconds) for candidate in chosen
    )


def rehearse_definition(
    definition: Definition, log_text: str, log: str, *, seconds: float = SECONDS
) -> Rehearsal:
    """Test the metric definitions of one training job definition on a log."""
    lines = log_lines(log_text)
    objective = _objective(definition)
    # The objective comes first, so that slow expressions don't prevent it from running.
    metrics = sorted(definition.metrics, key=lambda metric: metric.name != objective)
    results = [
        replace(_with_similar(result, lines), is_objective=result.metric.name == objective)
        for result in run_expressions(metrics, lines, seconds)
    ]
    results.sort(key=lambda result: definition.metrics.index(result.metric))
    return Rehearsal(
        definition=definition.name or "",
        log=log,
        lines=len(lines),
        objective=objective,
        metrics=tuple(results),
        is_aws_own=not definition.metrics and built_in(definition) is not None,
    )


def rehearse_sample(definition: Definition, sample: str, root: Path) -> Rehearsal:
    """Test the metric definitions on the sample log of a spec, which must be inside `root`."""
    try:
        text = read_log_file(sample_path(sample, root))
    except UsageError as error:
        return _unread(definition, sample, error.message)
    return rehearse_definition(definition, text, sample)


class TimedRehearsals:
    """`rehearse_sample` for many specs, which skips the rest after `seconds` in total.

    This limits the time that a change with many slow expressions can take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seconds_left = seconds

    def rehearse_sample(self, definition: Definition, sample: str, root: Path) -> Rehearsal:
        """Test the metric definitions on a sample log, if there is time left."""
        if self._seconds_left <= 0:
            fault = f"was skipped, because the logs before it took {self._seconds:g} s"
            return _unread(definition, sample, fault)
        start = time.monotonic()
        try:
            return rehearse_sample(definition, sample, root)
        finally:
            self._seconds_left -= time.monotonic() - start


def _unread(definition: Definition, log: str, fault: str) -> Rehearsal:
    return Rehearsal(
        definition=definition.name or "",
        log=log,
        lines=0,
        objective=_objective(definition),
        metrics=(),
        is_aws_own=False,
        fault=fault,
    )


def _objective(definition: Definition) -> str:
    return definition.objective.metric_name if definition.objective else ""


def _with_similar(result: MetricResult, lines: Sequence[str]) -> MetricResult:
    """With the lines that were probably meant, if the expression matches none."""
    if result.matches or result.missed.count or result.not_finite.count or result.fault:
        return result
    name = result.metric.name
    similar = tuple(
        Captured(line=line, text=excerpt(name, hide_secrets(lines[line - 1]))[:MAX_SHOWN])
        for line in similar_lines(name, lines)
    )
    return replace(result, similar=similar)

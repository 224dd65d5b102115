"""HPT356 to HPT358: numbers that the expression of a metric reads wrongly or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hptc.diagnostics import Finding, Fix
from hptc.metrics.corrections import candidates
from hptc.metrics.number_forms import unread_number
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition, Metric
from hptc.rules.rule import Context, Rule, advice, set_value, warning
from hptc.text import plural

if TYPE_CHECKING:
    from hptc.metrics.metric_results import MetricResult
    from hptc.metrics.rehearsal import Rehearsal

_ADVICE = "match the sign, the point and the exponent in the group"


@warning("HPT356", "M27")
def metric_regex_cannot_read_number(rule: Rule, context: Context) -> Iterator[Finding]:
    """The capture group of a metric can't read an exponent or a sign that the metric may have.

    A script that prints a loss of 0.000095 writes `9.5e-05`, and `[0-9.]+` captures `9.5`: the best
    training job gets the worst value. A negative value, of a reward or R2 for example, is not found
    at all. The rule looks at the objective, by the name of its metric, and at learning rates. It
    does not report a fixed number of decimals, because the script then formats its numbers
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+)"}}

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.eE+-]+)"}}
    """
    for definition in context.job.definitions:
        if built_in(definition) is not None or definition.algorithm_name is not None:
            continue
        rehearsal = context.rehearsals.get(definition.path)
        for metric in definition.metrics:
            if has_reference(metric.regex) or _is_reported(metric, rehearsal):
                continue
            is_objective = _objective(definition) == metric.name
            unread = unread_number(metric.name, metric.regex, is_objective=is_objective)
            if unread is None:
                continue
            effect = (
                f"reads {unread.number} as {unread.captured}"
                if unread.captured
                else f"can't read a number such as {unread.number}"
            )
            better = next(iter(candidates(metric.regex)), None)
            yield rule.finding(
                f"the regular expression of `{metric.name}` {effect}",
                metric.path / "Regex",
                accepted=better or "",
                help=f"use `{better}`" if better else _ADVICE,
            )


@warning("HPT357", "M27")
def metric_misread_in_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition captures only a part of a number in the sample log.

    SageMaker uses what the first group captures: `9.5` of `9.5e-05`, or `2` of `12` after a greedy
    `.*`. The tuning job then compares wrong values. The help is an expression that captures the
    whole number on the same lines of the log
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {rate: "rate=([0-9.]+)"}}

    Good:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {rate: "rate=([0-9.eE+-]+)"}}
    """
    for rehearsal in context.rehearsals.values():
        for result in rehearsal.metrics:
            if not result.misread.count:
                continue
            first = result.misread.first[0]
            yield rule.finding(
                f"the metric `{result.metric.name}` captures {first.text} of {first.number} in "
                f"line {first.line} of {rehearsal.log}, and so in {result.misread.count:,} of "
                f"{plural(result.numbers.count, 'line')}",
                result.metric.path,
                label="captures a part of the number",
                fixes=corrected(result),
                help=_advice(result),
            )


@warning("HPT358", "M27")
def metric_missed_in_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition misses numbers of the sample log because of their form.

    The lines differ from those that the expression matches in the number only, which has a sign or
    an exponent that the group can't read. SageMaker has no value of the metric for these lines
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {score: "score=([0-9.]+)"}}

    Good:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {score: "score=([0-9.eE+-]+)"}}
    """
    for rehearsal in context.rehearsals.values():
        for result in rehearsal.metrics:
            if not result.missed.count:
                continue
            if result.misread.count or not result.numbers.count or result.wrong.count:
                continue  # HPT342, HPT343 or HPT357 reports it
            first, missed = result.missed.first[0], result.missed.count
            yield rule.finding(
                f"the metric `{result.metric.name}` does not match {first.text} in line "
                f"{first.line} of {rehearsal.log}, and so misses {missed:,} of "
                f"{plural(missed + result.numbers.count, 'line')}",
                result.metric.path,
                label="misses numbers",
                fixes=corrected(result),
                help=_advice(result),
            )


def _advice(result: MetricResult) -> str:
    return f"use `{result.corrected_regex}`" if result.corrected_regex else _ADVICE


def corrected(result: MetricResult) -> tuple[Fix, ...]:
    """The fix that writes the expression that reads the sample log; none if there is none."""
    if not result.corrected_regex:
        return ()
    change = set_value(result.metric.path / "Regex", result.corrected_regex)
    return (advice(f"use `{result.corrected_regex}`", change),)


def _is_reported(metric: Metric, rehearsal: Rehearsal | None) -> bool:
    """Whether a rule about the sample log reports the metric already."""
    results = rehearsal.metrics if rehearsal is not None else ()
    return any(result.metric == metric and not result.is_right for result in results)


def _objective(definition: Definition) -> str | None:
    return definition.objective.metric_name if definition.objective else None


RULES = (
    metric_regex_cannot_read_number,
    metric_misread_in_sample_log,
    metric_missed_in_sample_log,
)

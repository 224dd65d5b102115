"""HPT34x: what metric definitions find in the sample log of a spec.

The rules only read the results: hptc/metrics reads the log and runs the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hptc.diagnostics import Finding, RequestPath, SpecPath
from hptc.rules.metric_numbers import corrected
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import guarded, plural

if TYPE_CHECKING:
    from hptc.metrics.metric_results import MetricResult

_SHOW = "`hptc metrics SPEC --log FILE` shows what each expression finds"


@error("HPT341")
def unreadable_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """The sample log can't be read.

    `metric_sample_log` is the path of a file inside the project, relative to the folder of
    hptc.yaml. It must not be absolute, contain `..`, or be a link to a file outside the project.
    In CI, git must track the file
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job: {metric_sample_log: logs/missing.log}

    Good:
        training_job: {metric_sample_log: logs/training.log}
    """
    for path, rehearsal in context.rehearsals.items():
        if rehearsal.fault:
            yield rule.finding(
                rehearsal.fault,
                _spec_path(path, context) / "metric_sample_log",
                label="can't be read",
                help="set the path of a log, relative to the folder of hptc.yaml",
            )


@error("HPT342")
def objective_not_in_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """The metric definitions don't find the objective in the sample log.

    If the logs of the training jobs look like the sample, they have no objective value, and the
    tuning job finds no best training job. `hptc metrics` shows what each expression matches
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {loss: "Loss: ([0-9.]+)"}}

    Good:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {loss: "loss=([0-9.eE+-]+)"}}
    """
    for path, rehearsal in context.rehearsals.items():
        if rehearsal.fault or rehearsal.is_objective_found:
            continue
        objective = next((metric for metric in rehearsal.metrics if metric.is_objective), None)
        better = objective.corrected_regex if objective is not None else ""
        yield rule.finding(
            f"the objective `{rehearsal.objective}` is not found in the "
            f"{plural(rehearsal.lines, 'line')} of {rehearsal.log}",
            path / "AlgorithmSpecification" / "MetricDefinitions",
            help=f"use `{better}`" if better else _SHOW,
            fixes=corrected(objective) if objective is not None else (),
            on_key=True,
        )


@warning("HPT343")
def metric_not_in_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition finds no number in the sample log.

    The metric stays empty in the console. This also reports expressions that capture something
    other than a number, or that take too long
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {accuracy: "acc is ([0-9.]+)"}}

    Good:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {accuracy: "accuracy=([0-9.]+)"}}
    """
    for rehearsal in context.rehearsals.values():
        for result in rehearsal.metrics:
            if result.is_objective and not rehearsal.is_objective_found and not result.fault:
                continue  # HPT342 reports it
            problem = _problem(result)
            if not problem:
                continue
            yield rule.finding(
                f"the metric `{result.metric.name}` {problem} in {rehearsal.log}",
                result.metric.path,
                label="does not work on the sample log",
                fixes=corrected(result),
                help=f"use `{result.corrected_regex}`" if result.corrected_regex else _SHOW,
            )


def _problem(result: MetricResult) -> str:
    """Why an expression does not work on a log; empty if it captures numbers only."""
    if result.fault:
        return result.fault
    if result.wrong.count:
        first = result.wrong.first[0]
        return f"captures {guarded(first.text)} in line {first.line}, which is not a number"
    if not result.matches:
        return "matches no line"
    return "" if result.numbers.count else "captures nothing"


def _spec_path(path: RequestPath, context: Context) -> SpecPath:
    """The path of a definition in the spec."""
    if not context.job.is_multiple:
        return SpecPath(("training_job",))
    definition = next(
        definition for definition in context.job.definitions if definition.path == path
    )
    return SpecPath(("training_jobs", definition.name or ""))


RULES = (
    unreadable_sample_log,
    objective_not_in_sample_log,
    metric_not_in_sample_log,
)

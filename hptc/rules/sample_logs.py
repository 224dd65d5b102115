"""HPT34x: what metric definitions find in the sample log of a spec.

The rules only read the results: hptc/metrics reads the log and runs the expressions.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath, SpecPath
from hptc.rules.metric_numbers import corrected
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import guarded, plural

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
        objective = next((each for each in rehearsal.metrics if each.is_objective), None)
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
        for found in rehearsal.metrics:
            if found.is_objective and not rehearsal.is_objective_found and not found.fault:
                continue  # HPT342 reports it
            if found.fault:
                what = found.fault
            elif found.wrong:
                first = found.wrong[0]
                what = f"captures {guarded(first.text)} in line {first.line}, which is not a number"
            elif not found.numbers:
                what = "matches no line" if not found.matches else "captures nothing"
            else:
                continue
            yield rule.finding(
                f"the metric `{found.metric.name}` {what} in {rehearsal.log}",
                found.metric.path,
                label="does not work on the sample log",
                fixes=corrected(found),
                help=f"use `{found.corrected_regex}`" if found.corrected_regex else _SHOW,
            )


def _spec_path(path: RequestPath, context: Context) -> SpecPath:
    """The path of a definition in the spec."""
    if not context.job.is_multiple:
        return SpecPath(("training_job",))
    definition = next(each for each in context.job.definitions if each.path == path)
    return SpecPath(("training_jobs", definition.name or ""))


RULES = (
    unreadable_sample_log,
    objective_not_in_sample_log,
    metric_not_in_sample_log,
)

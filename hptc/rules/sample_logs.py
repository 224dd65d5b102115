"""HPT34x: what metric definitions find in the sample log that a spec names.

The rules read the outcome; metrics.py has read the log and run the expressions, where `check` asked
for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath, SpecPath
from hptc.rules.rule import Context, Rule, error, warning


@error("HPT341")
def unreadable_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """The sample log can't be read.

    `metric_sample_log` is a file inside the project, by its path from hptc.yaml's folder: not
    absolute, without `..`, and no link that leads out
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
                _written(path, context) / "metric_sample_log",
                label="no log",
                help="give the path of a log, from the folder of hptc.yaml",
            )


@error("HPT342")
def objective_not_in_the_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """The metric definitions never find the objective in the sample log.

    A training job whose log is like this one has no objective, and a search of such jobs ends
    without a best one. `hptc metrics` shows what each expression finds
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {loss: "Loss: ([0-9.]+)"}}

    Good:
        training_job:
          metric_sample_log: logs/training.log
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+)"}}
    """
    for path, rehearsal in context.rehearsals.items():
        if rehearsal.fault or rehearsal.is_objective_found:
            continue
        yield rule.finding(
            f"the objective `{rehearsal.objective}` is never found in {rehearsal.lines:,} lines of "
            f"{rehearsal.log}",
            path / "AlgorithmSpecification" / "MetricDefinitions",
            help="`hptc metrics SPEC --log FILE` shows what each expression finds",
            on_key=True,
        )


@warning("HPT343")
def metric_not_in_the_sample_log(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition finds no number in the sample log, or something else.

    The metric is empty in the console then, or an expression takes so long that it can't be meant
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
                continue  # HPT342 says so
            if found.fault:
                what = found.fault
            elif found.wrong:
                what = f'captures "{found.wrong[0].text}" in line {found.wrong[0].line}, no number'
            elif not found.numbers:
                what = "matches no line" if not found.matches else "captures nothing"
            else:
                continue
            yield rule.finding(
                f"`{found.metric.name}` on {rehearsal.log}: {what}",
                found.metric.path,
                label="in the sample log",
                help="`hptc metrics SPEC --log FILE` shows what each expression finds",
            )


def _written(path: RequestPath, context: Context) -> SpecPath:
    """Where a definition stands in the spec."""
    if not context.job.is_multiple:
        return SpecPath(("training_job",))
    definition = next(each for each in context.job.definitions if each.path == path)
    return SpecPath(("training_jobs", definition.name or ""))


RULES = (
    unreadable_sample_log,
    objective_not_in_the_sample_log,
    metric_not_in_the_sample_log,
)

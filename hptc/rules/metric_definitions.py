"""HPT331..336: the metric definitions that find values in a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.metrics.regex import MAX_DEPTH, Reading, read
from hptc.project.references import has_reference
from hptc.request.tuning_job import Metric
from hptc.rules.metric_sources import is_echo
from hptc.rules.rule import Context, Rule, error, warning

DOCUMENTED_METRIC_DEFINITIONS = 20
"""The lower of two numbers that AWS gives; the other, 40, is the API's:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""


def _readings(context: Context) -> Iterator[tuple[Metric, Reading]]:
    """Every metric definition's regular expression, read."""
    for definition in context.job.definitions:
        for metric in definition.metrics:
            if not has_reference(metric.regex):
                yield metric, read(metric.regex)


@error("HPT331", "M12")
def broken_metric_regex(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition's regular expression is none.

    SageMaker searches a training job's log with the expression. With one that is not valid it
    finds no value, and a search without values of its objective fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+"}}

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+)"}}
    """
    for metric, reading in _readings(context):
        if reading.fault:
            yield rule.finding(
                f"the regular expression of `{metric.name}` is not valid: {reading.fault}",
                metric.path / "Regex",
            )


@warning("HPT332", "M12")
def metric_regex_without_group(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition's regular expression captures nothing.

    The value of a metric is the text of the expression's first group, in parentheses
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=[0-9.]+"}}

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+)"}}
    """
    for metric, reading in _readings(context):
        if reading.is_read and not reading.fault and reading.first is None:
            yield rule.finding(
                f"the regular expression of `{metric.name}` has no group that captures the value",
                metric.path / "Regex",
                label="no capture group",
                help="put the number in parentheses, as in loss=([0-9.]+)",
            )


@warning("HPT333", "M14")
def metric_regex_that_captures_no_number(rule: Rule, context: Context) -> Iterator[Finding]:
    """The group of a metric definition's regular expression does not capture the number.

    A value is what the first group captures. A lazy repeat (`*?`, `+?`) at the end of an
    expression takes as little as it can: nothing, or one digit. And a group before the number's,
    say for the data set's name, makes its own text the value
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=(.*?)"}}

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=(.*?);"}}
    """
    for metric, reading in _readings(context):
        group = reading.first
        if group is None:
            continue
        problem = ""
        if not group.can_hold_a_digit:
            problem = f"captures `{group.text}`, which can't be a number"
            advice = "the first group must be the number; write (?:…) for a group before it"
        elif group.ends and group.lazy_minimum is not None:
            much = {0: "nothing", 1: "one character"}.get(
                group.lazy_minimum, f"{group.lazy_minimum} characters"
            )
            problem = f"ends in a lazy repeat, so that its last part captures {much}"
            advice = "remove the `?` after the repeat, or write what follows the number"
        if problem:
            yield rule.finding(
                f"the regular expression of `{metric.name}` {problem}",
                metric.path / "Regex",
                help=advice,
            )


@warning("HPT334", "M12")
def metric_regex_too_nested(rule: Rule, context: Context) -> Iterator[Finding]:
    """A metric definition's regular expression is nested too deeply to be checked.

    hptc reads expressions in bounded time, so that a pull request can't stall the check of it; one
    nested this deeply goes unread. SageMaker runs it on each line of the log
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm:
            metric_definitions:
              loss: "loss=((((((((((((((((((((((((((((((([0-9])))))))))))))))))))))))))))))))"

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+)"}}
    """
    for metric, reading in _readings(context):
        if reading.is_too_nested:
            yield rule.finding(
                f"the regular expression of `{metric.name}` nests more than {MAX_DEPTH} groups "
                "and was not checked",
                metric.path / "Regex",
                help="say it with fewer groups",
            )


@warning("HPT335", "M11")
def metric_defined_twice(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two metric definitions have the same name.

    AWS does not say which of them counts, and a value of either may end up as the metric's
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MetricDefinition.html).

    Bad:
        training_job:
          algorithm:
            metric_definitions: {loss: ["loss=([0-9.]+)", "loss: ([0-9.]+)"]}

    Good:
        training_job:
          algorithm:
            metric_definitions: {loss: "loss[=:] ?([0-9.]+)"}
    """
    for definition in context.job.definitions:
        counts = Counter(metric.name for metric in definition.metrics)
        last = {metric.name: metric for metric in definition.metrics}
        for name, count in counts.items():
            if count > 1:
                yield rule.finding(
                    f"the metric `{name}` is defined {count} times",
                    last[name].path,
                    help="join the expressions with `|` around one group, or rename one",
                    on_key=True,
                )


@warning("HPT336", "L14")
def more_metric_definitions_than_documented(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job defines more metrics than one of AWS's pages allows.

    The API takes 40 metric definitions, the page of limits says 20
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        training_job:
          algorithm:
            metric_definitions:
              {m1: "m1=(.+)", m2: "m2=(.+)", m3: "m3=(.+)", m4: "m4=(.+)", m5: "m5=(.+)",
               m6: "m6=(.+)", m7: "m7=(.+)", m8: "m8=(.+)", m9: "m9=(.+)", m10: "m10=(.+)",
               m11: "m11=(.+)", m12: "m12=(.+)", m13: "m13=(.+)", m14: "m14=(.+)",
               m15: "m15=(.+)", m16: "m16=(.+)", m17: "m17=(.+)", m18: "m18=(.+)",
               m19: "m19=(.+)", m20: "m20=(.+)"}

    Good:
        training_job:
          algorithm: {metric_definitions: {accuracy: "accuracy=([0-9.]+)"}}
    """
    for definition in context.job.definitions:
        count = len(definition.metrics)
        if count > DOCUMENTED_METRIC_DEFINITIONS and not is_echo(definition):
            yield rule.finding(
                f"there are {count} metric definitions, but AWS documents a limit of "
                f"{DOCUMENTED_METRIC_DEFINITIONS}",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                help="keep those that you look at; the API itself takes 40",
                on_key=True,
            )


RULES = (
    broken_metric_regex,
    metric_regex_without_group,
    metric_regex_that_captures_no_number,
    metric_regex_too_nested,
    metric_defined_twice,
    more_metric_definitions_than_documented,
)

"""HPT331 to HPT336: metric definitions and their regular expressions."""

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
"""The lower of two documented limits; the API model allows 40:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""


def _readings(context: Context) -> Iterator[tuple[Metric, Reading]]:
    """Every metric definition with its parsed regular expression."""
    for definition in context.job.definitions:
        for metric in definition.metrics:
            if not has_reference(metric.regex):
                yield metric, read(metric.regex)


@error("HPT331", "M12")
def invalid_metric_regex(rule: Rule, context: Context) -> Iterator[Finding]:
    """The regular expression of a metric definition is invalid.

    SageMaker searches the log of a training job with the expression. An invalid expression finds no
    values, and a tuning job without values of its objective metric fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.]+"}}

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.eE+-]+)"}}
    """
    for metric, reading in _readings(context):
        if reading.fault:
            yield rule.finding(
                f"the regular expression of `{metric.name}` is invalid: {reading.fault}",
                metric.path / "Regex",
            )


@warning("HPT332", "M12")
def metric_regex_without_group(rule: Rule, context: Context) -> Iterator[Finding]:
    """The regular expression of a metric definition has no capture group.

    The value of a metric is the text of the expression's first group, in parentheses
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=[0-9.]+"}}

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.eE+-]+)"}}
    """
    for metric, reading in _readings(context):
        if reading.is_read and not reading.fault and reading.first is None:
            yield rule.finding(
                f"the regular expression of `{metric.name}` has no capture group for the value",
                metric.path / "Regex",
                label="no capture group",
                help="put the number in parentheses, for example loss=([0-9.eE+-]+)",
            )


@warning("HPT333", "M14")
def metric_regex_captures_no_number(rule: Rule, context: Context) -> Iterator[Finding]:
    """The capture group of a metric definition does not capture the number.

    The value of a metric is what the first group captures. A lazy repetition (`*?`, `+?`) at the
    end of an expression matches as little as possible: nothing, or one digit. If a group precedes
    the number's, for example around the name of the data set, the value is the text of that group
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
            advice = "the first group must capture the number; use (?:…) for groups before it"
        elif group.ends and group.lazy_minimum is not None:
            much = {0: "nothing", 1: "one character"}.get(
                group.lazy_minimum, f"{group.lazy_minimum} characters"
            )
            problem = f"ends in a lazy repetition, so its last part captures {much}"
            advice = "remove the `?` after the repetition, or match the text after the number"
        if problem:
            yield rule.finding(
                f"the regular expression of `{metric.name}` {problem}",
                metric.path / "Regex",
                help=advice,
            )


@warning("HPT334", "M12")
def metric_regex_too_nested(rule: Rule, context: Context) -> Iterator[Finding]:
    """The regular expression of a metric definition is nested too deeply to be checked.

    hptc parses expressions in bounded time, so that a pull request can't stall it, and skips those
    that nest this deeply. SageMaker runs the expression on each line of the log
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          algorithm:
            metric_definitions:
              loss: "loss=((((((((((((((((((((((((((((((([0-9])))))))))))))))))))))))))))))))"

    Good:
        training_job:
          algorithm: {metric_definitions: {loss: "loss=([0-9.eE+-]+)"}}
    """
    for metric, reading in _readings(context):
        if reading.is_too_nested:
            yield rule.finding(
                f"the regular expression of `{metric.name}` nests more than {MAX_DEPTH} groups, "
                "so it was not checked",
                metric.path / "Regex",
                help="use fewer nested groups",
            )


@warning("HPT335", "M11")
def duplicate_metric_definition(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two metric definitions have the same name.

    AWS does not document which one applies; the metric may get values from either
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MetricDefinition.html).

    Bad:
        training_job:
          algorithm:
            metric_definitions: {loss: ["loss=(.*);", "loss: (.*);"]}

    Good:
        training_job:
          algorithm:
            metric_definitions: {loss: "loss[=:] ?(.*);"}
    """
    for definition in context.job.definitions:
        counts = Counter(metric.name for metric in definition.metrics)
        last = {metric.name: metric for metric in definition.metrics}
        for name, count in counts.items():
            if count > 1:
                yield rule.finding(
                    f"the metric `{name}` is defined {count} times",
                    last[name].path,
                    help="combine the expressions into one with a single group, or rename one",
                    on_key=True,
                )


@warning("HPT336", "L14")
def too_many_metric_definitions(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job has more than 20 metric definitions.

    The API model allows 40 metric definitions, but the documented limit is 20
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
                f"the training job has {count} metric definitions, but AWS documents a limit of "
                f"{DOCUMENTED_METRIC_DEFINITIONS}",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                help="keep the metrics that you need; the API model allows 40",
                on_key=True,
            )


RULES = (
    invalid_metric_regex,
    metric_regex_without_group,
    metric_regex_captures_no_number,
    metric_regex_too_nested,
    duplicate_metric_definition,
    too_many_metric_definitions,
)

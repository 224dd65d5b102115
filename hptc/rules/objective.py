"""HPT325 to HPT330: the objective, its direction, and whether it can be measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hptc.catalog.algorithms import Algorithm
from hptc.diagnostics import Finding, Rename, RequestPath, nearest
from hptc.request.job_facts import built_in, has_several_instances, runs_a_script
from hptc.request.tuning_job import Definition, S3Source
from hptc.rules.rule import Context, Rule, advice, error, warning
from hptc.rules.version_facts import in_every_version
from hptc.text import code, listed, listed_code

_SMALLER_IS_BETTER = {"error", "logloss", "loss", "mae", "mse", "perplexity", "rmse"}
_LARGER_IS_BETTER = {"acc", "accuracy", "auc", "bleu", "f1", "precision", "recall"}
_MEASURED_ON = ("val", "test", "eval")
_MAX_METRICS, _CLOSE_METRICS = 12, 5  # names in a message
_NEGATED = {"inverse", "minus", "neg", "negative"}


@error("HPT325", "M09")
def unknown_objective_metric(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective is not a metric of the built-in algorithm.

    A built-in algorithm declares the metrics that a tuning job can optimize, and SageMaker rejects
    any other, including metrics of your own script in the XGBoost image. Names are case-sensitive
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobObjective.html).

    Bad (xgboost):
        training_job:
          objective: {metric_name: "validation:AUC", type: Maximize}

    Good (xgboost):
        training_job:
          objective: {metric_name: "validation:auc", type: Maximize}
          hyperparameters: {objective: "binary:logistic"}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _unknown_metric(rule, definition, algorithm),
        also_scripts=True,
    )


def _unknown_metric(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    objective = definition.objective
    if objective is None or algorithm.metric(objective.metric_name) is not None:
        return
    names = tuple(metric.name for metric in algorithm.metrics)
    meant = nearest(objective.metric_name, names)
    yield rule.finding(
        f"{algorithm.title} has no objective metric `{objective.metric_name}`",
        objective.path / "MetricName",
        label=f"did you mean `{meant}`?" if meant else "",
        replacement=meant or "",
        guessed_from=objective.metric_name,
        help=_known_metrics(algorithm, names, objective.metric_name),
    )


def _known_metrics(algorithm: Algorithm, names: tuple[str, ...], name: str) -> str:
    """The metrics of an algorithm; of many, those whose names are the most similar."""
    if not names:
        return "this algorithm can't be tuned"
    if len(names) <= _MAX_METRICS:
        return f"objective metrics: {listed_code(names)}"
    import difflib  # only for a finding

    close = difflib.get_close_matches(name.lower(), names, n=_CLOSE_METRICS, cutoff=0.5)
    return (
        f"objective metrics: {', '.join(map(code, close or names[:_CLOSE_METRICS]))}, …; "
        f"`hptc explain {algorithm.name}` lists all"
    )


@error("HPT326", "M09")
def wrong_objective_direction(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective's direction contradicts the metric of the built-in algorithm.

    A built-in algorithm declares for each metric whether to maximize or minimize it, and SageMaker
    rejects the other direction
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrainingSpecification.html).

    Bad (xgboost):
        training_job:
          objective: {metric_name: "validation:rmse", type: Maximize}

    Good (xgboost):
        training_job:
          objective: {metric_name: "validation:rmse", type: Minimize}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _wrong_direction(rule, definition, algorithm),
        also_scripts=True,
    )


def _wrong_direction(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    objective = definition.objective
    metric = algorithm.metric(objective.metric_name) if objective is not None else None
    if objective is not None and metric is not None and metric.direction != objective.type:
        yield rule.finding(
            f"the objective is to {objective.type.lower()} `{metric.name}`, but "
            f"{algorithm.title} requires {metric.direction}",
            objective.path / "Type",
            label=f"must be {metric.direction}",
            accepted=metric.direction,
        )


@warning("HPT327")
def suspicious_objective_direction(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective's direction contradicts the name of the metric.

    SageMaker optimizes a custom metric in the direction that the objective sets. A tuning job that
    maximizes a loss finds the worst model, and only the results show it
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobObjective.html).

    Bad:
        training_job:
          objective: {metric_name: loss, type: Maximize}

    Good:
        training_job:
          objective: {metric_name: loss, type: Minimize}
    """
    for definition in context.job.definitions:
        objective = definition.objective
        if objective is None or built_in(definition) is not None:
            continue
        words = set(re.split(r"[^a-z0-9]+", objective.metric_name.lower()))
        is_smaller, is_larger = words & _SMALLER_IS_BETTER, words & _LARGER_IS_BETTER
        if words & _NEGATED or bool(is_smaller) == bool(is_larger):
            continue
        likely = "Minimize" if is_smaller else "Maximize"
        if objective.type != likely:
            yield rule.finding(
                f"the objective is to {objective.type.lower()} `{objective.metric_name}`, but its "
                f"name suggests {likely}",
                objective.path / "Type",
                label=f"did you mean {likely}?",
                accepted=likely,
            )


@warning("HPT328", "M15")
def objective_of_missing_channel(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective is measured on data of a missing input channel.

    A built-in algorithm computes its `validation:` metrics on the channel `validation`, and its
    `test:` metrics on `test`. Without the channel it does not report the metric, and the tuning job
    has no objective values
    (https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html).

    Bad (xgboost):
        training_job:
          inputs:
            validation: null

    Good (xgboost):
        training_job:
          inputs:
            validation: {s3: "s3://example/validation/"}
    """
    for definition in context.job.definitions:
        algorithm, objective = built_in(definition), definition.objective
        if algorithm is None or objective is None or runs_a_script(definition):
            continue
        wanted, colon, _ = objective.metric_name.partition(":")
        channels = tuple(channel.name for channel in definition.channels)
        if colon and wanted not in channels and _is_optional_channel(algorithm, wanted):
            meant = nearest(wanted, channels)
            title = f"rename the channel `{meant}` to `{wanted}`"
            yield rule.finding(
                f"the objective `{objective.metric_name}` requires an input channel `{wanted}`",
                objective.path / "MetricName",
                help=title if meant else f"add the channel `{wanted}` to `inputs`",
                fixes=tuple(
                    advice(title, Rename(path=channel.path / "ChannelName", name=wanted))
                    for channel in definition.channels
                    if channel.name == meant
                ),
            )


def _is_optional_channel(algorithm: Algorithm, name: str) -> bool:
    return any(name in channel.names and not channel.is_required for channel in algorithm.channels)


@warning("HPT329", "M16")
def early_stopping_without_effect(rule: Rule, context: Context) -> Iterator[Finding]:
    """Early stopping is on for an algorithm that does not support it.

    Early stopping compares a training job with previous ones after each epoch. AWS lists the
    built-in algorithms whose metrics support this; for others, SageMaker accepts the setting, but
    it has no effect
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html).

    Bad (kmeans):
        early_stopping: Auto

    Good (kmeans):
        early_stopping: "Off"
    """
    if context.job.early_stopping != "Auto":
        return
    titles = []
    for definition in context.job.definitions:
        algorithm, objective = built_in(definition), definition.objective
        if (
            algorithm is None
            or objective is None
            or runs_a_script(definition)
            or algorithm.metric(objective.metric_name) is None
            or objective.metric_name in algorithm.early_stopping_metrics
        ):
            return
        titles.append(f"{algorithm.title} with `{objective.metric_name}`")
    if titles:
        yield rule.finding(
            f"early stopping does not support {listed(dict.fromkeys(titles), 'or')}",
            RequestPath(("HyperParameterTuningJobConfig", "TrainingJobEarlyStoppingType")),
            label="has no effect",
            is_removable=True,
            help="remove `early_stopping`",
        )


@warning("HPT330", "M20")
def objective_on_sharded_data(rule: Rule, context: Context) -> Iterator[Finding]:
    """Each instance measures the objective on a different part of the data.

    With several instances, SageMaker uses the last value of the objective, whichever instance
    reports it. If each instance has a different part of the validation data, that value depends on
    chance
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-considerations.html).

    Bad:
        training_job:
          inputs:
            validation:
              s3: {s3_uri: "s3://example/validation/", s3_data_distribution_type: ShardedByS3Key}
          resources: {instance_count: 2}

    Good:
        training_job:
          inputs:
            validation:
              s3: {s3_uri: "s3://example/validation/", s3_data_distribution_type: FullyReplicated}
          resources: {instance_count: 2}
    """
    for definition in context.job.definitions:
        if built_in(definition) is not None or not has_several_instances(definition):
            continue
        for channel in definition.channels:
            if not channel.name.lower().startswith(_MEASURED_ON):
                continue
            for source in channel.sources:
                if isinstance(source, S3Source) and source.distribution == "ShardedByS3Key":
                    yield rule.finding(
                        f"each instance gets a part of `{channel.name}`, so the objective is the "
                        "value of whichever instance reports last",
                        source.path / "S3DataDistributionType",
                        accepted="FullyReplicated",
                        help="use FullyReplicated, or have the instances report one aggregated "
                        "value",
                    )


RULES = (
    unknown_objective_metric,
    wrong_objective_direction,
    suspicious_objective_direction,
    objective_of_missing_channel,
    early_stopping_without_effect,
    objective_on_sharded_data,
)

"""HPT116 to HPT119: what a tuning job with several algorithms can't have or should not have."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.rules.rule import Context, Rule, error, warning

_CONFIG = "HyperParameterTuningJobConfig"
_MAX_ENVIRONMENT_VARIABLES = 48


@error("HPT116", "X11")
def warm_start_with_several_algorithms(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job with several algorithms has a warm start.

    Warm start supports a single training job definition only: results of one algorithm don't
    transfer to another
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        training_jobs: {trees: {}, forest: {}}
        warm_start: {type: TransferLearning, parents: [earlier]}

    Good:
        training_jobs: {trees: {}, forest: {}}
    """
    if context.job.warm_start is not None and _has_several_algorithms(context):
        yield rule.finding(
            f"a tuning job with {len(context.job.definitions)} algorithms can't use warm start",
            context.job.warm_start.path,
            is_removable=True,
            help="remove `warm_start`, or create a tuning job for each algorithm",
            on_key=True,
        )


@warning("HPT117", "X12")
def early_stopping_with_several_algorithms(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job with several algorithms uses early stopping.

    The developer guide limits early stopping to a single algorithm; the API reference does not
    mention it. Training jobs of different algorithms report metrics at different times, so
    comparing them while they run has little value
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        training_jobs: {trees: {}, forest: {}}
        early_stopping: Auto

    Good:
        training_jobs: {trees: {}, forest: {}}
        early_stopping: "Off"
    """
    if context.job.early_stopping == "Auto" and _has_several_algorithms(context):
        yield rule.finding(
            "early stopping is for a single algorithm, but this tuning job has "
            f"{len(context.job.definitions)}",
            RequestPath((_CONFIG, "TrainingJobEarlyStoppingType")),
            label="may be ignored or rejected",
            is_removable=True,
            help="remove `early_stopping`, or create a tuning job for each algorithm",
        )


@error("HPT118", "X14")
def too_many_environment_variables(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job has more than 48 environment variables in total.

    The limit of 48 applies to each training job definition, and to all definitions of a tuning job
    combined
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html).

    Bad:
        training_jobs:
          trees: &many
            environment: {
              V00: a, V01: a, V02: a, V03: a, V04: a, V05: a, V06: a, V07: a, V08: a, V09: a,
              V10: a, V11: a, V12: a, V13: a, V14: a, V15: a, V16: a, V17: a, V18: a, V19: a,
              V20: a, V21: a, V22: a, V23: a, V24: a}
          forest: *many

    Good:
        training_jobs:
          trees: {environment: {LOG_LEVEL: info}}
          forest: {environment: {LOG_LEVEL: info}}
    """
    total = 0
    for definition in context.job.definitions:
        for name in definition.environment:
            total += 1
            if total == _MAX_ENVIRONMENT_VARIABLES + 1 and _has_several_algorithms(context):
                count = sum(len(definition.environment) for definition in context.job.definitions)
                yield rule.finding(
                    f"the training job definitions have {count} environment variables in total, "
                    f"but the maximum is {_MAX_ENVIRONMENT_VARIABLES}",
                    definition.path / "Environment" / name,
                    label=f"number {total}",
                    help="remove some, or create a tuning job for each algorithm",
                    on_key=True,
                )


@warning("HPT119", "X09")
def objectives_with_opposite_directions(rule: Rule, context: Context) -> Iterator[Finding]:
    """One training job definition maximizes its metric, another one minimizes it.

    To find the best training job, SageMaker compares the values of all definitions as they are,
    whatever the metric. A loss and an accuracy can't be compared, so the result is meaningless
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo.html).

    Bad:
        training_jobs:
          trees: {objective: {metric_name: loss, type: Minimize}}
          forest:
            objective: {metric_name: accuracy, type: Maximize}
            algorithm: {metric_definitions: {accuracy: "accuracy=([0-9.]+)"}}

    Good:
        training_jobs:
          trees: {objective: {metric_name: loss, type: Minimize}}
          forest: {objective: {metric_name: loss, type: Minimize}}
    """
    if not context.job.is_multiple:
        return
    objectives = [
        definition.objective
        for definition in context.job.definitions
        if definition.objective is not None
    ]
    for objective in objectives:
        if objective.type != objectives[0].type:
            yield rule.finding(
                f"the objective is to {objective.type.lower()} `{objective.metric_name}`, but the "
                f"first algorithm's is to {objectives[0].type.lower()} "
                f"`{objectives[0].metric_name}`",
                objective.path / "Type",
                label=f"not {objectives[0].type}",
                help="use metrics with the same direction and scale, or create a tuning job for "
                "each algorithm",
            )
            return


def _has_several_algorithms(context: Context) -> bool:
    return context.job.is_multiple and len(context.job.definitions) > 1


RULES = (
    warm_start_with_several_algorithms,
    early_stopping_with_several_algorithms,
    too_many_environment_variables,
    objectives_with_opposite_directions,
)

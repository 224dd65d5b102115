"""HPT44x: criteria that end a search before its limits do."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import built_in, training_jobs
from hptc.rules.rule import Context, Rule, error, warning

_CRITERIA = RequestPath(("HyperParameterTuningJobConfig", "TuningJobCompletionCriteria"))
_TARGET = _CRITERIA / "TargetObjectiveMetricValue"
_NOT_IMPROVING = _CRITERIA / "BestObjectiveNotImproving" / "MaxNumberOfTrainingJobsNotImproving"

# What the built-in algorithms' metrics can be, by the name after `validation:` and the like.
_FRACTIONS = frozenset(
    {
        "accuracy", "auc", "aucpr", "balanced_accuracy", "binary_classification_accuracy",
        "binary_f_beta", "discriminator_auc", "error", "f1", "f1_binary", "f1_macro", "mAP", "mIOU",
        "macro_f_beta", "macro_precision", "macro_recall", "map", "merror", "multiclass_accuracy",
        "multiclass_top_k_accuracy", "ndcg", "pixel_accuracy", "precision", "precision_macro",
        "precision_micro", "recall", "recall_macro", "recall_micro", "roc_auc_score",
    }
)  # fmt: skip
_NEVER_NEGATIVE = frozenset(
    {
        "RMSE", "absolute_loss", "binary_classification_cross_entropy", "cross_entropy", "logloss",
        "mae", "mape", "mean_squared_error", "mean_wQuantileLoss", "mlogloss", "mse", "msd",
        "perplexity", "rmse", "rmsle", "ssd",
    }
)  # fmt: skip


@error("HPT440", "K03")
def target_that_is_no_number(rule: Rule, context: Context) -> Iterator[Finding]:
    """A target value that is infinite or no number.

    Requests are JSON, which has neither
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TuningJobCompletionCriteria.html).

    Bad:
        completion: {target_objective_metric_value: .inf}

    Good:
        completion: {target_objective_metric_value: 0.05}
    """
    target = context.job.target_value
    if target is not None and not math.isfinite(target):
        yield rule.finding(
            f"the target value can't be {target}",
            _TARGET,
            label="must be a finite number",
            help="write the value of the objective metric that is good enough, or remove it",
        )


@warning("HPT441", "K05")
def patience_that_never_ends(rule: Rule, context: Context) -> Iterator[Finding]:
    """More training jobs without improvement than there are.

    The search is over before so many training jobs can have failed to improve on the best one, so
    that the criterion does nothing
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html).

    Bad:
        limits: {max_number_of_training_jobs: 20}
        completion:
          best_objective_not_improving: {max_number_of_training_jobs_not_improving: 20}

    Good:
        limits: {max_number_of_training_jobs: 20}
        completion:
          best_objective_not_improving: {max_number_of_training_jobs_not_improving: 5}
    """
    patience, number = context.job.max_jobs_not_improving, training_jobs(context.job)
    if patience is not None and number is not None and patience >= number:
        yield rule.finding(
            f"the search has {number} training jobs, so {patience} without improvement never come "
            "together",
            _NOT_IMPROVING,
            label=f"must be less than {number}",
            help="lower it, or raise `max_number_of_training_jobs` under `limits`",
        )


@warning("HPT442")
def target_outside_the_metric(rule: Rule, context: Context) -> Iterator[Finding]:
    """A target value that the metric never has, or has at once.

    An accuracy is never above 1, and an error never below 0: such a target doesn't end the search.
    The other way round, the first training job meets it and ends the search. Judged are the metrics
    of the built-in algorithms whose range is known
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html).

    Bad (xgboost):
        completion: {target_objective_metric_value: 95}
        training_job:
          objective: {metric_name: "validation:auc", type: Maximize}
          hyperparameters:
            objective: binary:logistic

    Good (xgboost):
        completion: {target_objective_metric_value: 0.95}
        training_job:
          objective: {metric_name: "validation:auc", type: Maximize}
          hyperparameters:
            objective: binary:logistic
    """
    target = context.job.target_value
    if target is None or len(context.job.definitions) != 1:
        return
    definition = context.job.definitions[0]
    objective = definition.objective
    if objective is None or built_in(definition) is None:
        return
    name = objective.metric_name
    low, high = _range_of(name)
    best, worst = (high, low) if objective.type == "Maximize" else (low, high)
    sign = 1 if objective.type == "Maximize" else -1
    if best is not None and sign * target > sign * best:
        yield rule.finding(
            f"`{name}` never reaches {target:g}: its best value is {best}",
            _TARGET,
            label="never reached",
            help="write a value that the metric can have, or remove it",
        )
    elif worst is not None and sign * target <= sign * worst:
        yield rule.finding(
            f"every training job reaches {target:g}: `{name}` is never worse than {worst}",
            _TARGET,
            label="reached at once",
            help="the first training job would end the search: write a value worth reaching",
        )


def _range_of(metric_name: str) -> tuple[int | None, int | None]:
    """The least and the largest value of a built-in algorithm's metric, where it has them."""
    name = metric_name.partition(":")[2]
    if name in _FRACTIONS:
        return 0, 1
    return (0, None) if name in _NEVER_NEGATIVE else (None, None)


RULES = (target_that_is_no_number, patience_that_never_ends, target_outside_the_metric)

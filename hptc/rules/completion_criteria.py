"""HPT44x: completion criteria, which end a tuning job before its limits do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from operator import gt, lt

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import built_in, training_jobs
from hptc.rules.rule import Context, Rule, error, warning

_CRITERIA = RequestPath(("HyperParameterTuningJobConfig", "TuningJobCompletionCriteria"))
_TARGET = _CRITERIA / "TargetObjectiveMetricValue"
_NOT_IMPROVING = _CRITERIA / "BestObjectiveNotImproving" / "MaxNumberOfTrainingJobsNotImproving"

# Possible values of the metrics of built-in algorithms, by the name after `validation:`.
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
def non_finite_target_value(rule: Rule, context: Context) -> Iterator[Finding]:
    """The target value is infinite or not a number.

    Requests are JSON, which supports finite numbers only
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TuningJobCompletionCriteria.html).

    Bad:
        completion: {target_objective_metric_value: .inf}

    Good:
        completion: {target_objective_metric_value: 0.05}
    """
    target = context.job.target_value
    if target is not None and not math.isfinite(target):
        yield rule.finding(
            f"the target value is {target}, which is not a finite number",
            _TARGET,
            label="must be a finite number",
            is_removable=True,
            help="set a value of the objective metric, or remove it",
        )


@warning("HPT441", "K05")
def unreachable_improvement_limit(rule: Rule, context: Context) -> Iterator[Finding]:
    """The number of training jobs without improvement exceeds that of all training jobs.

    The tuning job ends before that many training jobs can fail to improve on the best one, so the
    criterion has no effect
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
        # AWS allows no number below 3.
        can_be_lower = number > 3
        yield rule.finding(
            f"the tuning job ends after {number} training jobs, so {patience} without improvement "
            "can't occur",
            _NOT_IMPROVING,
            label=f"must be less than {number}",
            accepted=number - 1 if can_be_lower else "",
            is_removable=not can_be_lower,
            help=f"{'lower' if can_be_lower else 'remove'} it, or raise "
            "`max_number_of_training_jobs` under `limits`",
        )


@warning("HPT442")
def target_value_out_of_range(rule: Rule, context: Context) -> Iterator[Finding]:
    """The target value is outside the range of the objective metric.

    An accuracy is never above 1, and an error never below 0. If the target is better than any
    possible value, it never ends the tuning job; if it is worse than any, the first training job
    ends it. The rule checks metrics of built-in algorithms with a known range
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
    target, definition = context.job.target_value, context.only_definition
    if target is None or definition is None or definition.objective is None:
        return
    if built_in(definition) is None:
        return
    objective = definition.objective
    name = objective.metric_name
    low, high = _range_of(name)
    best, worst, is_better = (high, low, gt) if objective.type == "Maximize" else (low, high, lt)
    if best is not None and is_better(target, best):
        yield rule.finding(
            f"`{name}` can't reach {target:.15g}; its best possible value is {best}",
            _TARGET,
            label="can't be reached",
            is_removable=True,
            help="set a value that the metric can have, or remove it",
        )
    elif worst is not None and not is_better(target, worst):
        yield rule.finding(
            f"every training job reaches {target:.15g}; the worst possible value of `{name}` is "
            f"{worst}",
            _TARGET,
            label="always reached",
            help="set a better value; the first training job would end the tuning job",
        )


def _range_of(metric_name: str) -> tuple[int | None, int | None]:
    """The minimum and maximum value of a built-in algorithm's metric, where known."""
    name = metric_name.partition(":")[2]
    if name in _FRACTIONS:
        return 0, 1
    return (0, None) if name in _NEVER_NEGATIVE else (None, None)


RULES = (non_finite_target_value, unreachable_improvement_limit, target_value_out_of_range)

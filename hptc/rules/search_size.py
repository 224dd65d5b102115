"""HPT23x: the number of combinations, training jobs and parallel training jobs."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import MAX_TRAINING_JOBS, combinations, grid_points
from hptc.request.tuning_job import CategoricalRange, NumericRange
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.text import plural

_STRATEGY = RequestPath(("HyperParameterTuningJobConfig", "Strategy"))
_LIMITS = RequestPath(("HyperParameterTuningJobConfig", "ResourceLimits"))
_NUMBER_OF_JOBS = _LIMITS / "MaxNumberOfTrainingJobs"
_PARALLEL_JOBS = _LIMITS / "MaxParallelTrainingJobs"

_MIN_JOBS = 4


def _too_few_combinations(rule: Rule, context: Context) -> Iterator[Finding]:
    wanted, definition = context.job.max_number_of_training_jobs, context.only_definition
    if wanted is None or definition is None or context.job.is_autotuned:
        return
    count = combinations(definition)
    if count is not None and count < wanted:
        yield rule.finding(
            f"the ranges have {plural(count, 'combination')}, fewer than the {wanted} training "
            "jobs",
            _NUMBER_OF_JOBS,
            label=f"must be {count} or less",
            accepted=count,
            help="lower it, widen the ranges, or add a range",
        )


@error("HPT231", "S13")
def more_training_jobs_than_combinations(rule: Rule, context: Context) -> Iterator[Finding]:
    """The ranges have fewer combinations than `max_number_of_training_jobs`.

    When every range is Integer or Categorical, the number of combinations is finite, and SageMaker
    rejects a Bayesian or random search with more training jobs than that
    (https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123). A Continuous range has
    infinitely many values.

    Bad:
        limits: {max_number_of_training_jobs: 20}
        training_job:
          hyperparameters:
            rate: 0.1
            depth: {type: Integer, min: 1, max: 5}
            booster: {type: Categorical, values: [tree, linear]}

    Good:
        limits: {max_number_of_training_jobs: 10}
        training_job:
          hyperparameters:
            rate: 0.1
            depth: {type: Integer, min: 1, max: 5}
            booster: {type: Categorical, values: [tree, linear]}
    """
    if context.job.strategy in ("Bayesian", "Random"):
        yield from _too_few_combinations(rule, context)


@warning("HPT232", "S14")
def more_hyperband_jobs_than_combinations(rule: Rule, context: Context) -> Iterator[Finding]:
    """The ranges have fewer combinations than a Hyperband tuning job has training jobs.

    SageMaker rejects this for a Bayesian or random search. For Hyperband the behavior is not
    documented; at best, training jobs are repeated
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html).

    Bad:
        strategy: Hyperband
        hyperband: {max_resource: 9}
        limits: {max_number_of_training_jobs: 20}
        training_job:
          hyperparameters: {rate: 0.1, depth: {type: Integer, min: 1, max: 5}}

    Good:
        strategy: Hyperband
        hyperband: {max_resource: 9}
        limits: {max_number_of_training_jobs: 20}
        training_job:
          hyperparameters: {rate: 0.1, depth: {type: Integer, min: 1, max: 20}}
    """
    if context.job.strategy == "Hyperband":
        yield from _too_few_combinations(rule, context)


@error("HPT233", "S02", "A09")
def non_categorical_range_in_grid(rule: Rule, context: Context) -> Iterator[Finding]:
    """A grid search has a range that is not Categorical.

    Grid search tries every combination of the listed values, so it supports Categorical ranges
    only, not Integer, Continuous or Auto ranges
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html).

    Bad:
        strategy: Grid
        limits: {max_number_of_training_jobs: null}
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 4, max: 6}
            rate: 0.1

    Good:
        strategy: Grid
        limits: {max_number_of_training_jobs: null}
        training_job:
          hyperparameters:
            depth: null
            layers: {type: Categorical, values: [4, 5, 6]}
            rate: 0.1
    """
    if context.job.strategy != "Grid":
        return
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, CategoricalRange):
                continue
            kind = range_.kind if isinstance(range_, NumericRange) else "Auto"
            yield rule.finding(
                f"`{range_.name}` is {kind}, but grid search supports only Categorical ranges",
                range_.path,
                label="must be Categorical",
                help="list its values under `values:`, or use another `strategy`",
                on_key=True,
            )


@error("HPT234", "S03")
def grid_size_mismatch(rule: Rule, context: Context) -> Iterator[Finding]:
    """`max_number_of_training_jobs` of a grid search is not the size of the grid.

    A grid search runs each combination once. SageMaker computes their number, and if
    `max_number_of_training_jobs` is set, it must match
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-how-it-works.html).

    Bad:
        strategy: Grid
        limits: {max_number_of_training_jobs: 20}
        training_job:
          hyperparameters:
            depth: null
            rate: null
            layers: {type: Categorical, values: [4, 6, 8]}
            optimizer: {type: Categorical, values: [adam, sgd]}

    Good:
        strategy: Grid
        limits: {max_number_of_training_jobs: null}
        training_job:
          hyperparameters:
            depth: null
            rate: null
            layers: {type: Categorical, values: [4, 6, 8]}
            optimizer: {type: Categorical, values: [adam, sgd]}
    """
    wanted, definition = context.job.max_number_of_training_jobs, context.only_definition
    if context.job.strategy != "Grid" or wanted is None or definition is None:
        return
    count = grid_points(definition)
    if count is not None and count <= MAX_TRAINING_JOBS and count != wanted:
        yield rule.finding(
            f"the grid has {plural(count, 'point')}, but `max_number_of_training_jobs` is {wanted}",
            _NUMBER_OF_JOBS,
            label=f"must be {count}",
            accepted=count,
            is_removable=True,
            help="omit `max_number_of_training_jobs`; SageMaker computes it",
        )


@error("HPT235", "S04")
def grid_too_large(rule: Rule, context: Context) -> Iterator[Finding]:
    """A grid search has more than 750 points.

    A grid search can have up to 750 training jobs, whether `max_number_of_training_jobs` is set or
    computed from the ranges. The quota can't be increased
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).

    Bad:
        strategy: Grid
        limits: {max_number_of_training_jobs: null}
        training_job:
          hyperparameters:
            depth: null
            rate: null
            layers: &ten {type: Categorical, values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
            width: *ten
            heads: *ten

    Good:
        strategy: Random
        limits: {max_number_of_training_jobs: 100}
        training_job:
          hyperparameters:
            depth: null
            rate: null
            layers: &ten {type: Categorical, values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
            width: *ten
            heads: *ten
    """
    if context.job.strategy != "Grid":
        return
    for definition in context.job.definitions:
        count = grid_points(definition)
        # HPT403 and HPT404 check a number that is set and matches.
        if (
            count is not None
            and MAX_TRAINING_JOBS < count != context.job.max_number_of_training_jobs
        ):
            yield rule.finding(
                f"the grid has {count} points, but the maximum is {MAX_TRAINING_JOBS} training "
                "jobs",
                definition.ranges_path,
                help="list fewer values, or use `strategy: Random` to try some of the combinations",
                on_key=True,
            )


@warning("HPT236", "S16")
def mostly_random_bayesian_search(rule: Rule, context: Context) -> Iterator[Finding]:
    """More than half of the training jobs of a Bayesian search start before any result is known.

    Bayesian optimization learns from completed training jobs. The first batch has nothing to learn
    from, so a tuning job that is mostly one large batch is mostly a random search
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-considerations.html).
    Warm starts, where the first batch learns from the parents, and trial runs with fewer than four
    training jobs are not reported.

    Bad:
        limits: {max_number_of_training_jobs: 10, max_parallel_training_jobs: 10}

    Good:
        limits: {max_number_of_training_jobs: 10, max_parallel_training_jobs: 2}
    """
    job = context.job
    wanted, parallel = job.max_number_of_training_jobs, job.max_parallel_training_jobs
    if job.strategy != "Bayesian" or job.warm_start is not None or wanted is None:
        return
    if parallel <= wanted < 2 * parallel and wanted >= _MIN_JOBS:
        yield rule.finding(
            ("all" if parallel == wanted else f"{parallel} of the")
            + f" {wanted} training jobs start before any result is known, as in random search",
            _PARALLEL_JOBS,
            label="more than half of the training jobs",
            accepted=wanted // 4,
            help=f"lower it to {wanted // 4}, or use `strategy: Random`",
            fixes=(advice("use `strategy: Random`", set_value(_STRATEGY, "Random")),),
        )


RULES = (
    more_training_jobs_than_combinations,
    more_hyperband_jobs_than_combinations,
    non_categorical_range_in_grid,
    grid_size_mismatch,
    grid_too_large,
    mostly_random_bayesian_search,
)

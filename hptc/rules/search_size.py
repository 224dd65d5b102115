"""HPT23x: how large a search is: its combinations, its training jobs, and how many run at once."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import WHOLE_NUMBER
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange
from hptc.rules.rule import Context, Rule, error, warning

_LIMITS = RequestPath(("HyperParameterTuningJobConfig", "ResourceLimits"))
_NUMBER_OF_JOBS = _LIMITS / "MaxNumberOfTrainingJobs"
_PARALLEL_JOBS = _LIMITS / "MaxParallelTrainingJobs"

_MAX_GRID = 750
_SMALLEST_SEARCH = 4


def _combinations(definition: Definition) -> int | None:
    """How many configurations the ranges hold; None when they are endless, or not known."""
    count = 1
    for range_ in definition.ranges:
        match range_:
            case CategoricalRange():
                count *= len(set(range_.values))
            case NumericRange() if (
                range_.kind == "Integer"
                and WHOLE_NUMBER.fullmatch(range_.min)
                and WHOLE_NUMBER.fullmatch(range_.max)
            ):
                count *= max(int(range_.max) - int(range_.min) + 1, 0)
            case _:
                return None
    return count if definition.ranges and count else None


def _too_few_combinations(rule: Rule, context: Context) -> Iterator[Finding]:
    job = context.job
    wanted = job.max_number_of_training_jobs
    if wanted is None or job.is_autotuned or len(job.definitions) != 1:
        return
    count = _combinations(job.definitions[0])
    if count is not None and count < wanted:
        yield rule.finding(
            f"the ranges hold {_plural(count, 'combination')}, fewer than the {wanted} training "
            "jobs asked for",
            _NUMBER_OF_JOBS,
            label=f"{count} at most",
            help="lower it, widen the ranges, or add one",
        )


@error("HPT231", "S13")
def fewer_combinations_than_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """The ranges hold fewer combinations than training jobs are asked for.

    When every range is Integer or Categorical, the combinations can be counted, and SageMaker
    refuses a Bayesian or random search for more training jobs than that
    (https://github.com/aws/amazon-sagemaker-operator-for-k8s/issues/123). One Continuous range
    makes them endless.

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
def fewer_combinations_than_hyperband_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """The ranges hold fewer combinations than Hyperband is asked to run.

    SageMaker refuses that for a Bayesian or random search. What it does under Hyperband is not
    documented: at best, training jobs are repeated
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
def grid_over_a_range(rule: Rule, context: Context) -> Iterator[Finding]:
    """A grid search has a range that is not Categorical.

    A grid goes through every combination of listed values, so it takes Categorical ranges only,
    neither Integer nor Continuous ones nor those of Autotune
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
                f"`{range_.name}` is {kind}, but a grid takes Categorical ranges only",
                range_.path,
                label="must be Categorical",
                help="list its values under `values:`, or use another `strategy`",
                on_key=True,
            )


@error("HPT234", "S03")
def grid_with_another_number_of_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """A grid search asks for another number of training jobs than the grid has points.

    A grid search runs each combination once. SageMaker counts them itself, and a number that is
    given must be the same
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
    wanted = context.job.max_number_of_training_jobs
    if context.job.strategy != "Grid" or wanted is None or len(context.job.definitions) != 1:
        return
    count = _points(context.job.definitions[0])
    if count is not None and count <= _MAX_GRID and count != wanted:
        yield rule.finding(
            f"the grid has {_plural(count, 'point')}, but {wanted} training jobs are asked for",
            _NUMBER_OF_JOBS,
            label=f"must be {count}",
            help="leave `max_number_of_training_jobs` out: SageMaker counts the points",
        )


@error("HPT235", "S04")
def grid_of_too_many_points(rule: Rule, context: Context) -> Iterator[Finding]:
    """A grid search has more than 750 points.

    750 training jobs are the most for a grid search, whether they are asked for or counted from
    the ranges. It can't be raised
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
        count = _points(definition)
        # A number that is given and right is a limit of its own, which is not this rule's.
        if count is not None and _MAX_GRID < count != context.job.max_number_of_training_jobs:
            yield rule.finding(
                f"the grid has {count} points, but SageMaker takes {_MAX_GRID} training jobs",
                definition.ranges_path,
                help="list fewer values, or use `strategy: Random`, which tries some of them",
                on_key=True,
            )


@warning("HPT236", "S16")
def bayesian_search_mostly_in_the_dark(rule: Rule, context: Context) -> Iterator[Finding]:
    """More than half of a Bayesian search starts before any result is known.

    Bayesian optimisation learns from completed training jobs. Those that start at once know
    nothing, so a search that is mostly one large batch is mostly a random search, at the price of a
    Bayesian one (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-considerations.html).
    A warm start gives the first ones something to learn from, and a search of fewer than four
    training jobs is a trial run; neither is reported.

    Bad:
        limits: {max_number_of_training_jobs: 10, max_parallel_training_jobs: 10}

    Good:
        limits: {max_number_of_training_jobs: 10, max_parallel_training_jobs: 2}
    """
    job = context.job
    wanted, parallel = job.max_number_of_training_jobs, job.max_parallel_training_jobs
    if job.strategy != "Bayesian" or job.warm_start is not None or wanted is None:
        return
    if parallel <= wanted < 2 * parallel and wanted >= _SMALLEST_SEARCH:
        yield rule.finding(
            ("all" if parallel == wanted else f"{parallel} of the")
            + f" {wanted} training jobs start before any result is known, as in a random search",
            _PARALLEL_JOBS,
            label="more than half of the search",
            help=f"lower it to {wanted // 4}, or say `strategy: Random`",
        )


def _points(definition: Definition) -> int | None:
    """The size of a grid; None when it is none."""
    sizes = [
        len(set(range_.values))
        for range_ in definition.ranges
        if isinstance(range_, CategoricalRange)
    ]
    return math.prod(sizes) if sizes and len(sizes) == len(definition.ranges) else None


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


RULES = (
    fewer_combinations_than_training_jobs,
    fewer_combinations_than_hyperband_jobs,
    grid_over_a_range,
    grid_with_another_number_of_training_jobs,
    grid_of_too_many_points,
    bayesian_search_mostly_in_the_dark,
)

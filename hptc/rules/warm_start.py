"""HPT70x: what a search may change against the parents that it learns from.

A parent is compared when it is a spec of the project; of a job that is only a name, nothing is
known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hptc.diagnostics import Finding, RequestPath
from hptc.request.job_facts import training_jobs
from hptc.request.tuning_job import (
    AutoRange,
    CategoricalRange,
    Definition,
    NumericRange,
    Range,
    TuningJob,
)
from hptc.rules.limits import MAX_TRAINING_JOBS
from hptc.rules.rule import Context, Rule, error, warning

_MOST_CHANGES = 10
_PARENTS = RequestPath(("WarmStartConfig", "ParentHyperParameterTuningJobs"))
_NAME = "HyperParameterTuningJobName"


def pairs(context: Context) -> Iterator[tuple[int, str, Definition, Definition]]:
    """(index, parent's name, the search, the parent) for every parent that can be compared."""
    job = context.job
    if job.warm_start is None or len(job.definitions) != 1:
        return
    for index, name in enumerate(job.warm_start.parents):
        parent = context.parents.get(name)
        if parent is not None and len(parent.definitions) == 1:
            yield index, name, job.definitions[0], parent.definitions[0]


def parent_path(index: int) -> RequestPath:
    """Where the search names a parent."""
    return _PARENTS / index / _NAME


def _ranges(definition: Definition) -> Mapping[str, Range]:
    return {range_.name: range_ for range_ in definition.ranges}


def listed(names: list[str]) -> str:
    """Names in a sentence: `a`, `b` and `c`."""
    shown = [f"`{name}`" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


@error("HPT702", "W04")
def other_objective_than_a_parent(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start with another objective than a parent's.

    The search goes on from its parents' results, so that all must have the same objective metric,
    and mean the same by better
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          objective: {metric_name: error, type: Minimize}
          algorithm: {metric_definitions: {error: "error=([0-9.]+)"}}
        warm_start: {type: TransferLearning, parents: [parent]}

    Good:
        training_job:
          objective: {metric_name: loss, type: Minimize}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    for _, name, mine, theirs in pairs(context):
        if mine.objective is None or theirs.objective is None:
            continue
        for member, ours, parents in (
            ("MetricName", mine.objective.metric_name, theirs.objective.metric_name),
            ("Type", mine.objective.type, theirs.objective.type),
        ):
            if ours != parents:
                yield rule.finding(
                    f"the objective is {ours}, but that of the parent `{name}` is {parents}",
                    mine.objective.path / member,
                    label=f"must be {parents}",
                    help=f"write {parents}, or remove the parent",
                )


@error("HPT703", "W05", "W15")
def other_hyperparameters_than_a_parent(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start with a hyperparameter that a parent lacks, or without one that it has.

    The names of all hyperparameters, static and tuned together, must be those of every parent. A
    hyperparameter may change from static to tuned and back
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          hyperparameters: {momentum: 0.9}
        warm_start: {type: TransferLearning, parents: [parent]}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 5, max: 20}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    for index, name, mine, theirs in pairs(context):
        ours, parents = _names(mine), _names(theirs)
        added = [n for n in ours if n not in parents]
        missing = [n for n in parents if n not in ours]
        if added:
            yield rule.finding(
                f"the parent `{name}` has no hyperparameter {listed(added)}",
                ours[added[0]],
                on_key=True,
                label="not in the parent",
                help=f"remove {listed(added)}, or give the parent its default as a static value "
                "and run it again",
            )
        if missing:
            yield rule.finding(
                f"the parent `{name}` has {listed(missing)}, which this search lacks",
                parent_path(index),
                label="has more hyperparameters",
                help=f"add {_said(theirs, missing)}, as in the parent or otherwise",
            )


def _names(definition: Definition) -> dict[str, RequestPath]:
    """Every hyperparameter of a definition, and where it stands."""
    static = {name: definition.path / "StaticHyperParameters" / name for name in definition.static}
    return static | {range_.name: range_.path for range_ in definition.ranges}


@error("HPT704", "W06")
def other_kind_than_a_parent(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start in which a hyperparameter is of another kind than in a parent.

    Integer, Continuous or Categorical: bounds, values and scaling may change, the kind may not
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          hyperparameters:
            depth: {type: Continuous, min: 1, max: 40}
        warm_start: {type: TransferLearning, parents: [parent]}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 5, max: 60, scaling: Logarithmic}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    for _, name, mine, theirs in pairs(context):
        parents = _ranges(theirs)
        for range_ in mine.ranges:
            ours = _kind(range_)
            parent = _kind(parents[range_.name]) if range_.name in parents else None
            if ours and parent and ours != parent:
                yield rule.finding(
                    f"`{range_.name}` is {ours}, but {parent} in the parent `{name}`",
                    range_.path,
                    on_key=True,
                    label=f"must be {parent}",
                    help=f"write `type: {parent}`, or remove the parent",
                )


def _kind(range_: Range) -> str | None:
    match range_:
        case NumericRange():
            return range_.kind
        case CategoricalRange():
            return "Categorical"
        case AutoRange():
            return None  # the service decides


@error("HPT705", "W07")
def too_many_changes_since_a_parent(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start with more than ten changes of static values since a parent.

    Two kinds of changes are counted: a tuned hyperparameter that becomes static counts 1, and a
    categorical one as many as it had values; a static value that changes counts 2
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          hyperparameters: {a: 2, b: 2, c: 2, d: 2, e: 2, f: 2}
        warm_start: {type: TransferLearning, parents: [parent-with-six-values]}

    Good:
        training_job:
          hyperparameters: {a: 2, b: 2, c: 2, d: 2, e: 2, f: 1}
        warm_start: {type: TransferLearning, parents: [parent-with-six-values]}
    """
    for index, name, mine, theirs in pairs(context):
        changes = _changes(mine, theirs)
        total = sum(changes.values())
        if total > _MOST_CHANGES:
            counted = ", ".join(f"`{n}` {count}" for n, count in changes.items())
            yield rule.finding(
                f"{total} changes since the parent `{name}`, but {_MOST_CHANGES} are the most: "
                f"{counted}",
                parent_path(index),
                label=f"{total - _MOST_CHANGES} too many",
                help=f"keep the parent's {_said(theirs, _fewest(changes))}",
            )


def _changes(mine: Definition, theirs: Definition) -> dict[str, int]:
    """What counts against the limit: each name with its count."""
    tuned = _ranges(theirs)
    counts: dict[str, int] = {}
    for name, value in mine.static.items():
        range_ = tuned.get(name)
        if range_ is not None:
            counts[name] = len(range_.values) if isinstance(range_, CategoricalRange) else 1
        elif name in theirs.static and theirs.static[name] != value:
            counts[name] = 2
    return counts


def _fewest(changes: Mapping[str, int]) -> list[str]:
    """The fewest names to take back, those that matter least."""
    excess = sum(changes.values()) - _MOST_CHANGES
    left, chosen = sorted(changes, key=lambda name: changes[name]), []
    while excess > 0:
        name = next((name for name in left if changes[name] >= excess), left[-1])
        left.remove(name)
        chosen.append(name)
        excess -= changes[name]
    return chosen


def _said(definition: Definition, names: list[str]) -> str:
    """Names with what a definition says for them, where that is a short static value."""
    return listed(
        [
            f"{name}: {value}" if 0 < len(value := definition.static.get(name, "")) <= 30 else name
            for name in names
        ]
    )


@warning("HPT706", "W13")
def warm_start_of_another_strategy(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start of a Hyperband or grid search.

    AWS describes warm starts for Bayesian and random search. A grid's points are fixed, whatever
    the parents learned, and for Hyperband nothing is documented
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        strategy: Hyperband
        hyperband: {min_resource: 1, max_resource: 27}
        warm_start: {type: TransferLearning, parents: [parent]}

    Good:
        strategy: Random
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    if context.job.warm_start is not None and context.job.strategy in ("Hyperband", "Grid"):
        yield rule.finding(
            f"a warm start is documented for Bayesian and Random, not for {context.job.strategy}",
            RequestPath(("HyperParameterTuningJobConfig", "Strategy")),
            label="may learn nothing",
            help="use `strategy: Bayesian`, or remove `warm_start`",
        )


@error("HPT707", "W14")
def parent_of_several_algorithms(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start from a search of several algorithms.

    Warm starts are for searches of one algorithm, the parents included
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        warm_start: {type: TransferLearning, parents: [parent-of-two]}

    Good:
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    parents = context.job.warm_start.parents if context.job.warm_start else ()
    for index, name in enumerate(parents):
        parent = context.parents.get(name)
        if parent is not None and parent.is_multiple:
            yield rule.finding(
                f"the parent `{name}` searches several algorithms",
                parent_path(index),
                label="has `training_jobs`",
                help="remove it; a search of one of its algorithms alone can be a parent",
            )


@error("HPT708", "N09")
def parent_that_can_not_be(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start from itself, from one parent twice, or from a parent without a name.

    Parents are searches that ended before, up to five different ones
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).

    Bad:
        warm_start: {type: TransferLearning, parents: [parent, parent]}

    Good:
        limits: {max_number_of_training_jobs: 10}
        warm_start: {type: TransferLearning, parents: [parent, parent-of-700]}
    """
    parents = context.job.warm_start.parents if context.job.warm_start else ()
    for index, name in enumerate(parents):
        problem = ""
        if not name:
            problem = "a parent without a name"
        elif name == context.job.name:
            problem = f"`{name}` can't start from itself"
        elif name in parents[:index]:
            problem = f"`{name}` is a parent already"
        if problem:
            yield rule.finding(
                problem, parent_path(index), help="remove it, or name another search that has ended"
            )


@warning("HPT709", "L15")
def more_training_jobs_than_allowed_with_parents(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search that has too many training jobs when its parents' are counted.

    The training jobs of all parents count against the limit of the new search. How many a parent
    has run is known to AWS; counted here is what its spec allows it
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).

    Bad:
        limits: {max_number_of_training_jobs: 51}
        warm_start: {type: TransferLearning, parents: [parent-of-700]}

    Good:
        limits: {max_number_of_training_jobs: 50}
        warm_start: {type: TransferLearning, parents: [parent-of-700]}
    """
    mine = training_jobs(context.job)
    if context.job.warm_start is None or mine is None or mine > MAX_TRAINING_JOBS:
        return
    counts = [_count(context.parents.get(name)) for name in context.job.warm_start.parents]
    total = mine + sum(counts)
    if total > MAX_TRAINING_JOBS:
        yield rule.finding(
            f"{mine} training jobs and {total - mine} of the parents are {total}; "
            f"{MAX_TRAINING_JOBS} is the limit",
            RequestPath(
                ("HyperParameterTuningJobConfig", "ResourceLimits", "MaxNumberOfTrainingJobs")
            ),
            label="parents count, too",
            help="lower it, or leave a parent out",
        )


def _count(parent: TuningJob | None) -> int:
    return (training_jobs(parent) or 0) if parent is not None else 0


RULES = (
    other_objective_than_a_parent,
    other_hyperparameters_than_a_parent,
    other_kind_than_a_parent,
    too_many_changes_since_a_parent,
    warm_start_of_another_strategy,
    parent_of_several_algorithms,
    parent_that_can_not_be,
    more_training_jobs_than_allowed_with_parents,
)

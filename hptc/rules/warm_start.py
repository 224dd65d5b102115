"""HPT70x: what a tuning job with a warm start may change, compared with its parents.

Only parents that are specs of the project can be compared. `latest(SPEC)` is compared with the spec
as it is now. Its newest run may have other content, so what AWS would reject is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hptc.diagnostics import Finding, Fix, Remove, RequestPath
from hptc.project.references import written_reference
from hptc.request.job_facts import MAX_TRAINING_JOBS, as_type, training_jobs
from hptc.request.tuning_job import (
    AutoRange,
    CategoricalRange,
    Definition,
    NumericRange,
    Range,
)
from hptc.rules.range_fixes import with_type
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.rules.strategy import to_bayesian
from hptc.rules.warm_start_parents import Pair, pairs, parent_finding, parent_path
from hptc.text import listed_code

_MAX_CHANGES = 10


def _ranges(definition: Definition) -> Mapping[str, Range]:
    return {range_.name: range_ for range_ in definition.ranges}


@error("HPT702", "W04")
def warm_start_with_different_objective(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start has a different objective than a parent.

    The tuning job continues from the results of its parents, so all must have the same objective
    metric and direction
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          objective: {metric_name: error, type: Minimize}
          algorithm: {metric_definitions: {error: "error=([0-9.eE+-]+)"}}
        warm_start: {type: TransferLearning, parents: [parent]}

    Good:
        training_job:
          objective: {metric_name: loss, type: Minimize}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    for pair in pairs(context):
        own, parents = pair.child.objective, pair.parent.objective
        if own is None or parents is None:
            continue
        for member, noun, ours, theirs in (
            ("MetricName", "metric", own.metric_name, parents.metric_name),
            ("Type", "direction", own.type, parents.type),
        ):
            if ours == theirs:
                continue
            yield parent_finding(
                rule,
                pair.parent_name,
                f"the objective's {noun} is {ours}, but that of the parent `{pair.parent_name}` is "
                f"{theirs}",
                own.path / member,
                label=f"must be {theirs}",
                help=f"use {theirs}, or remove the parent",
                fixes=(advice(f"use {theirs}", set_value(own.path / member, theirs)),),
            )


@error("HPT703", "W05", "W15")
def warm_start_with_different_hyperparameters(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start has different hyperparameters than a parent.

    The names of all hyperparameters, static and tuned combined, must be the same as in every
    parent. A hyperparameter can change from static to tuned and back
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
    for pair in pairs(context):
        ours, parents = _hyperparameters(pair.child), _hyperparameters(pair.parent)
        added = [name for name in ours if name not in parents]
        missing = [name for name in parents if name not in ours]
        if added:
            names = listed_code(added)
            removals = [Remove(path=ours[name]) for name in added]
            yield parent_finding(
                rule,
                pair.parent_name,
                f"the parent `{pair.parent_name}` has no hyperparameter {names}",
                ours[added[0]],
                on_key=True,
                label="not in the parent",
                help=f"remove {names}, or add the default value to the parent and rerun it",
                fixes=(advice(f"remove {names}", *removals),),
            )
        if missing:
            yield parent_finding(
                rule,
                pair.parent_name,
                f"the parent `{pair.parent_name}` has {listed_code(missing)}, but this tuning job "
                "does not",
                parent_path(pair.index),
                label="has more hyperparameters",
                help=f"add {_with_values(pair.parent, missing)}",
            )


def _hyperparameters(definition: Definition) -> dict[str, RequestPath]:
    """Every hyperparameter of a definition, with its path."""
    static = {name: definition.path / "StaticHyperParameters" / name for name in definition.static}
    return static | {range_.name: range_.path for range_ in definition.ranges}


@error("HPT704", "W06")
def warm_start_with_different_range_type(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter of a warm start has a different range type than in a parent.

    Bounds, values and scaling of a range can change, but not its type (Integer, Continuous or
    Categorical)
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html).

    Bad:
        training_job:
          hyperparameters:
            rate: {type: Integer, min: 1, max: 5}
        warm_start: {type: TransferLearning, parents: [parent]}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 5, max: 60, scaling: Logarithmic}
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    for pair in pairs(context):
        parents = _ranges(pair.parent)
        for range_ in pair.child.ranges:
            own_type = _type(range_)
            parent_type = _type(parents[range_.name]) if range_.name in parents else None
            if not own_type or not parent_type or own_type == parent_type:
                continue
            title = f"use {as_type(parent_type, own_type)}"
            yield parent_finding(
                rule,
                pair.parent_name,
                f"`{range_.name}` is {own_type}, but the parent `{pair.parent_name}` has "
                f"{parent_type}",
                range_.path,
                on_key=True,
                label=f"must be {parent_type}",
                help=f"{title}, or remove the parent",
                fixes=with_type(context, range_, parent_type, title),
            )


def _type(range_: Range) -> str | None:
    match range_:
        case NumericRange():
            return range_.kind
        case CategoricalRange():
            return "Categorical"
        case AutoRange():
            return None  # Autotune chooses it


@error("HPT705", "W07")
def too_many_warm_start_changes(rule: Rule, context: Context) -> Iterator[Finding]:
    """A warm start has more than ten changes of static hyperparameters since a parent.

    Two kinds of changes count: a tuned hyperparameter that becomes static counts as 1, or as the
    number of its values if it was categorical; a static value that changes counts as 2
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
    for pair in pairs(context):
        changes = _changes(pair)
        total = sum(changes.values())
        if total <= _MAX_CHANGES:
            continue
        counted = ", ".join(f"`{name}` {count}" for name, count in changes.items())
        yield parent_finding(
            rule,
            pair.parent_name,
            f"{total} changes since the parent `{pair.parent_name}`, but the maximum is "
            f"{_MAX_CHANGES}: {counted}",
            parent_path(pair.index),
            label=f"{total - _MAX_CHANGES} too many",
            help=f"keep the parent's {_with_values(pair.parent, _fewest(changes))}",
        )


def _changes(pair: Pair) -> dict[str, int]:
    """The changes that count toward the limit: each name with its count."""
    tuned = _ranges(pair.parent)
    counts: dict[str, int] = {}
    for name, value in pair.child.static.items():
        range_ = tuned.get(name)
        if range_ is not None:
            counts[name] = len(range_.values) if isinstance(range_, CategoricalRange) else 1
        elif name in pair.parent.static and pair.parent.static[name] != value:
            counts[name] = 2
    return counts


def _fewest(changes: Mapping[str, int]) -> list[str]:
    """The fewest changes to revert, those with the lowest counts."""
    excess = sum(changes.values()) - _MAX_CHANGES
    left, chosen = sorted(changes, key=lambda name: changes[name]), []
    while excess > 0:
        name = next((name for name in left if changes[name] >= excess), left[-1])
        left.remove(name)
        chosen.append(name)
        excess -= changes[name]
    return chosen


def _with_values(definition: Definition, names: list[str]) -> str:
    """Names, each with its static value in a definition if it is short."""
    return listed_code(
        [
            f"{name}: {value}" if 0 < len(value := definition.static.get(name, "")) <= 30 else name
            for name in names
        ]
    )


@warning("HPT706", "W13")
def warm_start_with_unsupported_strategy(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Hyperband or grid search has a warm start.

    AWS documents warm start for Bayesian and random search. A grid is fixed, whatever the parents
    learned, and for Hyperband nothing is documented
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
        strategy = RequestPath(("HyperParameterTuningJobConfig", "Strategy"))
        yield rule.finding(
            f"warm start is documented for Bayesian and Random, but not for {context.job.strategy}",
            strategy,
            label="may have no effect",
            help="use `strategy: Bayesian`, or remove `warm_start`",
            fixes=(
                advice("use `strategy: Bayesian`", *to_bayesian(context)),
                advice("remove `warm_start`", Remove(path=context.job.warm_start.path)),
            ),
        )


@error("HPT707", "W14")
def warm_start_parent_with_several_algorithms(rule: Rule, context: Context) -> Iterator[Finding]:
    """A parent of a warm start has several algorithms.

    Warm start supports a single algorithm only, in the parents too
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        warm_start: {type: TransferLearning, parents: [parent-of-two]}

    Good:
        warm_start: {type: TransferLearning, parents: [parent]}
    """
    parents = context.job.warm_start.parents if context.job.warm_start else ()
    for index, parent in enumerate(parents):
        parent_job = context.parents.get(parent)
        if parent_job is None or not parent_job.is_multiple:
            continue
        name = written_reference(parent)
        yield parent_finding(
            rule,
            name,
            f"the parent `{name}` has several algorithms",
            parent_path(index),
            label="has `training_jobs`",
            help="remove it; a tuning job with a single algorithm can be a parent",
            fixes=(Fix(changes=(Remove(path=parent_path(index)),)),),
        )


@error("HPT708", "N09")
def invalid_warm_start_parent(rule: Rule, context: Context) -> Iterator[Finding]:
    """A parent of a warm start is the tuning job itself, a duplicate, or has no name.

    Parents are up to five different tuning jobs that have finished. The names of tuning jobs are
    not case-sensitive
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).

    Bad:
        warm_start: {type: TransferLearning, parents: [parent, parent]}

    Good:
        limits: {max_number_of_training_jobs: 10}
        warm_start: {type: TransferLearning, parents: [parent, parent-of-700]}
    """
    parents = context.job.warm_start.parents if context.job.warm_start else ()
    names = [name.lower() for name in parents]
    for index, name in enumerate(parents):
        problem = ""
        if not name:
            problem = "a parent has no name"
        elif names[index] == context.job.name.lower():
            problem = f"`{name}` can't be its own parent"
        elif names[index] in names[:index]:
            problem = f"the parent `{written_reference(name)}` is listed twice"
        if problem:
            yield rule.finding(
                problem,
                parent_path(index),
                is_removable=True,
                help="remove it, or use another finished tuning job",
            )


@warning("HPT709", "L15")
def too_many_training_jobs_with_parents(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job and its parents have too many training jobs in total.

    The training jobs of all parents count toward the limit of the new tuning job. The rule counts
    what the parents' specs allow, because only AWS knows how many actually ran
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).

    Bad:
        limits: {max_number_of_training_jobs: 51}
        warm_start: {type: TransferLearning, parents: [parent-of-700]}

    Good:
        limits: {max_number_of_training_jobs: 50}
        warm_start: {type: TransferLearning, parents: [parent-of-700]}
    """
    own = training_jobs(context.job)
    if context.job.warm_start is None or own is None or own > MAX_TRAINING_JOBS:
        return
    parents = (context.parents.get(name) for name in context.job.warm_start.parents)
    counts = (training_jobs(parent) for parent in parents if parent is not None)
    total = own + sum(count for count in counts if count is not None)
    if total > MAX_TRAINING_JOBS:
        yield rule.finding(
            f"the tuning job has {own} training jobs and its parents have {total - own}, but "
            f"the maximum is {MAX_TRAINING_JOBS} in total",
            RequestPath(
                ("HyperParameterTuningJobConfig", "ResourceLimits", "MaxNumberOfTrainingJobs")
            ),
            label="includes those of parents",
            help="lower it, or remove a parent",
        )


RULES = (
    warm_start_with_different_objective,
    warm_start_with_different_hyperparameters,
    warm_start_with_different_range_type,
    too_many_warm_start_changes,
    warm_start_with_unsupported_strategy,
    warm_start_parent_with_several_algorithms,
    invalid_warm_start_parent,
    too_many_training_jobs_with_parents,
)

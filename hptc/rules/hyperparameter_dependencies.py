"""HPT316 to HPT320: settings of a built-in algorithm that depend on each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from hptc.catalog.accepted_values import Certainty
from hptc.catalog.algorithms import Algorithm
from hptc.catalog.setting_dependencies import Clause, Dependency, Subject
from hptc.diagnostics import Finding, Fix, RequestPath
from hptc.frozen import frozen
from hptc.request.possible_settings import Setting, possible_settings
from hptc.request.tuning_job import Definition
from hptc.rules import dependency_messages
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.rules.version_facts import in_every_version

_MAX_COMBINATIONS = 2000


@error("HPT316", "H11")
def incompatible_hyperparameters(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperparameters of a built-in algorithm can't be combined.

    SageMaker accepts the tuning job, but the container rejects the hyperparameters together, or the
    library in it fails, and so does every training job that gets them. A value of a categorical
    range is reported too: the training jobs that try it fail
    (https://github.com/aws/sagemaker-xgboost-container).

    Bad (xgboost):
        training_job:
          hyperparameters: {monotone_constraints: "(1,-1)", tree_method: approx}

    Good (xgboost):
        training_job:
          hyperparameters: {monotone_constraints: "(1,-1)", tree_method: hist}
    """
    yield from _violations(rule, context, "certain", about_metric=False)


@warning("HPT317", "H11")
def doubtful_hyperparameters(rule: Rule, context: Context) -> Iterator[Finding]:
    """Hyperparameters of a built-in algorithm should not be combined.

    The Developer Guide does not allow the combination, or it fails for an end of a range or for
    common data. SageMaker accepts the tuning job, but some of its training jobs usually fail
    (https://docs.aws.amazon.com/sagemaker/latest/dg/algos.html).

    Bad (xgboost):
        training_job:
          hyperparameters: {max_depth: {type: Integer, min: 0, max: 9}, tree_method: exact}

    Good (xgboost):
        training_job:
          hyperparameters: {max_depth: {type: Integer, min: 1, max: 9}, tree_method: exact}
    """
    yield from _violations(rule, context, "documented", about_metric=False)


@error("HPT318", "M28")
def impossible_objective_metric(rule: Rule, context: Context) -> Iterator[Finding]:
    """The built-in algorithm can't compute the objective metric for its task.

    The metric is one of the algorithm's, but not for these hyperparameters: for example, XGBoost
    computes `validation:merror` for several classes only. SageMaker accepts the tuning job, but
    every training job fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html).

    Bad (xgboost):
        training_job:
          objective: {metric_name: "validation:merror", type: Minimize}
          hyperparameters: {objective: "binary:logistic"}

    Good (xgboost):
        training_job:
          objective: {metric_name: "validation:merror", type: Minimize}
          hyperparameters: {objective: "multi:softmax", num_class: 3}
    """
    yield from _violations(rule, context, "certain", about_metric=True)


@warning("HPT319", "M28")
def doubtful_objective_metric(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective metric does not suit the task of the built-in algorithm.

    The metric is documented for another task, or it is a number only for some data. Without a
    number for the objective, training jobs fail or tuning learns nothing from them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html).

    Bad (xgboost):
        training_job:
          objective: {metric_name: "validation:auc", type: Maximize}
          hyperparameters: {objective: "reg:squarederror"}

    Good (xgboost):
        training_job:
          objective: {metric_name: "validation:auc", type: Maximize}
          hyperparameters: {objective: "binary:logistic"}
    """
    yield from _violations(rule, context, "documented", about_metric=True)


@warning("HPT320", "H12")
def range_without_effect(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter is tuned that the built-in algorithm does not use.

    Another setting decides whether it is used: a booster without trees has no `max_depth`, and
    `bias_init_sigma` is for one method of initialization. SageMaker accepts the range, and every
    training job runs, but its value makes no difference, so the tuning job searches a dimension
    that does not exist (https://docs.aws.amazon.com/sagemaker/latest/dg/fm-tuning.html).

    Bad (xgboost):
        training_job:
          hyperparameters: {booster: gblinear, max_depth: {type: Integer, min: 3, max: 9}}

    Good (xgboost):
        training_job:
          hyperparameters: {booster: gblinear, lambda: {type: Continuous, min: 0, max: 9}}
    """
    yield from in_every_version(
        context, lambda definition, algorithm: _unused_ranges(rule, context, definition, algorithm)
    )


def _unused_ranges(
    rule: Rule, context: Context, definition: Definition, algorithm: Algorithm
) -> Iterator[Finding]:
    ranges = {
        known.name: range_
        for range_ in definition.ranges
        if (known := algorithm.hyperparameter(range_.name)) is not None
    }
    usages = [
        usage for usage in algorithm.usages if not ranges.keys().isdisjoint(usage.hyperparameters)
    ]
    if not usages:
        return
    settings = _settings(context, definition, algorithm)
    values = {
        subject: [setting.value for setting in possible] for subject, possible in settings.items()
    }
    for usage in usages:
        unmet = usage.unmet(values)
        if unmet is None:
            continue
        for name in usage.hyperparameters:
            if name in ranges:
                setting = next(iter(settings.get(unmet.subject, ())), None)
                yield rule.finding(
                    dependency_messages.no_effect(ranges[name].name, algorithm, unmet, setting),
                    ranges[name].path,
                    label="has no effect",
                    is_removable=True,
                    help=dependency_messages.effect_advice(unmet),
                    on_key=True,
                    hyperparameters=_hyperparameters((unmet.subject,)),
                )


@frozen
class _Violation:
    """A dependency that a possible training job violates."""

    dependency: Dependency
    clause: Clause
    settings: Mapping[Subject, Setting]
    is_certain: bool  # whatever the value from a numeric range is

    @property
    def certainty(self) -> Certainty | None:
        """How certain it is that the training job fails; None if too little to report it."""
        if self.dependency.certainty == "documented":
            return "documented" if self.is_certain else None
        return "certain" if self.is_certain else "documented"

    @property
    def setting(self) -> Setting | None:
        """The setting to point at; None if all that matter are absent."""
        clauses = (self.clause, *self.dependency.conditions)
        settings = (self.settings.get(clause.subject) for clause in clauses)
        return next((setting for setting in settings if setting is not None), None)


def _violations(
    rule: Rule, context: Context, certainty: Certainty, *, about_metric: bool
) -> Iterator[Finding]:
    def find(definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
        violations = context.once(
            (_all_violations, definition.path, id(algorithm)),
            lambda: tuple(_all_violations(context, definition, algorithm)),
        )
        reported = set()
        for violation in violations:
            dependency = violation.dependency
            if dependency.is_about_metric is not about_metric or violation.certainty != certainty:
                continue
            static = definition.path / "StaticHyperParameters"
            path = violation.setting.path if violation.setting is not None else static
            if (id(dependency), path) not in reported:
                reported.add((id(dependency), path))
                yield _finding(rule, violation, path, definition, algorithm)

    yield from in_every_version(context, find)


def _settings(
    context: Context, definition: Definition, algorithm: Algorithm
) -> Mapping[Subject, tuple[Setting, ...]]:
    return context.once(
        (possible_settings, definition.path, id(algorithm)),  # never freed
        lambda: possible_settings(definition, algorithm),
    )


def _finding(
    rule: Rule,
    violation: _Violation,
    path: RequestPath,
    definition: Definition,
    algorithm: Algorithm,
) -> Finding:
    dependency, clause, settings = violation.dependency, violation.clause, violation.settings
    return rule.finding(
        dependency_messages.problem(algorithm, dependency, clause, settings),
        path,
        label=dependency.reason,
        fixes=_fixes(violation, path, definition),
        help=dependency_messages.advice(dependency, clause, settings),
        on_key=violation.setting is None,
        hyperparameters=_hyperparameters(dependency.subjects),
    )


def _hyperparameters(subjects: Iterable[Subject]) -> tuple[str, ...]:
    return tuple(subject.name for subject in subjects if subject.kind == "hyperparameter")


def _fixes(violation: _Violation, path: RequestPath, definition: Definition) -> tuple[Fix, ...]:
    """The fix that sets what the violated condition requires, if there is one such value."""
    clause = violation.clause
    is_one_value = clause.operator in ("in", "in_or_absent") and len(clause.values) == 1
    if violation.dependency.help or not is_one_value:
        return ()
    if clause.subject.kind not in ("hyperparameter", "channel"):
        return ()
    name, (value,) = clause.subject.name, clause.values
    current = violation.settings.get(clause.subject)
    if current is not None and current is violation.setting and path[-2] != "Values":
        return (Fix(changes=(set_value(path, value),)),)
    is_tuned = any(range_.name == name for range_ in definition.ranges)
    if clause.subject.kind == "hyperparameter" and current is None and not is_tuned:
        static = definition.path / "StaticHyperParameters" / name
        return (advice(f"set `{name}: {value}`", set_value(static, value)),)
    return ()


def _all_violations(
    context: Context, definition: Definition, algorithm: Algorithm
) -> Iterator[_Violation]:
    """The possible training jobs that violate a dependency of the algorithm."""
    settings = _settings(context, definition, algorithm)
    for dependency in algorithm.dependencies:
        if dependency.needed <= settings.keys():
            yield from _violations_of(dependency, settings)


def _violations_of(
    dependency: Dependency, settings: Mapping[Subject, tuple[Setting, ...]]
) -> Iterator[_Violation]:
    subjects = [subject for subject in dependency.subjects if subject in settings]
    products = itertools.product(*(settings[subject] for subject in subjects))
    combinations = list(itertools.islice(products, _MAX_COMBINATIONS))
    clauses = [
        dependency.violated({s: setting.value for s, setting in zip(subjects, chosen, strict=True)})
        for chosen in combinations
    ]
    if not any(clauses):
        return
    # An end of a numeric range stands for all of its values, so both ends must violate it.
    by_choice: dict[tuple[Setting, ...], list[tuple[Clause | None, tuple[Setting, ...]]]] = {}
    for clause, chosen in zip(clauses, combinations, strict=True):
        choice = tuple(setting for setting in chosen if not setting.is_end)
        by_choice.setdefault(choice, []).append((clause, chosen))
    for violated in by_choice.values():
        is_certain = all(clause is not None for clause, _ in violated)
        for clause, chosen in violated:
            if clause is not None:
                yield _Violation(
                    dependency=dependency,
                    clause=clause,
                    settings=dict(zip(subjects, chosen, strict=True)),
                    is_certain=is_certain,
                )


RULES = (
    incompatible_hyperparameters,
    doubtful_hyperparameters,
    impossible_objective_metric,
    doubtful_objective_metric,
    range_without_effect,
)

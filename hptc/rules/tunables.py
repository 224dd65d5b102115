"""HPT305..310: the hyperparameters of built-in algorithms."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hptc.catalog import images
from hptc.catalog.algorithms import Algorithm, Tunable
from hptc.diagnostics import Finding, nearest
from hptc.request.job_facts import as_type, built_in, has_known_version, number, runs_a_script
from hptc.request.tuning_job import AutoRange, CategoricalRange, Definition, NumericRange, Range
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import listed_code


@error("HPT305", "M10")
def untunable_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuned hyperparameter of a built-in algorithm is not tunable.

    A built-in algorithm declares which of its hyperparameters can be tuned. SageMaker rejects a
    range for any other, even if the image runs your own script
    (https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html).

    Bad (xgboost):
        training_job:
          hyperparameters:
            scale_pos_weight: {type: Continuous, min: 1, max: 9}

    Good (xgboost):
        training_job:
          hyperparameters:
            min_child_weight: {type: Continuous, min: 1, max: 9}
    """
    yield from _untunable(rule, context, are_exhaustive=True)


@warning("HPT306", "M10")
def undocumented_tunable_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuned hyperparameter of a built-in algorithm is not documented as tunable.

    A built-in algorithm declares which of its hyperparameters can be tuned, and SageMaker rejects a
    range for any other. The Developer Guide lists them on the algorithm's tuning page
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).
    For some algorithms that list may be incomplete, so this is a warning.

    Bad (kmeans):
        training_job:
          hyperparameters:
            k: {type: Integer, min: 2, max: 40}

    Good (kmeans):
        training_job:
          hyperparameters:
            k: 7
    """
    yield from _untunable(rule, context, are_exhaustive=False)


def _untunable(rule: Rule, context: Context, *, are_exhaustive: bool) -> Iterator[Finding]:
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or not has_known_version(definition):
            continue
        if _has_declared_tunables(definition, algorithm) is not are_exhaustive:
            continue
        names = tuple(tunable.name for tunable in algorithm.tunables)
        for range_ in definition.ranges:
            if algorithm.tunable(range_.name) is not None:
                continue
            meant = nearest(range_.name, names)
            known = listed_code(names) or "none"
            yield rule.finding(
                f"`{range_.name}` of {algorithm.title} can't be tuned"
                if are_exhaustive
                else f"AWS does not document `{range_.name}` of {algorithm.title} as tunable",
                range_.path,
                label=f"did you mean `{meant}`?" if meant else "",
                help=f"make it static; tunable hyperparameters: {known}",
                on_key=True,
            )


def _has_declared_tunables(definition: Definition, algorithm: Algorithm) -> bool:
    """Whether the tunables are those that the container declares, not just the Developer Guide's.

    The declarations of the XGBoost container are public since 0.90-1, its first open-source version
    (https://github.com/aws/sagemaker-xgboost-container).
    """
    image = images.parse_image(definition.training_image or "")
    is_public = image is not None and image.repository.startswith("sagemaker-")
    return algorithm.tunables_are_exhaustive and is_public


@error("HPT307", "P21")
def range_outside_algorithm_limits(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range exceeds the values that the built-in algorithm accepts.

    An algorithm declares the valid values of each hyperparameter, and a range must be within them.
    The ranges on the tuning pages of the Developer Guide are recommendations, which this rule does
    not check
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterSpecification.html).

    Bad (xgboost):
        training_job:
          hyperparameters:
            subsample: {type: Continuous, min: 0.5, max: 1.5}

    Good (xgboost):
        training_job:
          hyperparameters:
            subsample: {type: Continuous, min: 0.5, max: 1}
    """
    for range_, tunable in _tuned(context):
        limits = tunable.limits
        if limits is None or not isinstance(range_, NumericRange):
            continue
        low, high = number(range_.min), number(range_.max)
        accepted = (
            f"{limits.minimum:g} to {limits.maximum:g}"
            if limits.minimum is not None and limits.maximum is not None
            else (
                f"at least {limits.minimum:g}"
                if limits.minimum is not None
                else f"at most {limits.maximum:g}"
            )
        )
        for member, bound, word in (
            ("MinValue", low, "starts"),
            ("MaxValue", high, "ends"),
        ):
            if bound is None:
                continue
            below = limits.minimum is not None and bound < Decimal(limits.minimum)
            above = limits.maximum is not None and bound > Decimal(limits.maximum)
            if below or above:
                yield rule.finding(
                    f"the range of `{range_.name}` {word} at {bound}, but the algorithm accepts "
                    f"{accepted}",
                    range_.path / member,
                    label=f"must be {accepted}",
                )


@warning("HPT308", "P22")
def range_type_mismatch(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range's type differs from that of the built-in algorithm's hyperparameter.

    An algorithm declares each hyperparameter as Integer, Continuous or Categorical, and its range
    should have that type. Integer ranges for continuous hyperparameters are fine
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterSpecification.html).

    Bad (xgboost):
        training_job:
          hyperparameters:
            max_depth: {type: Continuous, min: 2, max: 9}

    Good (xgboost):
        training_job:
          hyperparameters:
            max_depth: {type: Integer, min: 2, max: 40}
    """
    for range_, tunable in _tuned(context):
        if isinstance(range_, AutoRange):
            continue
        kind = "Categorical" if isinstance(range_, CategoricalRange) else range_.kind
        if kind == "Integer" and "Continuous" in tunable.kinds:
            continue  # published tuning jobs do this, and they work
        if kind not in tunable.kinds:
            yield rule.finding(
                f"`{range_.name}` is tuned as {kind}, but the algorithm declares it as "
                f"{' or '.join(tunable.kinds)}",
                range_.path,
                label=f"should be {' or '.join(tunable.kinds)}",
                help=f"use {as_type(tunable.kinds[0], kind)}",
                on_key=True,
            )


def _tuned(context: Context) -> Iterator[tuple[Range, Tunable]]:
    """Every range of a known tunable hyperparameter."""
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or not has_known_version(definition):
            continue
        for range_ in definition.ranges:
            tunable = algorithm.tunable(range_.name)
            if tunable is not None:
                yield range_, tunable


@warning("HPT309", "H03", "H07")
def missing_required_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A required hyperparameter of a built-in algorithm is missing.

    SageMaker accepts the tuning job, because only the container checks the hyperparameters. After a
    few minutes every training job fails, and the tuning job with them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/algos.html).

    Bad (xgboost):
        training_job:
          hyperparameters:
            num_round: null

    Good (xgboost):
        training_job:
          hyperparameters:
            num_round: 100
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or runs_a_script(definition):
            continue
        given = {*definition.static, *(range_.name for range_ in definition.ranges)}
        for required in algorithm.required_hyperparameters:
            condition = required.when
            if required.name in given or (condition and not condition.is_met(definition.static)):
                continue
            because = (
                f" when `{condition.hyperparameter}` is "
                f"{definition.static[condition.hyperparameter]}"
                if condition
                else ""
            )
            yield rule.finding(
                f"{algorithm.title} requires the hyperparameter `{required.name}`{because}",
                definition.path / "StaticHyperParameters",
                help=f"add `{required.name}:` to `hyperparameters`",
                on_key=True,
            )


@warning("HPT310", "H04")
def unknown_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter is not documented for the built-in algorithm.

    The containers of built-in algorithms fail on unknown hyperparameters. SageMaker accepts the
    tuning job, but every training job fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost_hyperparameters.html).

    Bad (xgboost):
        training_job:
          hyperparameters:
            num_rounds: 50

    Good (xgboost):
        training_job:
          hyperparameters:
            num_round: 50
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if (
            algorithm is None
            or runs_a_script(definition)
            or not has_known_version(definition)
            or not algorithm.hyperparameters
        ):
            continue
        for name in definition.static:
            if name in algorithm.hyperparameters or name.startswith("_"):
                continue  # SageMaker reserves names that start with an underscore
            meant = nearest(name, algorithm.hyperparameters)
            yield rule.finding(
                f"{algorithm.title} has no documented hyperparameter `{name}`",
                definition.path / "StaticHyperParameters" / name,
                label=f"did you mean `{meant}`?" if meant else "",
                help="remove it, or use a documented hyperparameter",
                on_key=True,
            )


RULES = (
    untunable_hyperparameter,
    undocumented_tunable_hyperparameter,
    range_outside_algorithm_limits,
    range_type_mismatch,
    missing_required_hyperparameter,
    unknown_hyperparameter,
)

"""HPT305 to HPT310: the hyperparameters of built-in algorithms."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import images
from hptc.catalog.algorithms import Algorithm, Tunable
from hptc.diagnostics import Finding, nearest
from hptc.request.job_facts import as_type, number, runs_a_script
from hptc.request.tuning_job import AutoRange, CategoricalRange, Definition, NumericRange
from hptc.rules.hyperparameter_values import missing, unknown
from hptc.rules.range_fixes import with_type
from hptc.rules.rule import Context, Rule, error, warning
from hptc.rules.version_facts import in_every_version
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
    yield from in_every_version(
        context,
        lambda definition, algorithm: (
            _untunable_ranges(rule, definition, algorithm)
            if _has_declared_tunables(definition, algorithm) is are_exhaustive
            else ()
        ),
        also_scripts=True,
    )


def _untunable_ranges(
    rule: Rule, definition: Definition, algorithm: Algorithm
) -> Iterator[Finding]:
    names = tuple(tunable.name for tunable in algorithm.tunables)
    for range_ in definition.ranges:
        if algorithm.tunable(range_.name) is not None:
            continue
        # A script has hyperparameters of its own; an algorithm has none but those it documents.
        is_known = algorithm.hyperparameter(range_.name) or runs_a_script(definition)
        meant = None if is_known else nearest(range_.name, names)
        known = f"tunable hyperparameters: {listed_code(names) or 'none'}"
        yield rule.finding(
            f"`{range_.name}` of {algorithm.title} can't be tuned"
            if _has_declared_tunables(definition, algorithm)
            else f"AWS does not document `{range_.name}` of {algorithm.title} as tunable",
            range_.path,
            label=f"did you mean `{meant}`?" if meant else "",
            replacement=meant or "",
            guessed_from=range_.name,
            help=f"make it static; {known}" if is_known else f"rename it; {known}",
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
    yield from in_every_version(
        context,
        lambda definition, algorithm: _outside_limits(rule, definition, algorithm),
        also_scripts=True,
    )


def _outside_limits(rule: Rule, definition: Definition, algorithm: Algorithm) -> Iterator[Finding]:
    """Ends beyond the interval. SageMaker accepts an end that the interval itself excludes, because
    the container publishes both ends as included.
    """
    for range_ in definition.ranges:
        known = algorithm.hyperparameter(range_.name)
        if known is None or known.interval is None or known.certainty != "certain":
            continue
        if not isinstance(range_, NumericRange):
            continue
        low, high = known.interval.minimum, known.interval.maximum
        accepted = known.interval.text
        for member, bound, word in (
            ("MinValue", number(range_.min), "starts"),
            ("MaxValue", number(range_.max), "ends"),
        ):
            if bound is None:
                continue
            if (low is not None and bound < low) or (high is not None and bound > high):
                yield rule.finding(
                    f"the range of `{range_.name}` {word} at {bound}, but the algorithm accepts "
                    f"{accepted}",
                    range_.path / member,
                    label=f"must be {accepted}",
                    help=_recommendation(algorithm.tunable(range_.name)),
                )


def _recommendation(tunable: Tunable | None) -> str:
    bounds = tunable.recommended if tunable is not None else None
    if bounds is None or bounds.minimum is None or bounds.maximum is None:
        return ""
    return f"AWS recommends {bounds.minimum:.15g} to {bounds.maximum:.15g}"


@warning("HPT308", "P22")
def range_type_mismatch(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range's type differs from that of the built-in algorithm's hyperparameter.

    An algorithm declares each hyperparameter as Integer, Continuous or Categorical, and its range
    should have that type. Integer ranges for continuous hyperparameters are fine
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterSpecification.html).

    Bad (kmeans):
        training_job:
          hyperparameters:
            extra_center_factor: {type: Continuous, min: 4, max: 10}

    Good (kmeans):
        training_job:
          hyperparameters:
            extra_center_factor: {type: Integer, min: 4, max: 10}
    """
    yield from in_every_version(
        context,
        lambda definition, algorithm: _mismatches(rule, context, definition, algorithm),
        also_scripts=True,
    )


def _mismatches(
    rule: Rule, context: Context, definition: Definition, algorithm: Algorithm
) -> Iterator[Finding]:
    for range_ in definition.ranges:
        tunable = algorithm.tunable(range_.name)
        if tunable is None or isinstance(range_, AutoRange):
            continue
        kind = "Categorical" if isinstance(range_, CategoricalRange) else range_.kind
        if kind == "Integer" and "Continuous" in tunable.kinds:
            continue  # published tuning jobs do this, and they work
        known = algorithm.hyperparameter(range_.name)
        if kind == "Continuous" and known is not None and known.requires_integers:
            continue  # HPT311 reports it
        if kind not in tunable.kinds:
            help = f"use {as_type(tunable.kinds[0], kind)}"
            yield rule.finding(
                f"`{range_.name}` is tuned as {kind}, but the algorithm declares it as "
                f"{' or '.join(tunable.kinds)}",
                range_.path,
                label=f"should be {' or '.join(tunable.kinds)}",
                help=help,
                fixes=with_type(context, range_, tunable.kinds[0], help),
                on_key=True,
            )


@warning("HPT309", "H03", "H07")
def missing_required_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A required hyperparameter of a built-in algorithm is missing.

    SageMaker accepts the tuning job, because only the container checks the hyperparameters. After a
    few minutes every training job fails, and the tuning job with them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/algos.html).

    Bad (kmeans):
        training_job:
          hyperparameters:
            feature_dim: null

    Good (kmeans):
        training_job:
          hyperparameters:
            feature_dim: 9
    """
    yield from missing(rule, context, "documented")


@warning("HPT310", "H04")
def unknown_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A hyperparameter is not documented for the built-in algorithm.

    The containers of built-in algorithms fail on unknown hyperparameters. SageMaker accepts the
    tuning job, but every training job fails
    (https://docs.aws.amazon.com/sagemaker/latest/dg/k-means-api-config.html).

    Bad (kmeans):
        training_job:
          hyperparameters:
            epoch: 5

    Good (kmeans):
        training_job:
          hyperparameters:
            epochs: 5
    """
    yield from unknown(rule, context, "documented")


RULES = (
    untunable_hyperparameter,
    undocumented_tunable_hyperparameter,
    range_outside_algorithm_limits,
    range_type_mismatch,
    missing_required_hyperparameter,
    unknown_hyperparameter,
)

"""HPT305..310: the hyperparameters of a built-in algorithm: which it takes, needs, lets vary."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hptc.catalog import images
from hptc.catalog.algorithms import Algorithm, Tunable
from hptc.diagnostics import Finding, nearest
from hptc.request.job_facts import built_in, has_known_version, number, runs_a_script
from hptc.request.tuning_job import AutoRange, CategoricalRange, Definition, NumericRange, Range
from hptc.rules.rule import Context, Rule, error, warning


@error("HPT305", "M10")
def untunable_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search varies a hyperparameter that the built-in algorithm does not let it vary.

    A built-in algorithm declares which of its hyperparameters a tuning job can vary, and AWS
    refuses a range over any other, also when the image runs a script of yours
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
def hyperparameter_not_documented_as_tunable(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search varies a hyperparameter that AWS does not document as tunable.

    A built-in algorithm declares which of its hyperparameters a tuning job can vary, and AWS
    refuses a range over any other. The Developer Guide lists them on the algorithm's tuning page
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html);
    for some algorithms its list may not be complete, hence a warning.

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
        if _declares_its_tunables(definition, algorithm) is not are_exhaustive:
            continue
        names = tuple(tunable.name for tunable in algorithm.tunables)
        for range_ in definition.ranges:
            if algorithm.tunable(range_.name) is not None:
                continue
            meant = nearest(range_.name, names)
            known = ", ".join(names) or "none at all"
            yield rule.finding(
                f"a search can't vary `{range_.name}` of {algorithm.title}"
                if are_exhaustive
                else f"AWS does not document `{range_.name}` of {algorithm.title} as tunable",
                range_.path,
                label=f"did you mean `{meant}`?" if meant else "",
                help=f"give it one value; a search can vary {known}",
                on_key=True,
            )


def _declares_its_tunables(definition: Definition, algorithm: Algorithm) -> bool:
    """Whether the table has the container's own list, rather than the Developer Guide's.

    What XGBoost's container declares is public from 0.90-1 on, the first of this repository
    (https://github.com/aws/sagemaker-xgboost-container).
    """
    image = images.parse_image(definition.training_image or "")
    is_public = image is not None and image.repository.startswith("sagemaker-")
    return algorithm.tunables_are_exhaustive and is_public


@error("HPT307", "P21")
def range_beyond_the_limits_of_a_built_in_algorithm(
    rule: Rule, context: Context
) -> Iterator[Finding]:
    """A range leaves what the built-in algorithm accepts.

    An algorithm publishes for each of its hyperparameters the values that it accepts, and a range
    may not leave them. The ranges on the tuning pages of the Developer Guide are advice, which
    this rule does not judge
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
                    f"`{range_.name}` {word} at {bound}, but the algorithm accepts {accepted}",
                    range_.path / member,
                    label=f"must be {accepted}",
                )


@warning("HPT308", "P22")
def range_of_another_kind_than_the_hyperparameter(
    rule: Rule, context: Context
) -> Iterator[Finding]:
    """A range is of another kind than the built-in algorithm's hyperparameter.

    An algorithm declares each of its hyperparameters as Integer, Continuous or Categorical, and a
    range is meant to be of that kind. Whole numbers for a continuous one are fine
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
            continue  # published searches do so, and run
        if kind not in tunable.kinds:
            yield rule.finding(
                f"`{range_.name}` is searched as {kind}, but the algorithm declares it "
                f"{' or '.join(tunable.kinds)}",
                range_.path,
                label=f"should be {' or '.join(tunable.kinds)}",
                help=f"write `type: {tunable.kinds[0]}`",
                on_key=True,
            )


def _tuned(context: Context) -> Iterator[tuple[Range, Tunable]]:
    """Every range over a tunable that the table knows."""
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is None or not has_known_version(definition):
            continue
        for range_ in definition.ranges:
            tunable = algorithm.tunable(range_.name)
            if tunable is not None:
                yield range_, tunable


@warning("HPT309", "H03", "H07")
def required_hyperparameter_missing(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm lacks a hyperparameter that it can't train without.

    AWS accepts the tuning job, since only the container checks the hyperparameters: its training
    jobs fail some minutes later, each of them, and the tuning job with them
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
            if required.name in given or (condition and not condition.holds(definition.static)):
                continue
            because = (
                f" when `{condition.hyperparameter}` is "
                f"{definition.static[condition.hyperparameter]}"
                if condition
                else ""
            )
            yield rule.finding(
                f"{algorithm.title} needs the hyperparameter `{required.name}`{because}",
                definition.path / "StaticHyperParameters",
                help=f"add `{required.name}:` to the hyperparameters",
                on_key=True,
            )


@warning("HPT310", "H04")
def hyperparameter_unknown_to_the_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm gets a hyperparameter that AWS does not document for it.

    The containers of the built-in algorithms fail on a hyperparameter that they do not know. AWS
    accepts the tuning job; its training jobs fail, each of them
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
                continue  # names with an underscore are SageMaker's own
            meant = nearest(name, algorithm.hyperparameters)
            yield rule.finding(
                f"{algorithm.title} has no documented hyperparameter `{name}`",
                definition.path / "StaticHyperParameters" / name,
                label=f"did you mean `{meant}`?" if meant else "",
                help="remove it, or rename it to one that the algorithm knows",
                on_key=True,
            )


RULES = (
    untunable_hyperparameter,
    hyperparameter_not_documented_as_tunable,
    range_beyond_the_limits_of_a_built_in_algorithm,
    range_of_another_kind_than_the_hyperparameter,
    required_hyperparameter_missing,
    hyperparameter_unknown_to_the_algorithm,
)

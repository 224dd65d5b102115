"""HPT20x: individual parameter ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hptc.diagnostics import Finding, Fix, Remove
from hptc.project.references import has_reference
from hptc.request.job_facts import WHOLE_NUMBER, number
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange
from hptc.rules.range_fixes import made_static
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning

_LINEAR_SPAN = 100
_MAX_SUGGESTED_INTEGER = 10**15


def _numeric_ranges(context: Context) -> Iterator[tuple[Definition, NumericRange]]:
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, NumericRange):
                yield definition, range_


def _categorical_ranges(context: Context) -> Iterator[tuple[Definition, CategoricalRange]]:
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, CategoricalRange):
                yield definition, range_


@error("HPT201", "P02", "P03")
def non_numeric_bound(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range's bound is not a valid number for its type.

    The API takes bounds as strings. A Continuous range takes finite numbers such as `0.5` or
    `1e-3`. An Integer range takes integers in plain digits: `1000`, but not `1e3` or `1000.0`
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_IntegerParameterRange.html).

    Bad:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 1, max: 1e3}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 1, max: 1000}
    """
    for _, range_ in _numeric_ranges(context):
        for verb, member, text in (
            ("starts at", "MinValue", range_.min),
            ("ends at", "MaxValue", range_.max),
        ):
            problem = None if has_reference(text) else _bound_problem(range_.kind, text)
            if problem is not None:
                yield rule.finding(
                    f"`{range_.name}` {verb} `{text}`, which is not {problem.expected}",
                    range_.path / member,
                    label=f"must be {problem.expected}",
                    replacement=problem.meant,
                    help=problem.help,
                )


class _BoundProblem(NamedTuple):
    """What a bound must be, and the number that it means if it is only written differently."""

    expected: str
    help: str = ""
    meant: str = ""


def _bound_problem(kind: str, text: str) -> _BoundProblem | None:
    """Why a bound is not a number of its kind; None if it is one."""
    if kind != "Integer" or WHOLE_NUMBER.fullmatch(text):
        is_finite = number(text) is not None
        help = "write it as `0.001` or `1e-3`"
        return None if is_finite else _BoundProblem("a finite number", help)
    value = number(text.strip())
    if value is not None and value != value.to_integral_value():
        return _BoundProblem("an integer", "use an integer, or `type: Continuous`")
    if value is None or abs(value) >= _MAX_SUGGESTED_INTEGER:
        return _BoundProblem("an integer in plain digits")
    meant = str(int(value))
    return _BoundProblem("an integer in plain digits", f"write {meant}", meant)


@error("HPT202", "P04")
def empty_range(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range's maximum is not greater than its minimum.

    Both bounds are inclusive, and the maximum must be greater: SageMaker rejects a range with a
    single value too (https://github.com/aws/amazon-sagemaker-feedback/issues/195). Make a
    hyperparameter with one value static.

    Bad:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 10, max: 3}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 3, max: 10}
    """
    for definition, range_ in _numeric_ranges(context):
        low, high = number(range_.min), number(range_.max)
        if low is None or high is None or low < high:
            continue
        path = range_.path / "MaxValue"
        label = f"must be greater than {range_.min}"
        if low == high:
            help = _as_static(context, range_.name, range_.min)
            yield rule.finding(
                f"the range of `{range_.name}` has a single value, {range_.min}",
                path,
                label=label,
                help=help,
                fixes=(made_static(context, definition, range_, range_.min, help),),
            )
            continue
        swap = advice(
            "swap `min` and `max`",
            set_value(range_.path / "MinValue", range_.max),
            set_value(path, range_.min),
            is_safe=True,
        )
        yield rule.finding(
            f"`{range_.name}` starts at {range_.min}, but ends at {range_.max}",
            path,
            label=label,
            help="swap `min` and `max`",
            fixes=(swap,),
        )


@error("HPT203", "P07")
def logarithmic_range_from_zero(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range with a logarithmic scale includes zero or negative values.

    The logarithm of zero is undefined, so SageMaker supports a logarithmic scale only for ranges
    that are greater than zero
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters:
            eta: {type: Continuous, min: 0, max: 0.5, scaling: Logarithmic}

    Good:
        training_job:
          hyperparameters:
            eta: {type: Continuous, min: 1e-3, max: 0.5, scaling: Logarithmic}
    """
    for _, range_ in _numeric_ranges(context):
        low = number(range_.min)
        if range_.scaling == "Logarithmic" and low is not None and low <= 0:
            yield rule.finding(
                f"`{range_.name}` has a logarithmic scale but starts at {range_.min}",
                range_.path / "MinValue",
                label="must be greater than 0",
                help="raise `min`, or use `scaling: Linear`",
                fixes=(_scaled(range_, "Linear"),),
            )


@error("HPT204", "P08")
def reverse_logarithmic_range_outside_unit_interval(
    rule: Rule, context: Context
) -> Iterator[Finding]:
    """A range with a reverse logarithmic scale is not within 0 (inclusive) and 1 (exclusive).

    The scale is for values that are sensitive to small changes close to 1, such as a momentum of
    0.9 or 0.99. It is defined for 0 <= x < 1 only
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContinuousParameterRange.html).

    Bad:
        training_job:
          hyperparameters:
            momentum: {type: Continuous, min: 0.5, max: 1, scaling: ReverseLogarithmic}

    Good:
        training_job:
          hyperparameters:
            momentum: {type: Continuous, min: 0.5, max: 0.999, scaling: ReverseLogarithmic}
    """
    for _, range_ in _numeric_ranges(context):
        if range_.scaling != "ReverseLogarithmic" or range_.kind != "Continuous":
            continue
        low, high = number(range_.min), number(range_.max)
        if low is not None and low < 0:
            yield rule.finding(
                f"`{range_.name}` has a reverse logarithmic scale but starts at {range_.min}",
                range_.path / "MinValue",
                label="must be 0 or greater",
                help="raise `min`, or use `scaling: Auto`",
                fixes=(_scaled(range_, "Auto"),),
            )
        if high is not None and high >= 1:
            yield rule.finding(
                f"`{range_.name}` has a reverse logarithmic scale but ends at {range_.max}",
                range_.path / "MaxValue",
                label="must be less than 1",
                help="lower `max`, for example to 0.999, or use `scaling: Auto`",
                fixes=(_scaled(range_, "Auto"),),
            )


@error("HPT205", "P09")
def reverse_logarithmic_integer_range(rule: Rule, context: Context) -> Iterator[Finding]:
    """An Integer range has a reverse logarithmic scale.

    The scale is defined for 0 <= x < 1, which has no range of integers, so SageMaker supports it
    for Continuous ranges only
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 1, max: 40, scaling: ReverseLogarithmic}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 1, max: 40, scaling: Logarithmic}
    """
    for _, range_ in _numeric_ranges(context):
        if range_.scaling == "ReverseLogarithmic" and range_.kind == "Integer":
            yield rule.finding(
                f"`{range_.name}` is an Integer range, but a reverse logarithmic scale requires "
                "Continuous",
                range_.path / "ScalingType",
                label="must be Auto, Linear or Logarithmic",
                help="use `scaling: Auto`, or a Continuous range below 1",
                fixes=(_scaled(range_, "Auto"),),
            )


@error("HPT206", "P05")
def duplicate_categorical_value(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Categorical range lists a value twice.

    SageMaker requires unique values
    (https://github.com/aws/amazon-sagemaker-feedback/issues/195). Values are compared as strings,
    so `1` and `1.0` are different.

    Bad:
        training_job:
          hyperparameters:
            optimizer: {type: Categorical, values: [sgd, adam, sgd]}

    Good:
        training_job:
          hyperparameters:
            optimizer: {type: Categorical, values: [sgd, adam]}
    """
    for _, range_ in _categorical_ranges(context):
        seen: set[str] = set()
        for index, value in enumerate(range_.values):
            if value in seen:
                yield rule.finding(
                    f"`{range_.name}` lists `{value}` twice",
                    range_.path / "Values" / index,
                    label="duplicate",
                    help="remove one of them",
                    fixes=(
                        advice(
                            "remove one of them",
                            Remove(path=range_.path / "Values" / index),
                            is_safe=True,
                        ),
                    ),
                )
            seen.add(value)


@warning("HPT207", "P06")
def single_categorical_value(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Categorical range has only one value.

    There is nothing to tune, and it is not documented whether SageMaker accepts it: the API model
    allows one value, but users report that it is rejected
    (https://github.com/aws/amazon-sagemaker-feedback/issues/195). A static hyperparameter means the
    same and always works.

    Bad:
        training_job:
          hyperparameters:
            optimizer: {type: Categorical, values: [adam]}

    Good:
        training_job:
          hyperparameters:
            optimizer: adam
    """
    for definition, range_ in _categorical_ranges(context):
        match range_.values:
            case (value,):
                help = _as_static(context, range_.name, value)
                yield rule.finding(
                    f"`{range_.name}` has a single value, `{value}`",
                    range_.path / "Values",
                    label="nothing to tune",
                    help=help,
                    fixes=(made_static(context, definition, range_, value, help),),
                )


@warning("HPT208")
def linear_range_over_several_magnitudes(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range with a linear scale spans more than two orders of magnitude.

    On a linear scale from 0.0001 to 0.1, nine of ten values are above 0.01, so small values are
    rarely tried. A logarithmic scale covers each order of magnitude equally. With `Auto`, the
    default, SageMaker chooses the scale
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters:
            rate: {type: Continuous, min: 1e-4, max: 0.1, scaling: Linear}

    Good:
        training_job:
          hyperparameters:
            rate: {type: Continuous, min: 1e-4, max: 0.1, scaling: Logarithmic}
    """
    for _, range_ in _numeric_ranges(context):
        low, high = number(range_.min), number(range_.max)
        if range_.scaling != "Linear" or low is None or high is None or low <= 0:
            continue
        if high > low * _LINEAR_SPAN:
            yield rule.finding(
                f"`{range_.name}` ranges from {range_.min} to {range_.max} on a linear scale, so "
                "small values are rarely tried",
                range_.path / "ScalingType",
                label="spans more than two orders of magnitude",
                help="use `scaling: Logarithmic`, or omit `scaling`",
                fixes=(
                    _scaled(range_, "Logarithmic"),
                    advice("omit `scaling`", Remove(path=range_.path / "ScalingType")),
                ),
            )


def _scaled(range_: NumericRange, scaling: str) -> Fix:
    return advice(f"use `scaling: {scaling}`", set_value(range_.path / "ScalingType", scaling))


def _as_static(context: Context, name: str, value: str) -> str:
    """The advice to make a range of one value a static hyperparameter."""
    if context.is_request:
        return f"add `{name}: {value}` to `hyperparameters` instead"
    return f"make it static: `{name}: {value}`"


RULES = (
    non_numeric_bound,
    empty_range,
    logarithmic_range_from_zero,
    reverse_logarithmic_range_outside_unit_interval,
    reverse_logarithmic_integer_range,
    duplicate_categorical_value,
    single_categorical_value,
    linear_range_over_several_magnitudes,
)

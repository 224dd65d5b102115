"""HPT20x: each range by itself."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.request.job_facts import WHOLE_NUMBER, number
from hptc.request.tuning_job import CategoricalRange, NumericRange
from hptc.rules.rule import Context, Rule, error, warning

_LINEAR_SPAN = 100
_MAX_WRITTEN_OUT = 10**15


def _numeric_ranges(context: Context) -> Iterator[NumericRange]:
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, NumericRange):
                yield range_


def _categorical_ranges(context: Context) -> Iterator[CategoricalRange]:
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, CategoricalRange):
                yield range_


@error("HPT201", "P02", "P03")
def bound_not_a_number(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range's bound is not a number of its kind.

    The API takes bounds as texts. A Continuous range takes finite numbers, `0.5` or `1e-3`; an
    Integer range takes whole numbers written out, `1000` and neither `1e3` nor `1000.0`
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
    for range_ in _numeric_ranges(context):
        for verb, member, text in (
            ("starts at", "MinValue", range_.min),
            ("ends at", "MaxValue", range_.max),
        ):
            value = number(text)
            if has_reference(text):
                continue
            if range_.kind == "Integer" and WHOLE_NUMBER.fullmatch(text) is None:
                what, advice = "a whole number written out in digits", ""
                if value is not None and value != value.to_integral_value():
                    what, advice = "a whole number", "use `type: Continuous`, or a whole number"
                elif value is not None and abs(value) < _MAX_WRITTEN_OUT:
                    advice = f"write {int(value)}"
            elif value is None:
                what, advice = "a finite number", "write it as `0.001` or `1e-3`"
            else:
                continue
            yield rule.finding(
                f"`{range_.name}` {verb} `{text}`, which is not {what}",
                range_.path / member,
                label=f"must be {what}",
                help=advice,
            )


@error("HPT202", "P04")
def range_without_width(rule: Rule, context: Context) -> Iterator[Finding]:
    """A range does not go from a lower to a higher value.

    Both bounds belong to a range, and the upper one must be greater: SageMaker refuses a range of
    a single value too (https://github.com/aws/amazon-sagemaker-feedback/issues/195). A
    hyperparameter with one value is a static one.

    Bad:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 10, max: 3}

    Good:
        training_job:
          hyperparameters:
            depth: {type: Integer, min: 3, max: 10}
    """
    for range_ in _numeric_ranges(context):
        low, high = number(range_.min), number(range_.max)
        if low is None or high is None or low < high:
            continue
        yield rule.finding(
            f"`{range_.name}` has a single value, {range_.min}"
            if low == high
            else f"`{range_.name}` starts at {range_.min}, but ends at {range_.max}",
            range_.path / "MaxValue",
            label=f"must be greater than {range_.min}",
            help=f"make it static: `{range_.name}: {range_.min}`"
            if low == high
            else "swap `min` and `max`",
        )


@error("HPT203", "P07")
def logarithmic_range_from_zero(rule: Rule, context: Context) -> Iterator[Finding]:
    """A logarithmic scale reaches zero or below.

    The logarithm of zero does not exist, so SageMaker takes a logarithmic scale only for ranges
    above zero
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
    for range_ in _numeric_ranges(context):
        low = number(range_.min)
        if range_.scaling == "Logarithmic" and low is not None and low <= 0:
            yield rule.finding(
                f"`{range_.name}` has a logarithmic scale but starts at {range_.min}",
                range_.path / "MinValue",
                label="must be greater than 0",
                help="raise `min`, or use `scaling: Linear`",
            )


@error("HPT204", "P08")
def reverse_logarithmic_range_beyond_one(rule: Rule, context: Context) -> Iterator[Finding]:
    """A reverse logarithmic scale leaves the numbers from 0 to just below 1.

    The scale looks closely at what is near 1, such as a momentum of 0.9 against one of 0.99, and
    is defined from 0 included to 1 excluded
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
    for range_ in _numeric_ranges(context):
        if range_.scaling != "ReverseLogarithmic" or range_.kind != "Continuous":
            continue
        low, high = number(range_.min), number(range_.max)
        if low is not None and low < 0:
            yield rule.finding(
                f"`{range_.name}` has a reverse logarithmic scale but starts at {range_.min}",
                range_.path / "MinValue",
                label="must be 0 or more",
                help="raise `min`, or use `scaling: Linear`",
            )
        if high is not None and high >= 1:
            yield rule.finding(
                f"`{range_.name}` has a reverse logarithmic scale but ends at {range_.max}",
                range_.path / "MaxValue",
                label="must be less than 1",
                help="lower `max`, to 0.999 for example, or use `scaling: Linear`",
            )


@error("HPT205", "P09")
def reverse_logarithmic_integer_range(rule: Rule, context: Context) -> Iterator[Finding]:
    """An Integer range has a reverse logarithmic scale.

    The scale works between 0 and 1, where no whole numbers lie, so SageMaker takes it for
    Continuous ranges only
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
    for range_ in _numeric_ranges(context):
        if range_.scaling == "ReverseLogarithmic" and range_.kind == "Integer":
            yield rule.finding(
                f"`{range_.name}` is Integer, but a reverse logarithmic scale is for Continuous",
                range_.path / "ScalingType",
                label="Auto, Linear or Logarithmic",
                help="use one of these, or `type: Continuous`",
            )


@error("HPT206", "P05")
def category_listed_twice(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Categorical range lists a value twice.

    SageMaker takes each value once
    (https://github.com/aws/amazon-sagemaker-feedback/issues/195). Values are compared as texts:
    `1` and `1.0` are two.

    Bad:
        training_job:
          hyperparameters:
            optimizer: {type: Categorical, values: [sgd, adam, sgd]}

    Good:
        training_job:
          hyperparameters:
            optimizer: {type: Categorical, values: [sgd, adam]}
    """
    for range_ in _categorical_ranges(context):
        seen: set[str] = set()
        for index, value in enumerate(range_.values):
            if value in seen:
                yield rule.finding(
                    f"`{range_.name}` lists `{value}` twice",
                    range_.path / "Values" / index,
                    label="listed before",
                    help="remove one of the two",
                )
            seen.add(value)


@warning("HPT207", "P06")
def choice_of_one(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Categorical range has one value.

    There is nothing to search, and whether SageMaker takes it is not documented: the API's model
    allows one value, while users report that it is refused
    (https://github.com/aws/amazon-sagemaker-feedback/issues/195). A static hyperparameter says the
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
    for range_ in _categorical_ranges(context):
        if len(range_.values) == 1:
            yield rule.finding(
                f"`{range_.name}` is a choice of one value, `{range_.values[0]}`",
                range_.path / "Values",
                label="nothing to choose from",
                help=f"make it static: `{range_.name}: {range_.values[0]}`",
            )


@warning("HPT208")
def linear_range_over_decades(rule: Rule, context: Context) -> Iterator[Finding]:
    """A linear scale covers more than two powers of ten.

    On a linear scale from 0.0001 to 0.1, nine of ten values lie above 0.01, and the small ones are
    hardly tried. Over several powers of ten a logarithmic scale gives each the same share; Auto,
    which a range without `scaling` has, lets SageMaker decide
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
    for range_ in _numeric_ranges(context):
        low, high = number(range_.min), number(range_.max)
        if range_.scaling != "Linear" or low is None or high is None or low <= 0:
            continue
        if high > low * _LINEAR_SPAN:
            yield rule.finding(
                f"`{range_.name}` goes from {range_.min} to {range_.max} on a linear scale, "
                "which hardly tries its small values",
                range_.path / "ScalingType",
                label="more than two powers of ten",
                help="use `scaling: Logarithmic`, or leave `scaling` out",
            )


RULES = (
    bound_not_a_number,
    range_without_width,
    logarithmic_range_from_zero,
    reverse_logarithmic_range_beyond_one,
    reverse_logarithmic_integer_range,
    category_listed_twice,
    choice_of_one,
    linear_range_over_decades,
)

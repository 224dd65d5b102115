"""HPT2xx: what is searched, and how."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from hptc.diagnostics import Finding
from hptc.job import NumericRange
from hptc.rules.rule import Context, Rule, error


def numeric_ranges(context: Context) -> Iterator[NumericRange]:
    """Every Integer and Continuous range of a job."""
    for definition in context.job.definitions:
        for range_ in definition.ranges:
            if isinstance(range_, NumericRange):
                yield range_


def number(text: str) -> Decimal | None:
    """A bound's value, or None when it is not a finite number."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


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
    for range_ in numeric_ranges(context):
        low = number(range_.min)
        if range_.scaling == "Logarithmic" and low is not None and low <= 0:
            yield rule.finding(
                f"`{range_.name}` has a logarithmic scale but starts at {range_.min}",
                (*range_.path, "MinValue"),
                label="must be greater than 0",
                help="raise `min`, or use `scaling: Linear`",
            )


RULES = (logarithmic_range_from_zero,)

"""Fixes that change the kind of a range: another type, or no range at all."""

from __future__ import annotations

from decimal import Decimal

from hptc.diagnostics import Fix, Remove, SetValue
from hptc.request.job_facts import number
from hptc.request.spec_paths import spec_path
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange, Range
from hptc.rules.rule import Context, advice, set_value

_TOO_LARGE = 10**15


def is_whole(value: Decimal) -> bool:
    """Whether a number is an integer, and small enough to be written in plain digits."""
    return value == value.to_integral_value() and abs(value) < _TOO_LARGE


def with_type(context: Context, range_: Range, kind: str, title: str) -> tuple[Fix, ...]:
    """The fix that gives a numeric range another numeric type, and integers as bounds if needed.

    There is none for a request, which lists the ranges of each type separately, and none if a bound
    is a fraction.
    """
    if context.is_request or not isinstance(range_, NumericRange):
        return ()
    if kind not in ("Integer", "Continuous"):
        return ()
    path = spec_path(range_.path, context.request)
    changes: list[SetValue] = [set_value(path / "type", kind)]
    for key, text in (("min", range_.min), ("max", range_.max)):
        value = number(text)
        if kind == "Continuous" or value is None:
            continue
        if not is_whole(value):
            return ()
        if text != str(int(value)):
            changes.append(set_value(path / key, str(int(value))))
    if kind == "Integer" and range_.scaling == "ReverseLogarithmic":
        changes.append(set_value(path / "scaling", "Auto"))
    return (advice(title, *changes),)


def made_static(
    context: Context,
    definition: Definition,
    range_: NumericRange | CategoricalRange,
    value: str,
    title: str,
) -> Fix:
    """The fix that makes a range a static hyperparameter."""
    if context.is_request:
        static = set_value(definition.path / "StaticHyperParameters" / range_.name, value)
        return advice(title, Remove(path=range_.path), static)
    return advice(title, set_value(spec_path(range_.path, context.request), value))

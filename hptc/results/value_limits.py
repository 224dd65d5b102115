"""The limits of a hyperparameter's values, so that advice stays within them.

A built-in algorithm takes only numbers in an interval, and some of them have a special meaning: in
XGBoost, a tree depth of 0 means unlimited. For a hyperparameter of a script, only its range is
known.
"""

from __future__ import annotations

from decimal import Decimal

from hptc.catalog.accepted_values import Interval, SpecialValue
from hptc.frozen import frozen
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition


@frozen
class ValueLimits:
    """The numbers that a hyperparameter can have. `algorithm` is empty if that is not known."""

    interval: Interval = Interval()
    special: tuple[SpecialValue, ...] = ()
    algorithm: str = ""

    def last_toward(
        self, wanted: Decimal, start: Decimal, *, is_integer: bool
    ) -> tuple[Decimal, str]:
        """The number nearest to `wanted` that a range from `start` can be widened to.

        With it, why it isn't `wanted`; empty if it is.
        """
        is_down = wanted < start
        end, is_open = (
            (self.interval.minimum, self.interval.excludes_minimum)
            if is_down
            else (self.interval.maximum, self.interval.excludes_maximum)
        )
        nearest, reason = wanted, ""
        if end is not None and _is_past(wanted, _exact(end), is_down, or_at=is_open):
            nearest = _beside(_exact(end), start, is_integer) if is_open else _exact(end)
            reason = f"{self.algorithm} accepts no {'smaller' if is_down else 'larger'} value"
        for special in self.special:
            value = _exact(special.value)
            if _is_past(start, value, not is_down) and _is_past(
                nearest, value, is_down, or_at=True
            ):
                nearest, reason = _beside(value, start, is_integer), special.text
        return nearest, reason


def value_limits(definition: Definition, name: str) -> ValueLimits:
    """What is known about the values of a hyperparameter."""
    algorithm = built_in(definition)
    hyperparameter = algorithm.hyperparameter(name) if algorithm is not None else None
    if (
        algorithm is None
        or hyperparameter is None
        or hyperparameter.scalar.kind not in ("integer", "number")
    ):
        return ValueLimits()
    return ValueLimits(
        interval=hyperparameter.scalar.interval,
        special=hyperparameter.special,
        algorithm=algorithm.title,
    )


def _is_past(number: Decimal, end: Decimal, is_down: bool, *, or_at: bool = False) -> bool:
    """Whether a number is beyond an end, seen in one direction."""
    return (or_at and number == end) or (number < end if is_down else number > end)


def _beside(value: Decimal, start: Decimal, is_integer: bool) -> Decimal:
    """A number between a value that is left out and the bound of a range."""
    if is_integer:
        return value + (1 if start > value else -1)
    return (value + start) / 2


def _exact(value: float) -> Decimal:
    return Decimal(str(value))

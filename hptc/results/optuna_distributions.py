"""Parameter ranges as distributions of Optuna, and the values of training jobs in them.

One distribution per hyperparameter for the whole study: where trials differ in it, Optuna's
importance and its samplers leave the hyperparameter out. So it is wide enough for every value, and
the study keeps the range itself as an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hptc.frozen import frozen
from hptc.request.job_facts import number
from hptc.request.scales import is_inside, scale_of
from hptc.request.tuning_job import AutoRange, CategoricalRange, NumericRange, Range

_MAX_EXACT = 2**53
"""Optuna keeps every number as a float, which is exact up to this integer."""


@frozen
class Parameter:
    """A hyperparameter in a study."""

    name: str
    distribution: BaseDistribution
    notes: tuple[str, ...] = ()  # what the distribution does not say, or says differently

    def value(self, text: str) -> object:
        """The value of a text; None if the distribution can't have it."""
        if isinstance(self.distribution, CategoricalDistribution):
            return text if text in self.distribution.choices else None
        exact = number(text)
        if exact is None:
            return None
        return int(exact) if isinstance(self.distribution, IntDistribution) else float(exact)


def parameters(
    ranges: Sequence[Range], configurations: Sequence[Mapping[str, str]]
) -> tuple[Parameter, ...]:
    """The hyperparameters that have a distribution, given the values of every training job."""
    with_distribution = []
    for range_ in ranges:
        texts = [
            configuration[range_.name]
            for configuration in configurations
            if range_.name in configuration
        ]
        match range_:
            case NumericRange():
                parameter = _numeric(range_, texts)
            case CategoricalRange(name=name, values=values):
                parameter = _categorical(name, values, texts)
            case AutoRange():
                parameter = _auto(range_, texts)
        if parameter is not None:
            with_distribution.append(parameter)
    return tuple(with_distribution)


def range_data(range_: Range) -> dict[str, Any]:
    """A range as the request has it, for an attribute of a study."""
    match range_:
        case NumericRange():
            bounds = {"min": range_.min, "max": range_.max}
            return {"type": range_.kind, **bounds, "scaling": range_.scaling}
        case CategoricalRange():
            return {"type": "Categorical", "values": list(range_.values)}
        case AutoRange():
            return {"type": "Auto", "value_hint": range_.value_hint}


def _numeric(range_: NumericRange, texts: Sequence[str]) -> Parameter | None:
    numbers = [
        value for text in (range_.min, range_.max, *texts) if (value := number(text)) is not None
    ]
    if not numbers:
        return None
    low, high, scale = min(numbers), max(numbers), scale_of(range_)
    is_log = scale == "Logarithmic" and float(low) > 0
    is_whole = range_.kind == "Integer" and all(value == int(value) for value in numbers)
    is_exact = low >= -_MAX_EXACT and high <= _MAX_EXACT
    notes = []
    if scale == "ReverseLogarithmic":
        notes.append("ReverseLogarithmic scale, which Optuna does not have: shown as linear")
    elif range_.scaling == "Auto":
        notes.append(f"scaling Auto, shown as {'logarithmic' if is_log else 'linear'}")
    outside = sum(not is_inside(range_, text) for text in texts)
    if outside:
        notes.append(
            f"{outside} of {len(texts)} values are outside the range {range_.min} to {range_.max}"
        )
    distribution: BaseDistribution
    if is_whole and is_exact:
        distribution = IntDistribution(int(low), int(high), log=is_log)
    else:
        distribution = FloatDistribution(float(low), float(high), log=is_log)
    return Parameter(name=range_.name, distribution=distribution, notes=tuple(notes))


def _categorical(name: str, values: Sequence[str], texts: Sequence[str]) -> Parameter | None:
    choices = tuple(dict.fromkeys([*values, *texts]))
    if not choices:
        return None
    outside = sum(text not in values for text in texts)
    note = f"{outside} of {len(texts)} values are not among those of the range"
    return Parameter(
        name=name,
        distribution=CategoricalDistribution(choices),
        notes=(note,) if outside else (),
    )


def _auto(range_: AutoRange, texts: Sequence[str]) -> Parameter | None:
    """The range of the values, because AWS does not report the one that Autotune has chosen."""
    if not texts:
        return None
    distribution: BaseDistribution
    numbers = [value for text in texts if (value := number(text)) is not None]
    if len(numbers) == len(texts):
        distribution = FloatDistribution(float(min(numbers)), float(max(numbers)))
    else:
        distribution = CategoricalDistribution(tuple(dict.fromkeys(texts)))
    return Parameter(
        name=range_.name,
        distribution=distribution,
        notes=("chosen by Autotune: the range is that of its values",),
    )

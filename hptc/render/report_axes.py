"""The axes of a report's charts: of hyperparameters, on their own scales, and of the objective.

A reverse-logarithmic axis spreads the values near 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import quantiles

from hptc.frozen import frozen
from hptc.preview.axis_ticks import axis_ticks
from hptc.request.job_facts import number
from hptc.request.scales import scale_of, share_of
from hptc.request.tuning_job import CategoricalRange, NumericRange, Range
from hptc.results.training_results import TrainingResult
from hptc.text import shortened

_MAX_LABEL_LENGTH = 14
_LABEL_WIDTH = 7.0  # of one character
_OUTLIER = 4  # times the distance of most values from the best


@frozen
class Tick:
    """A value of an axis, and where it is."""

    at: float
    label: str


@frozen
class Column:
    """An axis of a hyperparameter."""

    name: str
    scale: str  # in words
    first: str
    last: str
    ticks: tuple[tuple[float, str], ...]  # (from 0 to 1, label)
    range: NumericRange | None
    values: tuple[str, ...] = ()  # of a categorical one

    @staticmethod
    def of(range_: Range, shown: Sequence[TrainingResult]) -> Column:
        """The axis of a range; if Autotune chose the range, from the values that were tried."""
        used = [
            value
            for training_job in shown
            for name, value in training_job.hyperparameters
            if name == range_.name
        ]
        match range_:
            case NumericRange():
                return Column._numeric(range_, f"{range_.kind}, {scale_of(range_)}")
            case CategoricalRange(values=values):
                return Column._categorical(range_.name, tuple(dict.fromkeys((*values, *used))))
        numbers = sorted({value for text in used if (value := number(text)) is not None})
        if len(numbers) < 2 or None in map(number, used):
            return Column._categorical(range_.name, tuple(dict.fromkeys(used)))
        chosen = NumericRange(
            kind="Continuous",
            name=range_.name,
            min=f"{numbers[0]:.6g}",
            max=f"{numbers[-1]:.6g}",
            path=range_.path,
        )
        return Column._numeric(chosen, f"values chosen by Autotune, {scale_of(chosen)}")

    @staticmethod
    def _numeric(range_: NumericRange, scale: str) -> Column:
        low, high = number(range_.min), number(range_.max)
        ticks: list[tuple[float, str]] = []
        if low is not None and high is not None and low < high:
            labeled = axis_ticks(
                range_, float(low), float(high), lambda value: share_of(range_, f"{value:.12g}")
            )
            ticks = [(share_of(range_, f"{value:.12g}"), label) for value, label in labeled]
        return Column(
            name=range_.name,
            scale=scale,
            first=range_.min,
            last=range_.max,
            ticks=tuple(ticks),
            range=range_,
        )

    @staticmethod
    def _categorical(name: str, values: tuple[str, ...]) -> Column:
        ticks = [((index + 0.5) / len(values), value) for index, value in enumerate(values)]
        return Column(
            name=name,
            scale=f"Categorical, {len(values)} values",
            first=values[0] if values else "",
            last=values[-1] if values else "",
            ticks=tuple(ticks),
            range=None,
            values=values,
        )

    def position(self, value: str, spread: int) -> float:
        """Where a value is, from 0 to 1. Equal categories are spread a little, by a number."""
        if self.range is not None:
            return share_of(self.range, value)
        index = self.values.index(value) if value in self.values else 0
        offset = ((spread * 7) % 11 - 5) / 22 if spread else 0.0
        return (index + 0.5 + offset) / max(len(self.values), 1)


@frozen
class ObjectiveAxis:
    """The axis of the objective. Values far worse than most are drawn at its edge."""

    low: float
    high: float
    outside: int

    @staticmethod
    def of(values: Sequence[float], maximized: bool) -> ObjectiveAxis:
        """The axis of objectives."""
        low, high = min(values), max(values)
        if len(values) >= 10:
            tenths = quantiles(values, n=10)
            if maximized and high - low > _OUTLIER * (high - tenths[0]):
                low = tenths[0] - (high - tenths[0]) / 2
            elif not maximized and high - low > _OUTLIER * (tenths[-1] - low):
                high = tenths[-1] + (tenths[-1] - low) / 2
        outside = sum(not low <= value <= high for value in values)
        # Halved, because the difference of two large numbers may exceed a float.
        margin = (high / 2 - low / 2) / 12 or abs(low) / 10 or 1.0
        return ObjectiveAxis(low=low - margin, high=high + margin, outside=outside)

    def scaled(self, top: float, bottom: float) -> Callable[[float], float]:
        """The function from a value to its coordinate."""

        def y(value: float) -> float:
            inside = min(max(value, self.low), self.high)
            share = (inside / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
            return bottom - (bottom - top) * share

        return y

    def ticks(self, y: Callable[[float], float]) -> tuple[Tick, ...]:
        """Round values, at the coordinates that `y` gives them."""
        return tuple(
            Tick(at=rounded(y(value)), label=f"{value:.6g}")
            for value in round_values(self.low, self.high, 4)
        )


def round_values(low: float, high: float, count: int) -> list[float]:
    """About `count` round values in an interval: multiples of 1, 2 or 5 times a power of ten."""
    rough = (high / 2 - low / 2) * 2 / count
    if not math.isfinite(rough) or rough <= 0:
        return [low, high]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * factor for factor in (1, 2, 5, 10) if power * factor >= rough), rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, min(last, first + 20) + 1)]


def spaced(ticks: Iterable[tuple[float, str]], left: float, right: float) -> tuple[Tick, ...]:
    """The ticks whose labels have room: the first, the last, then those between in order."""
    placed = [(left + (right - left) * share, short_label(label)) for share, label in ticks]
    if len(placed) < 2:
        return tuple(Tick(at=rounded(at), label=label) for at, label in placed)
    kept = [placed[0], placed[-1]]
    for candidate in placed[1:-1]:
        if all(_has_room(candidate, other) for other in kept):
            kept.append(candidate)
    return tuple(Tick(at=rounded(at), label=label) for at, label in sorted(kept))


def _has_room(tick: tuple[float, str], other: tuple[float, str]) -> bool:
    needed = (len(tick[1]) + len(other[1])) / 2 * _LABEL_WIDTH + _LABEL_WIDTH
    return abs(tick[0] - other[0]) >= needed


def short_label(text: str) -> str:
    """A label, shortened."""
    return shortened(text, _MAX_LABEL_LENGTH)


def rounded(value: float) -> float:
    """A coordinate to a tenth."""
    return round(value, 1)


def coordinate(value: float) -> str:
    """A coordinate as text."""
    return f"{value:.1f}".removesuffix(".0")

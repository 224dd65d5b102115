"""Configurations as rows in the unit cube, each range on its own scale.

A numeric range is one column, a Categorical range one column per value. Import it within
`numerical_libraries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hptc.local.search.numerics import Array
from hptc.request.scales import at_share, share_of
from hptc.request.tuning_job import AutoRange, CategoricalRange, NumericRange, Range

_ONE = 0.5**0.5  # two rows with different categories are at a distance of 1
_MAX_SNAPPED = 256  # integers of a range; more of them are as good as continuous
_CATEGORY_CHANGES = 0.15  # how often a neighbor has another category
PARENT = 0.3
"""Where a parent's rows are in the column of the source; the tuning job's own rows are at 0. That
is near enough to count as similar, unless the values say otherwise."""


class Columns:
    """The columns of a definition's ranges, and one that tells parents' rows from its own."""

    def __init__(self, ranges: Sequence[Range], *, has_source: bool = False) -> None:
        self._ranges = tuple(ranges)
        self._slices: list[slice] = []
        self._choices: list[tuple[str, ...]] = []
        self._centers: list[Array | None] = []
        groups: list[int] = []
        for group, range_ in enumerate(self._ranges):
            choices = _choices(range_)
            width = len(choices) or 1
            self._slices.append(slice(len(groups), len(groups) + width))
            self._choices.append(choices)
            self._centers.append(_centers(range_))
            groups += [group] * width
        if has_source:
            groups.append(len(self._ranges))
        self.has_source = has_source
        self.groups = tuple(groups)
        self.width = len(groups)

    def encode(self, configurations: Iterable[Mapping[str, str]], *, source: float = 0.0) -> Array:
        """One row per configuration. A hyperparameter without a value is in the middle."""
        rows = [self._row(values, source) for values in configurations]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.width)

    def decode(self, row: Array) -> dict[str, str]:
        """The configuration of a row, with values as a training job gets them."""
        values: dict[str, str] = {}
        for range_, part, choices in zip(self._ranges, self._slices, self._choices, strict=True):
            if isinstance(range_, NumericRange):
                values[range_.name] = at_share(range_, float(row[part.start]))
            else:
                values[range_.name] = choices[int(row[part].argmax())]
        return values

    def random(self, generator: np.random.Generator, count: int) -> Array:
        """Rows that are uniform on every scale."""
        rows = generator.random((count, self.width))
        for part, choices in zip(self._slices, self._choices, strict=True):
            if choices:
                rows[:, part] = _one_hot(generator.integers(len(choices), size=count), len(choices))
        return self._snapped(rows)

    def near(self, generator: np.random.Generator, row: Array, spread: float, count: int) -> Array:
        """Neighbors of a row: numbers moved a little, now and then a category changed."""
        moved = generator.random((count, self.width)) < max(0.5, 1.5 / self.width)
        rows = row + moved * generator.normal(0, spread, (count, self.width))
        rows = np.clip(rows, 0, 1)
        for part, choices in zip(self._slices, self._choices, strict=True):
            if choices:
                changes = generator.random(count) < _CATEGORY_CHANGES
                others = _one_hot(generator.integers(len(choices), size=count), len(choices))
                rows[:, part] = np.where(changes[:, None], others, row[part])
        return self._snapped(rows)

    def _row(self, values: Mapping[str, str], source: float) -> list[float]:
        row: list[float] = []
        for range_, choices in zip(self._ranges, self._choices, strict=True):
            value = values.get(range_.name)
            if isinstance(range_, NumericRange):
                row.append(0.5 if value is None else share_of(range_, value))
            elif value in choices:
                row += [_ONE if choice == value else 0.0 for choice in choices]
            else:
                row += [_ONE / len(choices)] * len(choices)
        return [*row, source] if self.has_source else row

    def _snapped(self, rows: Array) -> Array:
        """Integers at the middle of their shares, and the rows of this tuning job."""
        for part, centers in zip(self._slices, self._centers, strict=True):
            if centers is not None:
                middles = (centers[1:] + centers[:-1]) / 2
                rows[:, part.start] = centers[np.searchsorted(middles, rows[:, part.start])]
        if self.has_source:
            rows[:, -1] = 0
        return rows


def _choices(range_: Range) -> tuple[str, ...]:
    match range_:
        case CategoricalRange():
            return tuple(dict.fromkeys(range_.values))
        case AutoRange():
            return (range_.value_hint,)
        case NumericRange():
            return ()


def _centers(range_: Range) -> Array | None:
    """The share of each integer of a small Integer range."""
    if not isinstance(range_, NumericRange) or range_.kind != "Integer":
        return None
    try:
        low, high = int(range_.min), int(range_.max)
    except ValueError:
        return None
    if not 0 <= high - low < _MAX_SNAPPED:
        return None
    return np.array([share_of(range_, str(value)) for value in range(low, high + 1)])


def _one_hot(indexes: np.ndarray[tuple[int, ...], np.dtype[np.int64]], count: int) -> Array:
    encoded: Array = _ONE * np.eye(count)[indexes]
    return encoded

"""Changes to one hyperparameter: static or tuned, its range type, scaling and range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hptc.diagnostics import Path
from hptc.diff.changes import Change, Growth, Kind
from hptc.diff.value_text import hyperparameter_text, range_text, value_text
from hptc.frozen import frozen

_NUMERIC = ("Integer", "Continuous")


@frozen
class _Bounds:
    """The bounds of a numeric range."""

    min: Decimal
    max: Decimal

    def contains(self, other: _Bounds) -> bool:
        """Whether every value of another range is within the bounds."""
        return self.min <= other.min and other.max <= self.max


def hyperparameter_changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
    """The changes between two entries of a canonical form; none if one is not a valid entry."""
    if isinstance(old, list) or isinstance(new, list):
        return  # defined twice, which AWS rejects
    if old is None:
        yield _change(path, Kind.HYPERPARAMETER_ADDED, "", hyperparameter_text(new))
    elif new is None:
        yield _change(path, Kind.HYPERPARAMETER_REMOVED, hyperparameter_text(old), "")
    else:
        yield from _changes_of_both(old, new, path)


def _changes_of_both(old: Any, new: Any, path: Path) -> Iterator[Change]:
    old_type, new_type = old.get("type"), new.get("type")
    if old_type != new_type or old_type is None:
        kind = _kind_of_type_change(old_type, new_type)
        yield _change(path, kind, hyperparameter_text(old), hyperparameter_text(new))
    elif old_type == "Categorical":
        yield from _category_changes(old.get("values", []), new.get("values", []), path)
    elif old_type in _NUMERIC:
        old_scaling, new_scaling = old.get("scaling", "Auto"), new.get("scaling", "Auto")
        if old.get("scaling") != new.get("scaling"):
            yield _change(path, Kind.SCALE, old_scaling, new_scaling)
        if any(old.get(bound) != new.get(bound) for bound in ("min", "max")):
            yield _range_change(old, new, path)
    else:
        hints = (value_text(side.get("value_hint")) for side in (old, new))
        yield _change(path, Kind.VALUE_HINT, *hints)


def _change(path: Path, kind: Kind, old: str, new: str) -> Change:
    return Change(kind=kind, path=path, subject=str(path[-1]), old=old, new=new)


def _kind_of_type_change(old_type: str | None, new_type: str | None) -> Kind:
    """The kind of a change of the type, which a static value does not have."""
    if old_type is None:
        return Kind.STATIC_VALUE if new_type is None else Kind.NOW_TUNED
    return Kind.NOW_STATIC if new_type is None else Kind.KIND


def _category_changes(old: list[Any], new: list[Any], path: Path) -> Iterator[Change]:
    added = [value for value in new if value not in old]
    removed = [value for value in old if value not in new]
    if added:
        yield _change(path, Kind.CATEGORY_ADDED, "", value_text(added))
    if removed:
        yield _change(path, Kind.CATEGORY_REMOVED, value_text(removed), "")
    if [value for value in old if value in new] != [value for value in new if value in old]:
        yield _change(path, Kind.CATEGORY_ORDER, value_text(old), value_text(new))


def _range_change(old: Any, new: Any, path: Path) -> Change:
    before, after = _bounds(old), _bounds(new)
    kind = Kind.RANGE_MOVED
    growth = None
    if before is not None and after is not None:
        if after.contains(before):
            kind = Kind.RANGE_WIDENED
        elif before.contains(after):
            kind = Kind.RANGE_NARROWED
        # Growth is undefined if the old range has zero width, or a logarithmic scale reaches 0.
        with suppress(ArithmeticError, ValueError):
            growth = _growth(before, after, new.get("scaling", "Auto"), new["type"])
    return replace(_change(path, kind, range_text(old), range_text(new)), growth=growth)


def _bounds(range_: Any) -> _Bounds | None:
    """The bounds of an entry; None if one is not a finite number."""
    try:
        bounds = _Bounds(min=Decimal(str(range_.get("min"))), max=Decimal(str(range_.get("max"))))
    except ArithmeticError:
        return None
    return bounds if bounds.min.is_finite() and bounds.max.is_finite() else None


def _growth(before: _Bounds, after: _Bounds, scaling: str, range_type: str) -> Growth:
    """The growth of a range on the scale of the new version.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
    """
    match scaling:
        case "Logarithmic":
            return Growth(decades=_rounded(_decades(after) - _decades(before)))
        case "ReverseLogarithmic":
            return Growth(
                decades=_rounded(_decades(_reversed(after)) - _decades(_reversed(before)))
            )
    width_of_value = 1 if range_type == "Integer" else 0
    old_width, new_width = (side.max - side.min + width_of_value for side in (before, after))
    return Growth(ratio=_rounded(new_width / old_width))


def _rounded(number: Decimal) -> float:
    if abs(number.adjusted()) > 300:
        raise ValueError("out of range for a float")
    return round(float(number), 6)


def _decades(bounds: _Bounds) -> Decimal:
    if bounds.min <= 0:
        raise ValueError("a logarithmic scale can't include 0")
    return bounds.max.log10() - bounds.min.log10()


def _reversed(bounds: _Bounds) -> _Bounds:
    """The bounds on a reverse logarithmic scale, which is that of 1 minus the value."""
    return _Bounds(min=1 - bounds.max, max=1 - bounds.min)

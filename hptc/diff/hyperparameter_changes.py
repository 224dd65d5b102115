"""Changes to one hyperparameter: static or tuned, its range type, scaling and range."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hptc.diagnostics import Path
from hptc.diff.changes import Change, Growth, Kind
from hptc.diff.value_text import hyperparameter_text, range_text, value_text

_NUMERIC = ("Integer", "Continuous")


def hyperparameter_changes(old: Any, new: Any, path: Path) -> Iterator[Change]:
    """The changes between two entries of a canonical form; none if one is not a valid entry."""
    if isinstance(old, list) or isinstance(new, list):
        return  # defined twice, which AWS rejects
    subject = str(path[-1])

    def change(kind: Kind, before: str, after: str, growth: Growth | None = None) -> Change:
        return Change(kind=kind, path=path, subject=subject, old=before, new=after, growth=growth)

    if old is None or new is None:
        kind = Kind.HYPERPARAMETER_ADDED if old is None else Kind.HYPERPARAMETER_REMOVED
        yield change(
            kind, hyperparameter_text(old) if old else "", hyperparameter_text(new) if new else ""
        )
        return
    was, becomes = old.get("type"), new.get("type")
    if was != becomes or was is None:
        both = hyperparameter_text(old), hyperparameter_text(new)
        yield change(_kind_of(was, becomes), *both)
    elif was == "Categorical":
        yield from _category_changes(old, new, change)
    elif was in _NUMERIC:
        if old.get("scaling") != new.get("scaling"):
            yield change(Kind.SCALE, old.get("scaling", "Auto"), new.get("scaling", "Auto"))
        if any(old.get(bound) != new.get(bound) for bound in ("min", "max")):
            kind, growth = _range_change(old, new)
            yield change(kind, range_text(old), range_text(new), growth)
    else:
        yield change(
            Kind.VALUE_HINT, value_text(old.get("value_hint")), value_text(new.get("value_hint"))
        )


def _kind_of(was: str | None, becomes: str | None) -> Kind:
    if was is None:
        return Kind.STATIC_VALUE if becomes is None else Kind.NOW_TUNED
    return Kind.NOW_STATIC if becomes is None else Kind.KIND


def _category_changes(old: Any, new: Any, change: Any) -> Iterator[Change]:
    before, after = old.get("values", []), new.get("values", [])
    added = [value for value in after if value not in before]
    removed = [value for value in before if value not in after]
    if added:
        yield change(Kind.CATEGORY_ADDED, "", value_text(added))
    if removed:
        yield change(Kind.CATEGORY_REMOVED, value_text(removed), "")
    if [v for v in before if v in after] != [v for v in after if v in before]:
        yield change(Kind.CATEGORY_ORDER, value_text(before), value_text(after))


def _range_change(old: Any, new: Any) -> tuple[Kind, Growth | None]:
    kind = Kind.RANGE_MOVED
    try:
        before, after = (
            (Decimal(str(side.get("min"))), Decimal(str(side.get("max")))) for side in (old, new)
        )
        if not all(bound.is_finite() for bound in (*before, *after)):
            return kind, None
        if after[0] <= before[0] and before[1] <= after[1]:
            kind = Kind.RANGE_WIDENED
        elif before[0] <= after[0] and after[1] <= before[1]:
            kind = Kind.RANGE_NARROWED
    except ArithmeticError:  # a bound that is not a number
        return kind, None
    try:
        return kind, _growth(before, after, new.get("scaling", "Auto"), new["type"])
    except (
        ArithmeticError,
        ValueError,
    ):  # no growth on this scale: the logarithm of 0, or a width of 0
        return kind, None


def _growth(
    before: tuple[Decimal, Decimal], after: tuple[Decimal, Decimal], scaling: str, kind: str
) -> Growth:
    """The growth of a range on the scale of the new version.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
    """
    match scaling:
        case "Logarithmic":
            decades = _decades(*after) - _decades(*before)
        case "ReverseLogarithmic":
            decades = _reversed_decades(*after) - _reversed_decades(*before)
        case _:
            one = 1 if kind == "Integer" else 0
            ratio = (after[1] - after[0] + one) / (before[1] - before[0] + one)
            return Growth(ratio=_rounded(ratio))
    return Growth(decades=_rounded(decades))


def _rounded(number: Decimal) -> float:
    if abs(number.adjusted()) > 300:
        raise ValueError("out of range for a float")
    return round(float(number), 6)


def _decades(low: Decimal, high: Decimal) -> Decimal:
    if low <= 0:
        raise ValueError("a logarithmic scale can't include 0")
    return high.log10() - low.log10()


def _reversed_decades(low: Decimal, high: Decimal) -> Decimal:
    return _decades(1 - high, 1 - low)

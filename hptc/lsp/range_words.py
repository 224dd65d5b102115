"""A parameter range on its scale, in words: what hovering over a tuned hyperparameter shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hptc.diagnostics import RequestPath
from hptc.request.job_facts import number, value_count
from hptc.request.scales import at_share, scale_of
from hptc.request.tuning_job import NumericRange
from hptc.source.scalars import Scalar
from hptc.text import plural

_SCALES = {
    "Linear": "linear",
    "Logarithmic": "logarithmic",
    "ReverseLogarithmic": "reverse-logarithmic",
}


def range_in_words(name: str, value: Any) -> str:
    """The quarters of a range as a spec writes it; empty for a static value or a wrong range."""
    if not isinstance(value, Mapping):
        return ""
    if value.get("type") == "Categorical" and isinstance(value.get("values"), list):
        return f"One of {plural(len(value['values']), 'value')}."
    range_ = _numeric(name, value)
    if range_ is None:
        return ""
    low, high = float(range_.min), float(range_.max)
    scale = scale_of(range_)
    about = _SCALES.get(scale, scale)
    likely = ", if AWS chooses the likely scale" if range_.scaling == "Auto" else ""
    width = f", {math.log10(high / low):.2g} decades" if scale == "Logarithmic" and low > 0 else ""
    count = value_count(range_) if range_.kind == "Integer" else None
    integers = f"{count:,} integers " if count is not None else ""
    quarters = [at_share(range_, share) for share in (0.25, 0.5, 0.75)]
    text = f"{integers}from {range_.min} to {range_.max} on a {about} scale{width}{likely}. "
    return (
        f"{text[0].upper()}{text[1:]}A quarter of the values is up to {quarters[0]}, half up to "
        f"{quarters[1]}, three quarters up to {quarters[2]}."
    )


def _numeric(name: str, value: Mapping[str, Any]) -> NumericRange | None:
    """An Integer or Continuous range with bounds in order; None for anything else."""
    kind = value.get("type")
    low, high = (_text(value.get(key)) for key in ("min", "max"))
    first, last = number(low), number(high)
    if kind not in ("Integer", "Continuous") or first is None or last is None or first >= last:
        return None
    scaling = value.get("scaling", "Auto")
    if scaling not in ("Auto", *_SCALES):
        return None
    return NumericRange(
        kind=kind, name=name, min=low, max=high, scaling=scaling, path=RequestPath()
    )


def _text(value: Any) -> str:
    return value.text if isinstance(value, Scalar) else str(value)

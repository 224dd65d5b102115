"""Counts the calls of Python functions while something runs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_of(work: Callable[[], object], *functions: Callable[..., Any]) -> Counter[str]:
    """How often each of these functions is called, by its name."""
    names = {function.__code__: function.__name__ for function in functions}
    counts: Counter[str] = Counter(dict.fromkeys(names.values(), 0))

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in names:
            counts[names[frame.f_code]] += 1

    _profiled(work, profile)
    return counts


def number_of_calls(work: Callable[[], object]) -> int:
    """How many calls of Python functions it takes, whatever they are."""
    count = 0

    def profile(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    _profiled(work, profile)
    return count


def _profiled(work: Callable[[], object], profile: Callable[[FrameType, str, Any], None]) -> None:
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)

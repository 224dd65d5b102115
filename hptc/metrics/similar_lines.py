"""The lines of a log that probably report a metric whose expression matches none."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile("[a-z0-9]{2,}")
_DIGIT = re.compile("[0-9]")
_SEARCHED = 2_000  # characters of a line
_BEFORE = 24  # characters of an excerpt before the first word


def similar_lines(name: str, lines: Sequence[str], *, max_lines: int = 3) -> list[int]:
    """The first lines with a number and the most words of a metric's name, counted from 1."""
    words = _words(name)
    best, numbers = 1, list[int]()
    for number, line in enumerate(lines, 1):
        text = line[:_SEARCHED].lower()
        count = sum(word in text for word in words)
        if count < best or not _DIGIT.search(text):
            continue
        if count > best:
            best, numbers = count, []
        if len(numbers) < max_lines:
            numbers.append(number)
    return numbers


def excerpt(name: str, line: str) -> str:
    """A line from shortly before the first word of a metric's name."""
    text = line[:_SEARCHED].lower()
    places = [place for word in _words(name) if (place := text.find(word)) >= 0]
    start = min(places, default=0) - _BEFORE
    return f"…{line[start:]}" if start > 0 else line


def _words(name: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(name.lower())))

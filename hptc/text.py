"""Formats counts, lists, quoted values and durations for messages."""

from __future__ import annotations

import json
from collections.abc import Iterable


def plural(count: int, noun: str, plural_noun: str = "") -> str:
    """A count with its noun: `1 file`, `2 files`, `1,200 entries`."""
    return f"{count:,} {noun if count == 1 else plural_noun or noun + 's'}"


def printable(text: str) -> str:
    """Untrusted text on one line, without control characters that a terminal would act on."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in text.replace("\t", " ").replace("\n", " ")
    )


def listed(words: Iterable[str], conjunction: str = "and") -> str:
    """A list in a sentence: `a`, `a and b`, `a, b and c`."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} {conjunction} {last}" if head else last


def code(word: object) -> str:
    """A name or value in backticks."""
    return f"`{word}`"


def listed_code(words: Iterable[object], conjunction: str = "and") -> str:
    """A list in a sentence, each item in backticks."""
    return listed(map(code, words), conjunction)


def quoted(value: object, longest: int = 80) -> str:
    """A value as a JSON string, shortened to at most `longest` characters."""
    return json.dumps(shortened(str(value), longest), ensure_ascii=False)


def shortened(text: str, longest: int) -> str:
    """A text of at most `longest` characters; a shortened text ends in `...`."""
    return text if len(text) <= longest else text[: longest - 3] + "..."


def duration(seconds: int) -> str:
    """A duration for people: `1 h 30 min`, `45 s`. Units that are 0 are omitted."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 s"


def compact_duration(seconds: int) -> str:
    """A duration with the units of a spec: `1d`, `1h 30m`, `45s`. Units that are 0 are omitted."""
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def spec_duration(seconds: int) -> str:
    """A duration as in a spec, in the largest unit that divides it: `90m`, `12h`, `1d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"

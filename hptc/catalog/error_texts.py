"""Texts of errors that AWS reports for tuning jobs and their training jobs, and what to do.

The table is data/error_texts.json. It names the rules that find the cause before a submission.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from pathlib import Path

from hptc.frozen import frozen

_TABLE = Path(__file__).parent / "data" / "error_texts.json"
_MAX_TEXT = 100_000
_MIN_SIMILARITY = 0.6  # the share of a title's words that a text must contain


@frozen
class KnownError:
    """An AWS error: what it means, the codes of its rules, and how to fix it."""

    title: str
    meaning: str
    rules: tuple[str, ...]
    advice: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    is_general: bool  # applies if no other entry does
    source: str


def all_known_errors() -> tuple[KnownError, ...]:
    """Every error of the table, in its order."""
    return tuple(_table())


def known_errors(text: str) -> tuple[KnownError, ...]:
    """The errors that a text contains, in the order of the table; the text can be a whole log."""
    # The end of a log has its error.
    plain = " ".join(text[-_MAX_TEXT:].lower().split())
    matching = [
        entry for entry in _table() if any(pattern.search(plain) for pattern in entry.patterns)
    ]
    specific = tuple(entry for entry in matching if not entry.is_general)
    return specific or tuple(matching)


def similar_error(text: str) -> KnownError | None:
    """The error whose title is most similar to a text; None if no title is similar enough."""
    words = _words(text[-_MAX_TEXT:])

    def similarity(error: KnownError) -> float:
        title = _words(error.title)
        return sum(_is_in(word, words) for word in title) / len(title)

    best = max(_table(), key=similarity)
    return best if similarity(best) >= _MIN_SIMILARITY else None


def _is_in(word: str, words: set[str]) -> bool:
    return word in words or bool(difflib.get_close_matches(word, words, 1, 0.8))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]{3,}", text.lower())[-1000:])


@functools.cache
def _table() -> tuple[KnownError, ...]:
    entries = json.loads(_TABLE.read_text(encoding="utf-8"))["errors"]
    return tuple(
        KnownError(
            title=entry["title"],
            meaning=entry["meaning"],
            rules=tuple(entry["rules"]),
            advice=tuple(entry["advice"]),
            patterns=tuple(re.compile(text) for text in entry["texts"]),
            is_general=entry.get("is_general", False),
            source=entry["source"],
        )
        for entry in entries
    )

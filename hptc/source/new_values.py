"""The text of new keys and values, as the document around them would have it: YAML or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from hptc.diagnostics import SetValue, new_text
from hptc.source.scalars import resolve_plain

_PLAIN = re.compile(r"[\w./][\w./+-]*(:[\w.+-]+)*")
"""Text that needs no quotes anywhere in YAML, unless it is a number or another constant."""

WriteString = Callable[[str], str]
"""Writes a string in the style of a mapping: `json_string` or `yaml_string`."""


def json_string(text: str) -> str:
    """A string in double quotes. This is valid YAML too."""
    return json.dumps(text, ensure_ascii=False)


def single_quoted(text: str) -> str:
    """A string in single quotes, in which YAML has no escapes; the text must be printable."""
    return "'" + text.replace("'", "''") + "'"


def yaml_string(text: str) -> str:
    """A string as YAML, without quotes if it is a word."""
    if _PLAIN.fullmatch(text) and resolve_plain(text) == text:
        return text
    if text.isprintable() and ("\\" in text or '"' in text):
        return single_quoted(text)
    return json_string(text)


def value_text(change: SetValue, write_string: WriteString) -> str:
    """The text of the value that a change sets."""
    text = new_text(change)
    is_string = isinstance(change.value, str) and not change.is_number
    return write_string(text) if is_string else text


def pairs(changes: Iterable[SetValue], depth: int, write_string: WriteString) -> list[str]:
    """The keys that changes add to a mapping, each with its value; further keys are in braces.

    The path of the mapping is the first `depth` keys of each change's path.
    """
    by_key: dict[str, list[SetValue]] = {}
    for change in changes:
        by_key.setdefault(str(change.path[depth]), []).append(change)
    return [
        f"{write_string(key)}: {_below_key(below, depth + 1, write_string)}"
        for key, below in by_key.items()
    ]


def _below_key(changes: list[SetValue], depth: int, write_string: WriteString) -> str:
    if len(changes[-1].path) == depth:
        return value_text(changes[-1], write_string)
    return in_braces(pairs(changes, depth, write_string))


def in_braces(written: Iterable[str]) -> str:
    """A mapping of pairs in braces."""
    return f"{{{', '.join(written)}}}"

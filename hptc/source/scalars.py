"""Resolves plain scalars by the YAML 1.2 core schema, which differs from PyYAML's 1.1.

`no` is a string and `1e-4` is a number: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from typing import Any

from hptc.frozen import frozen

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@frozen
class Scalar:
    """A number or boolean with the text that the author wrote, which the API receives."""

    text: str
    value: int | float | bool


def resolve_plain(text: str) -> str | int | float | bool | None:
    """A plain scalar's value by the core schema. Raises ValueError if a number is too long."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]  # type: ignore[no-any-return]
    if len(text) > 256:
        if _INT.match(text) or _FLOAT.match(text):
            raise ValueError(f"the number has {len(text)} characters, but at most 256 are allowed")
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if text.startswith("0x"):
        return _based_int(text, 16)
    if text.startswith("0o"):
        return _based_int(text, 8)
    return text


def _based_int(text: str, base: int) -> str | int:
    digits = text[2:]
    return int(digits, base) if digits.isalnum() and _is_int(digits, base) else text


def _is_int(digits: str, base: int) -> bool:
    try:
        int(digits, base)
    except ValueError:
        return False
    return True

"""Reads members of another tool's file, in which a value of the wrong type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_list(value: object) -> list[Any]:
    """A list; empty for any other value."""
    return value if isinstance(value, list) else []


def as_mapping(value: object) -> Mapping[str, Any]:
    """A mapping; empty for any other value."""
    return value if isinstance(value, Mapping) else {}


def member_at(value: object, *keys: str) -> object:
    """The value behind some keys in a row; None if one of them is missing."""
    for key in keys:
        value = as_mapping(value).get(key)
    return value

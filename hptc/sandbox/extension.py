"""Replaces members of moto's classes, modules and objects."""

from typing import Any


def extend(target: Any, **members: Any) -> None:
    """Set `members` on `target`, replacing moto's own."""
    for name, member in members.items():
        setattr(target, name, member)

"""What to do about stacks that no spec needs."""

from __future__ import annotations

from collections.abc import Iterable


def orphan_advice(command: str, stacks: Iterable[str]) -> str:
    """How to delete them, and what the stack of a schedule does until then."""
    advice = f"`{command}` deletes one, unless a running job uses its role"
    if any(name.endswith("-schedule") for name in stacks):
        return f"{advice}; until then, the stack of a schedule starts tuning jobs"
    return advice

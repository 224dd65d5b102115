"""What a stack is, apart from why: its pure data in, digits that tell it from every other out.

A stack tells its digest as an output, so that one who may see stacks by their names, without Node,
can say whether the specs ask for something else now.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

DIGEST = "digest"
"""The output's name, as those of references are written."""

_DIGITS = 16
_WHY = frozenset({"reason", "asked_by"})  # of statements: no template has them


def stack_digest(*parts: object) -> str:
    """The digest of all that a stack is made from."""
    text = json.dumps(_plain(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value) if each.name not in _WHY]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value

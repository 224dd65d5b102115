"""Computes the digest of the data that a stack is built from.

A stack outputs its digest, so that hptc can see whether a deployed stack is out of date without
Node, and with permission to describe stacks only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from hptc.infrastructure.stack_outputs import output_key

DIGEST = "digest"
"""The name of the output, in the format of a reference name."""

_DIGITS = 16
_EXCLUDED = frozenset({"reason", "required_by", "outputs"})
"""Fields with explanations or derived values. Changing a text must not change a digest."""


def stack_digest(*parts: object) -> str:
    """The digest of the data that a stack is built from."""
    text = json.dumps(_plain(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def is_current(outputs: Mapping[str, str], digest: str) -> bool:
    """Whether a stack with these outputs was deployed from the data with a digest.

    A stack without a digest counts as current; only `cdk diff` can tell.
    """
    return outputs.get(output_key(DIGEST), digest) == digest


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in fields(value) if each.name not in _EXCLUDED]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value

"""Computes the digest of the data that a stack is built from.

A stack outputs its digest, so that hptc can see whether a deployed stack is out of date without
Node, and with permission to describe stacks only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from pydantic import BaseModel

from hptc.infrastructure.stack_outputs import output_key

DIGEST = "digest"
"""The name of the output, in the format of a reference name."""

_VERSION = 1
"""Increase it when the same spec and hptc.yaml get another digest although the stack that is built
from them is the same, for example because a field was added. A deployed stack with a digest of
another version then counts as current, so an upgrade of hptc makes no stack out of date."""
_DIGITS = 16
_EXCLUDED = frozenset({"reason", "required_by", "outputs"})
"""Fields with explanations or derived values. Changing a text must not change a digest."""


def stack_digest(*parts: object) -> str:
    """The digest of the data that a stack is built from, as `VERSION.DIGITS`; `1.` is left out."""
    text = json.dumps(_plain(parts), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digits = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    return digits if _VERSION == 1 else f"{_VERSION}.{digits}"


def is_current(outputs: Mapping[str, str], digest: str) -> bool:
    """Whether a stack with these outputs was deployed from the data with a digest.

    A stack without a digest, or with one of another version of the digest, counts as current; only
    `cdk diff` can tell.
    """
    deployed = outputs.get(output_key(DIGEST), digest)
    return deployed == digest or _version_of(deployed) != _version_of(digest)


def _version_of(digest: str) -> str:
    version, dot, _ = digest.rpartition(".")
    return version if dot else "1"


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in _EXCLUDED]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value

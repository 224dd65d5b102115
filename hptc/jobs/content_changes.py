"""How a spec has changed since one of its tuning jobs was created."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hptc.compiler.outcome import Compiled
from hptc.diff.canonical_form import canonical_form
from hptc.diff.compare import form_changes
from hptc.frozen import frozen
from hptc.jobs.description import comparable
from hptc.project.references import PATTERN
from hptc.request.identity import canonical


@frozen
class ContentChanges:
    """Whether a spec has changed since a tuning job was created, and in what.

    `is_changed` is None if that is unknown: the spec has errors, or nothing says what the job's
    content was. `subjects` are the settings that differ, as far as the job's description has them.
    """

    file: str
    is_changed: bool | None
    subjects: tuple[str, ...] = ()


def content_changes(compiled: Compiled, request: Mapping[str, Any], digest: str) -> ContentChanges:
    """Compare a spec with the request that a tuning job is described by, and its digest.

    Values that a reference stands for don't count as changes.
    """
    if digest == compiled.digest:
        return ContentChanges(file=compiled.file, is_changed=False)
    ours, theirs = (canonical(side) for side in comparable(compiled.request, request, tags=True))
    changes = form_changes(canonical_form(theirs), canonical_form(_filled(ours, theirs)))
    subjects = tuple(dict.fromkeys(change.subject for change in changes))
    if not digest:
        return ContentChanges(file=compiled.file, is_changed=bool(changes), subjects=subjects)
    return ContentChanges(file=compiled.file, is_changed=True, subjects=subjects)


def _filled(ours: object, theirs: object) -> Any:
    """Our values, with those of the other side wherever a reference can stand for them."""
    if isinstance(ours, str) and isinstance(theirs, str):
        return theirs if _may_become(ours, theirs) else ours
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: _filled(value, theirs.get(key)) for key, value in ours.items()}
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [_filled(*pair) for pair in zip(ours, theirs, strict=True)]
    return ours


def _may_become(text: str, value: str) -> bool:
    if "${hptc:" not in text:
        return False
    parts = PATTERN.split(text)[::2]  # the text between references
    return re.fullmatch(".*".join(map(re.escape, parts)), value, re.DOTALL) is not None

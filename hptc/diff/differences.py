"""The places where two canonical forms differ, for `compare` to walk and topics to explain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hptc.diagnostics import Path
from hptc.diff.canonical_form import Form
from hptc.diff.changes import Action
from hptc.frozen import frozen


@frozen
class Place:
    """A location with both values, and both training job definitions if it is in one."""

    path: Path
    old: Any
    new: Any
    before: Form
    after: Form

    @property
    def inside(self) -> Path:
        """The path within its training job definition."""
        if self.path[:1] == ("training_job",):
            return self.path[1:]
        return self.path[2:] if self.path[:1] == ("training_jobs",) else self.path


def place_at(path: Path, old: object, new: object) -> Place:
    """A place outside the training job definitions."""
    return Place(path=path, old=old, new=new, before={}, after={})


def is_same(old: object, new: object) -> bool:
    """Whether two values have the same digest: 1, 1.0 and true differ."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def part_action(place: Place) -> Action:
    """Whether what is at a place was added, removed or changed."""
    if place.old is None:
        return Action.ADDED
    return Action.REMOVED if place.new is None else Action.CHANGED


def is_inner(value: object) -> bool:
    """Whether to compare what is inside a value: a mapping, or an absent value."""
    return value is None or isinstance(value, dict)


def inner_places(place: Place) -> Iterator[Place]:
    """The places one level down, those of the new version first."""
    old, new = place.old or {}, place.new or {}
    for key in dict.fromkeys([*new, *old]):
        yield Place(
            path=(*place.path, key),
            old=old.get(key),
            new=new.get(key),
            before=place.before,
            after=place.after,
        )


def leaves(place: Place) -> Iterator[Place]:
    """Every differing place at or below this one."""
    if is_same(place.old, place.new):
        return
    if (place.old or place.new) and is_inner(place.old) and is_inner(place.new):
        for inner in inner_places(place):
            yield from leaves(inner)
    else:
        yield place

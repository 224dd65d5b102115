"""Compares two compiled specs and returns the changes in meaning.

The canonical forms are walked together. Where they differ, the first topic whose pattern matches
turns the difference into changes; one that no topic matches is reported with its path. The result
is therefore empty if and only if the canonical forms are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.diagnostics import Path, path_text
from hptc.diff.canonical_form import Form, canonical_form
from hptc.diff.changes import Change, Kind, worst_first
from hptc.diff.code_changes import with_code_changes
from hptc.diff.differences import Place, inner_places, is_inner, is_same, part_action, place_at
from hptc.diff.schedule_changes import schedule_changes
from hptc.diff.security_changes import permission_changes
from hptc.diff.topics import DEFINITION_TOPICS, JOB_TOPICS, RESOURCES, Topics
from hptc.diff.value_text import training_job_text, value_text
from hptc.frozen import frozen
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.statements import Statement
from hptc.request.spec_paths import spec_paths


def compare(old: Compiled, new: Compiled) -> tuple[Change, ...]:
    """Every change from one compiled spec to another, worst first.

    A job name that hptc generates is not a change, nor is the default artifact folder, which
    follows from the spec's name. A pinned job name is.
    """
    of_request = []
    if old.digest != new.digest:
        of_request = form_changes(canonical_form(old.request), canonical_form(new.request))
        of_request = with_code_changes(of_request, old, new)
    moved = [change for change in of_request if _follows_the_name(change, old.name, new.name)]
    folder = moved[0].new if moved else ""
    changes = [*_name_changes(old, new, folder)]
    changes += [change for change in of_request if change not in moved]
    changes += schedule_changes(old.schedule, new.schedule)
    roles = _role_changes(old, new, [change.path for change in changes], is_moved=bool(moved))
    return worst_first([*changes, *roles])


def _follows_the_name(change: Change, old: str, new: str) -> bool:
    """Whether a change is that of the default artifact folder, which has the spec's name."""
    before, after = f"/{old}/", f"/{new}/"
    return (
        change.kind is Kind.OUTPUT
        and old != new
        and change.old.endswith(before)
        and change.old.removesuffix(before) + after == change.new
    )


def form_changes(old: Form, new: Form) -> list[Change]:
    """Every change from one form to another."""
    before, after = _definitions(old), _definitions(new)
    rest = [{k: v for k, v in side.items() if k not in _DEFINITIONS} for side in (old, new)]
    changes = list(_walk(place_at((), rest[0], rest[1]), JOB_TOPICS))
    matching = _matched(before, after)
    for was, becomes in matching.pairs:
        if was != becomes:
            names = [name or "training_job" for name in (was, becomes)]
            changes.append(_definition_change(Kind.DEFINITION_RENAMED, becomes, *names))
        changes += _definition_changes(before[was], after[becomes], _definition_path(becomes))
    for name in matching.removed:
        text = training_job_text(before[name])
        changes.append(_definition_change(Kind.DEFINITION_REMOVED, name, text, ""))
    for name in matching.added:
        text = training_job_text(after[name])
        changes.append(_definition_change(Kind.DEFINITION_ADDED, name, "", text))
    return changes


_DEFINITIONS = ("training_job", "training_jobs")


def _definitions(side: Form) -> dict[str, Any]:
    """The training job definitions by name; a single one is unnamed."""
    single = {"": side["training_job"]} if "training_job" in side else {}
    several = side.get("training_jobs", {})
    return {**single, **several}


def _definition_path(name: str) -> Path:
    return ("training_jobs", name) if name else ("training_job",)


def _definition_change(kind: Kind, name: str, old: str, new: str) -> Change:
    return Change(
        kind=kind,
        path=_definition_path(name),
        subject=name or "training_job",
        old=old,
        new=new,
    )


@frozen
class _Matching:
    """The names of definitions in both versions: pairs of (old, new), and those without one."""

    pairs: list[tuple[str, str]]
    removed: list[str]
    added: list[str]


def _matched(before: dict[str, Any], after: dict[str, Any]) -> _Matching:
    """Pair definitions by name, then by content; then the last one on each side."""
    pairs = [(name, name) for name in before if name in after]
    removed = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    for old_name in tuple(removed):
        new_name = next((name for name in added if after[name] == before[old_name]), None)
        if new_name is not None:
            pairs.append((old_name, new_name))
            removed.remove(old_name)
            added.remove(new_name)
    if len(before) == len(after) == len(removed) == 1:
        pairs.append((removed.pop(), added.pop()))
    return _Matching(pairs=pairs, removed=removed, added=added)


def _definition_changes(old: object, new: object, path: Path) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        forms = [[key for key in RESOURCES if key in side] for side in (old, new)]
        if forms[0] != forms[1] and len(forms[0]) == len(forms[1]) == 1:
            was, becomes = forms[0][0], forms[1][0]
            at = (*path, becomes)
            yield Change(kind=Kind.INSTANCES, path=at, subject="form", old=was, new=becomes)
            old = {becomes if key == was else key: value for key, value in old.items()}
        place = Place(path=path, old=old, new=new, before=old, after=new)
    else:
        place = place_at(path, old, new)
    yield from _walk(place, DEFINITION_TOPICS)


def _walk(place: Place, topics: Topics) -> Iterator[Change]:
    if is_same(place.old, place.new):
        return
    topic = next((topic for pattern, topic in topics if _fits(pattern, place.inside)), None)
    if topic is not None:
        yield from list(topic(place)) or [_other_change(place)]
    elif is_inner(place.old) and is_inner(place.new):
        for inner in inner_places(place):
            yield from _walk(inner, topics)
    else:
        yield _other_change(place)


def _fits(pattern: tuple[str, ...], path: Path) -> bool:
    return len(pattern) == len(path) and all(
        part in ("*", key) for part, key in zip(pattern, path, strict=True)
    )


def _other_change(place: Place) -> Change:
    return Change(
        kind=Kind.OTHER,
        path=place.path,
        subject=path_text(place.inside),
        old=value_text(place.old),
        new=value_text(place.new),
        part=part_action(place),
    )


def _name_changes(old: Compiled, new: Compiled, folder: str) -> Iterator[Change]:
    was, becomes = old.pinned_name, new.pinned_name
    if was != becomes:
        key = "job_name" if isinstance(new, CompiledSpec) else "HyperParameterTuningJobName"
        automatic = "generated from the content"
        yield Change(
            kind=Kind.JOB_NAME,
            path=(key,),
            subject="job name",
            old=was or automatic,
            new=becomes or automatic,
        )
    both_are_specs = isinstance(old, CompiledSpec) and isinstance(new, CompiledSpec)
    if both_are_specs and old.name != new.name:
        yield Change(
            kind=Kind.JOB_RENAMED,
            path=("name",),
            subject="name",
            old=old.name,
            new=new.name,
            note=f"artifacts are now written to {folder}" if folder else "",
        )


def _role_changes(
    old: Compiled, new: Compiled, changed: list[Path], *, is_moved: bool
) -> Iterable[Change]:
    """Changes to the permissions of managed roles.

    None if a version has its own role, or if the account or Region changed.
    """
    before, after = old.environment, new.environment
    if before is None or after is None:
        return ()
    if (before.account, before.region) != (after.account, after.region):
        return ()  # every ARN differs; the change to the environment is reported instead
    if old.digest == new.digest and before == after:
        return ()
    # Under one name: the permissions for logs contain it, and a new name is not a new permission.
    had = permissions(before, replace(old.job, name=new.job.name))
    has = permissions(after, new.job)
    if not had or not has:
        return ()
    if is_moved:
        had = tuple(_in_folder_of(statement, old.name, new.name) for statement in had)
    return permission_changes(
        had,
        has,
        old_place=lambda statement: _requiring_path(statement, old, changed),
        new_place=lambda statement: _requiring_path(statement, new, changed),
    )


def _in_folder_of(statement: Statement, old: str, new: str) -> Statement:
    """A statement as it would be for a spec with the new name."""
    before, after = f"/{old}/*", f"/{new}/*"
    resources = tuple(
        resource.removesuffix(before) + after if resource.endswith(before) else resource
        for resource in statement.resources
    )
    return replace(statement, resources=resources)


def _requiring_path(statement: Statement, side: Compiled, changed: list[Path]) -> Path:
    """The path in the spec that requires a statement: one that changed, if there are several."""
    paths = [side.layers.nearest(spec_paths(path, side.request)) for path in statement.required_by]
    return next((path for path in paths if path in changed), paths[0] if paths else ())

"""Combines the reviews of several environments: what is the same in all is shown once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Change, worst_first
from hptc.diff.review import Review, SpecDiff, spec_order

Item = TypeVar("Item")


def merged(by_name: Mapping[str, Review]) -> Review:
    """One review of all environments, which are given by name; there is at least one.

    Changes and findings of only some of the environments name those.
    """
    names, reviews = tuple(by_name), tuple(by_name.values())
    first = reviews[0]
    names_of_specs = frozenset(name for review in reviews for name in review.names)
    specs: dict[tuple[str, str], list[tuple[str, SpecDiff]]] = {}
    for name, review in by_name.items():
        for spec in review.specs:
            specs.setdefault((spec.name, spec.file), []).append((name, spec))
    changes = [(name, review.project) for name, review in by_name.items()]
    findings = [(name, review.project_findings) for name, review in by_name.items()]
    errors = [(name, review.project_old_errors) for name, review in by_name.items()]
    return Review(
        old=first.old,
        new=first.new,
        specs=tuple(sorted((_merged_spec(each, names) for each in specs.values()), key=spec_order)),
        compared=len(names_of_specs),
        names=names_of_specs,
        environments=names,
        project=_merged_changes(changes, names),
        project_file=first.project_file,
        project_findings=_merged_findings(findings, names),
        project_old_errors=_merged_findings(errors, names),
        notes=tuple(dict.fromkeys(note for review in reviews for note in review.notes)),
    )


def _merged_spec(diffs: list[tuple[str, SpecDiff]], names: tuple[str, ...]) -> SpecDiff:
    _, first = diffs[0]
    return SpecDiff(
        name=first.name,
        file=first.file,
        changes=_merged_changes([(name, diff.changes) for name, diff in diffs], names),
        findings=_merged_findings([(name, diff.findings) for name, diff in diffs], names),
        old_errors=_merged_findings([(name, diff.old_errors) for name, diff in diffs], names),
        comparisons=tuple(each for _, diff in diffs for each in diff.comparisons),
    )


def _merged_changes(
    found: Iterable[tuple[str, Iterable[Change]]], names: tuple[str, ...]
) -> tuple[Change, ...]:
    limited = (
        change if where == names else replace(change, environments=where)
        for change, where in _by_environment(found, _change_key)
    )
    return worst_first(list(limited))


def _change_key(change: Change) -> Hashable:
    """What makes changes the same: a path in hptc.yaml contains the environment's name."""
    path = change.path[2:] if change.path[:1] == ("environments",) else change.path
    what = change.kind, change.action, change.file, path, change.subject
    return (*what, change.old, change.new, change.note)


def _merged_findings(
    found: Iterable[tuple[str, Iterable[Diagnostic]]], names: tuple[str, ...]
) -> tuple[Diagnostic, ...]:
    return tuple(
        diagnostic if where == names else replace(diagnostic, environments=where)
        for diagnostic, where in _by_environment(found, lambda diagnostic: diagnostic)
    )


def _by_environment(
    found: Iterable[tuple[str, Iterable[Item]]], key: Callable[[Item], Hashable]
) -> list[tuple[Item, tuple[str, ...]]]:
    """Every item once, with its environments, in the order in which they were found."""
    where: dict[Hashable, tuple[Item, list[str]]] = {}
    for name, items in found:
        for item in items:
            _, names = where.setdefault(key(item), (item, []))
            if name not in names:
                names.append(name)
    return [(item, tuple(names)) for item, names in where.values()]

"""Combines the reviews of several environments: what is the same in all is shown once."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Change, worst_first
from hptc.diff.review import Review, SpecDiff, spec_order
from hptc.frozen import frozen

T = TypeVar("T", Change, Diagnostic)
_Limited = tuple[Change, tuple[str, ...]]
"""A change and its environments."""


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
        specs=tuple(sorted((_merged_spec(spec, names) for spec in specs.values()), key=spec_order)),
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
        changes=_merged_changes(
            [(name, diff.changes) for name, diff in diffs],
            names,
            {name: place for name, diff in diffs if (place := _place(diff)) is not None},
        ),
        findings=_merged_findings([(name, diff.findings) for name, diff in diffs], names),
        old_errors=_merged_findings([(name, diff.old_errors) for name, diff in diffs], names),
        comparisons=tuple(comparison for _, diff in diffs for comparison in diff.comparisons),
    )


def _merged_changes(
    changes: Iterable[tuple[str, Iterable[Change]]],
    names: tuple[str, ...],
    places: Mapping[str, _Place] | None = None,
) -> tuple[Change, ...]:
    merged: Iterable[_Limited] = _by_environment(changes, _change_key)
    if places:
        merged = _alike_in_their_places(merged, names, places)
    limited = (
        change if where == names else replace(change, environments=where)
        for change, where in merged
    )
    return worst_first(list(limited))


@frozen
class _Place:
    """Where an environment is."""

    account: str
    region: str

    def without(self, change: Change, *, account: bool = True, region: bool = True) -> Change:
        """A change with the names that templates have for this account and Region, or for one."""

        def in_words(text: str) -> str:
            if account and self.account in text:
                text = re.sub(rf"(?<!\d){self.account}(?!\d)", "{{ account }}", text)
            if region and self.region in text:  # in an ARN, and in the name of a host
                text = re.sub(rf"(?<=[:.]){re.escape(self.region)}(?=[:.])", "{{ region }}", text)
            return text

        # The sid of a statement may contain the account, and a digest of the whole name follows.
        start, named, _ = change.subject.partition(self.account)
        return replace(
            change,
            subject=start if account and named else change.subject,
            old=in_words(change.old),
            new=in_words(change.new),
            note=in_words(change.note),
        )


def _place(diff: SpecDiff) -> _Place | None:
    """The place of both versions of a spec; None if they differ in it."""
    places = {
        _Place(account=outcome.environment.account, region=outcome.environment.region)
        for comparison in diff.comparisons
        for outcome in (comparison.old, comparison.new)
        if outcome is not None and outcome.environment is not None
    }
    return places.pop() if len(places) == 1 else None


def _alike_in_their_places(
    merged: Iterable[_Limited], names: tuple[str, ...], places: Mapping[str, _Place]
) -> Iterator[_Limited]:
    """Changes that only differ in each environment's own account and Region, shown once.

    A change that several places share is about one of them, such as the account of a registry, and
    stays as it is.
    """
    groups: dict[Hashable, list[_Limited]] = {}
    for change, where in merged:
        keys = {
            _change_key(places[name].without(change)) if name in places else None for name in where
        }
        is_own = where != names and len(keys) == 1 and None not in keys
        groups.setdefault((*keys,) if is_own else id(change), []).append((change, where))
    for group in groups.values():
        environments = [name for _, where in group for name in where]
        if len(group) == 1 or len({*environments}) < len(environments):
            yield from group
            continue
        first, (name, *_) = group[0]
        several = {
            "account": len({places[name].account for name in environments}) > 1,
            "region": len({places[name].region for name in environments}) > 1,
        }
        everywhere = frozenset(environments)
        joined = tuple(name for name in names if name in everywhere)
        yield places[name].without(first, **several), joined


def _change_key(change: Change) -> Hashable:
    """What makes changes the same: a path in hptc.yaml contains the environment's name."""
    path = change.path[2:] if change.path[:1] == ("environments",) else change.path
    subject = change.kind, change.action, change.file, path, change.subject
    return (*subject, change.old, change.new, change.note)


def _merged_findings(
    findings: Iterable[tuple[str, Iterable[Diagnostic]]], names: tuple[str, ...]
) -> tuple[Diagnostic, ...]:
    return tuple(
        diagnostic if where == names else replace(diagnostic, environments=where)
        for diagnostic, where in _by_environment(findings, lambda diagnostic: diagnostic)
    )


def _by_environment(
    subjects: Iterable[tuple[str, Iterable[T]]], key: Callable[[T], Hashable]
) -> list[tuple[T, tuple[str, ...]]]:
    """Each change or finding once, with its environments, in their order of first occurrence."""
    where: dict[Hashable, tuple[T, list[str]]] = {}
    for name, of_environment in subjects:
        for subject in of_environment:
            _, names = where.setdefault(key(subject), (subject, []))
            if name not in names:
                names.append(name)
    return [(subject, tuple(names)) for subject, names in where.values()]

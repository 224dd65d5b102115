"""The sections of a review: the files that changed, hptc.yaml first, then the specs."""

from __future__ import annotations

from collections.abc import Iterable

from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Change, Kind
from hptc.diff.review import Review, SpecDiff
from hptc.frozen import frozen

_REFUSALS = (Kind.BROKEN, Kind.POLICY_BREACH)
"""Changes that findings explain better."""

NOT_NEW = "not from this change"
"""The note on an error that the old version has too."""


@frozen
class Section:
    """One file with changes, or with new findings."""

    name: str  # of the spec; the file's name for hptc.yaml
    file: str
    changes: tuple[Change, ...]  # worst first
    findings: tuple[Diagnostic, ...]  # new ones
    old_errors: tuple[Diagnostic, ...]  # not from this change
    spec: SpecDiff | None = None  # None for hptc.yaml


def without_refusals(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, without those that findings explain better."""
    return tuple(change for change in changes if change.kind not in _REFUSALS)


def project_sections(review: Review) -> list[Section]:
    """The sections of each hptc.yaml."""
    return [
        Section(
            name=file,
            file=file,
            changes=changes,
            findings=review.findings_in(file),
            old_errors=review.old_errors_in(file),
        )
        for file, changes in review.project_changes.items()
    ]


def spec_sections(specs: Iterable[SpecDiff]) -> list[Section]:
    """The sections of specs."""
    return [
        Section(
            name=spec.name,
            file=spec.file,
            changes=spec.changes,
            findings=spec.findings,
            old_errors=spec.old_errors,
            spec=spec,
        )
        for spec in specs
    ]

"""Compares two versions of a project and returns everything that a reviewer needs to know.

Specs are paired by name, then by file, then by content. compare.py finds the changes of a pair;
this module adds their consequences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hptc.compiler.outcome import Compiled, CompiledSpec, Failed, Outcome
from hptc.cost.bound import CostBound, training_jobs
from hptc.diagnostics import Diagnostic
from hptc.diff.canonical_form import Form, canonical_form
from hptc.diff.changes import Change, Impact, Kind, worst_first
from hptc.diff.compare import compare
from hptc.diff.environment_changes import environment_changes
from hptc.diff.schedule_changes import schedule_text
from hptc.diff.value_text import duration_text
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob
from hptc.text import plural

_POLICY = "HPT8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One version of a project: its specs, its label and the environment.

    A spec whose only errors come from rules still has a request, so its changes can be compared.
    """

    label: str
    compiled: tuple[Outcome, ...]
    environment: Environment | None = None
    project_findings: tuple[Diagnostic, ...] = ()  # errors in hptc.yaml
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A tuning job that the new version warm-starts from.

    `spec` is its spec in this project, if it has one. The parent is new if the old version of that
    spec is a different tuning job; it has to run first.
    """

    job: str
    spec: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChange:
    """The maximum cost of a tuning job in both versions; None if a version does not have it."""

    old: CostBound | None
    new: CostBound | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecDiff:
    """One spec: its changes and their consequences. A version without the spec is None."""

    name: str
    file: str
    old: Outcome | None
    new: Outcome | None
    changes: tuple[Change, ...]
    old_job: str | None = None
    new_job: str | None = None
    old_count: int | None = None  # of training jobs: the limit, or the size of a grid
    new_count: int | None = None
    parents: tuple[Parent, ...] = ()
    findings: tuple[Diagnostic, ...] = ()  # new ones
    cost: CostChange | None = None  # set by with_costs

    @property
    def impact(self) -> Impact | None:
        """The worst impact of its changes; None if only findings are new."""
        return self.changes[0].impact if self.changes else None

    @property
    def is_new_job(self) -> bool:
        """Whether submitting it creates a tuning job that the old version would not create."""
        return self.new_job is not None and self.new_job != self.old_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that changed; unchanged specs are only counted."""

    old: str
    new: str
    specs: tuple[SpecDiff, ...]  # worst first
    compared: int
    project: tuple[Change, ...] = ()  # to hptc.yaml
    project_file: str = "hptc.yaml"
    project_findings: tuple[Diagnostic, ...] = ()  # new errors in hptc.yaml
    notes: tuple[str, ...] = field(default=())

    @property
    def impact(self) -> Impact | None:
        """The worst impact of all changes; None if there are no changes."""
        found = [spec.impact for spec in self.specs if spec.impact is not None]
        found += [change.impact for change in self.project]
        return min(found, key=lambda impact: impact.rank, default=None)

    @property
    def is_empty(self) -> bool:
        """Whether there are neither changes in meaning nor new findings."""
        return not self.specs and not self.project


def review(old: Side, new: Side) -> Review:
    """Compare two versions of a project."""
    jobs = _Jobs(
        spec_of={one.job.name: one.name for one in new.compiled if isinstance(one, CompiledSpec)},
        old_job_of={
            one.name: one.job.name for one in old.compiled if isinstance(one, CompiledSpec)
        },
    )
    pairs = list(paired(old.compiled, new.compiled))
    comparable = [pair for pair in pairs if not _lacks_its_project(pair[1], new)]
    specs = [diff for was, becomes in comparable if (diff := _spec_diff(was, becomes, jobs))]
    project = list(environment_changes(old.environment, new.environment))
    notes = [*old.notes, *new.notes]
    faults = _unknown(old.project_findings, new.project_findings)
    if faults:
        project.append(_job_change(Kind.BROKEN))
    file = _project_file(new)
    if left := len(pairs) - len(comparable):
        notes.append(f"{plural(left, 'spec')} can't be compared until {file} has no errors")
    return Review(
        old=old.label,
        new=new.label,
        specs=tuple(sorted(specs, key=_worst_first)),
        compared=len(pairs),
        project=worst_first(project),
        project_file=file,
        project_findings=faults,
        notes=tuple(notes),
    )


def _project_file(side: Side) -> str:
    if side.project_findings:
        return side.project_findings[0].span.file
    found = (one.project.document.file for one in side.compiled if one.project is not None)
    return next(found, "hptc.yaml")


def _lacks_its_project(one: Outcome | None, side: Side) -> bool:
    """Whether a spec can't be compared because of errors in its hptc.yaml."""
    return one is not None and any(d in side.project_findings for d in one.diagnostics)


def with_costs(found: Review, bound: Callable[[Compiled], CostBound]) -> Review:
    """The review with the cost bounds of every version that has a request."""

    def with_cost(spec: SpecDiff) -> SpecDiff:
        old, new = (
            bound(side) if isinstance(side, Compiled) else None for side in (spec.old, spec.new)
        )
        has_cost = old is not None or new is not None
        return replace(spec, cost=CostChange(old=old, new=new) if has_cost else None)

    return replace(found, specs=tuple(with_cost(spec) for spec in found.specs))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jobs:
    """The tuning jobs of both versions by spec name, to follow warm starts."""

    spec_of: Mapping[str, str]
    old_job_of: Mapping[str, str]


def _worst_first(spec: SpecDiff) -> tuple[int, str, str]:
    rank = spec.impact.rank if spec.impact is not None else len(Impact)
    return rank, spec.file, spec.name


def paired(
    old: Iterable[Outcome], new: Iterable[Outcome]
) -> Iterator[tuple[Outcome | None, Outcome | None]]:
    """Pair the specs of both versions by name, else by file, else by content."""
    was, becomes = list(old), list(new)
    for key in (_name_and_file, _name, _file, _content):
        before: dict[object, Outcome] = {}
        for one in was:
            if (value := key(one)) is not None:
                before.setdefault(value, one)
        matches = {id(one): before.pop(key(one), None) for one in becomes}
        yield from ((match, one) for one in becomes if (match := matches[id(one)]) is not None)
        gone = {id(match) for match in matches.values()}
        was = [one for one in was if id(one) not in gone]
        becomes = [one for one in becomes if matches[id(one)] is None]
    yield from ((one, None) for one in was)
    yield from ((None, one) for one in becomes)


def _name_and_file(one: Outcome) -> object | None:
    return (one.name, one.file) if one.name else None


def _name(one: Outcome) -> object | None:
    """The spec's name, even if it does not compile; for a request, the name of its job."""
    return one.name or None


def _file(one: Outcome) -> object | None:
    return one.file


def _content(one: Outcome) -> object | None:
    """The canonical form without the spec's name, which is part of the default output path."""
    if isinstance(one, Failed):
        return None
    return repr(_without_name(canonical_form(one.request), f"/{one.name}/"))


def _without_name(value: Form, ending: str) -> Form:
    result: Form = {}
    for key in sorted(value):
        inner = value[key]
        if isinstance(inner, dict):
            inner = _without_name(inner, ending)
        elif key == "s3_output_path" and str(inner).endswith(ending):
            inner = str(inner).removesuffix(ending)
        result[key] = inner
    return result


def _spec_diff(old: Outcome | None, new: Outcome | None, jobs: _Jobs) -> SpecDiff | None:
    """The changes to one spec and their consequences; None if there are none."""
    shown = new or old
    if shown is None or old is new:
        return None
    changes = _pair_changes(old, new)
    findings = new_findings(old, new)
    if not changes and not findings:
        return None
    # A spec with errors is never submitted.
    was, becomes = (
        side.job if isinstance(side, Compiled) and not side.has_errors else None
        for side in (old, new)
    )
    names = (side.name for side in (new, old) if side is not None)
    return SpecDiff(
        name=next((name for name in names if name), shown.file),
        file=shown.file,
        old=old,
        new=new,
        changes=changes,
        old_job=was.name if was else None,
        new_job=becomes.name if becomes else None,
        old_count=training_jobs(was).number if was else None,
        new_count=training_jobs(becomes).number if becomes else None,
        parents=_parents(becomes, jobs) if becomes else (),
        findings=findings,
    )


def _pair_changes(old: Outcome | None, new: Outcome | None) -> tuple[Change, ...]:
    """The changes to one spec, including whether it stopped or started compiling."""
    if new is None:
        return (_job_change(Kind.JOB_REMOVED, old=_summary(old)),)
    refused = list(_failure_changes(new))
    if old is None:
        is_added = isinstance(new, Compiled)
        added = [_job_change(Kind.JOB_ADDED, new=_summary(new))] if is_added else []
        return worst_first([*refused, *added])
    changes = []
    if isinstance(old, Compiled) and isinstance(new, Compiled):
        changes = [_with_reason(change, old, new) for change in compare(old, new)]
    if refused and old.has_errors and not changes and not _differ(old, new):
        return ()
    if old.has_errors and not refused:
        refused = [_job_change(Kind.REPAIRED, old="did not compile", new=_summary(new))]
    return worst_first([*refused, *changes])


def _failure_changes(one: Outcome) -> Iterator[Change]:
    """The change that a spec can't be submitted anymore, if so. Its findings give the reason."""
    codes = [diagnostic.code for diagnostic in one.diagnostics if diagnostic.is_error]
    if codes:
        is_policy = all(code.startswith(_POLICY) for code in codes)
        yield _job_change(Kind.POLICY_BREACH if is_policy else Kind.BROKEN)


def _differ(old: Outcome, new: Outcome) -> bool:
    """Whether two specs with errors differ in their findings or, if one failed, in their text."""
    hidden = isinstance(old, Failed) or isinstance(new, Failed)
    return (hidden and old.document.text != new.document.text) or bool(new_findings(old, new))


def _job_change(kind: Kind, *, old: str = "", new: str = "") -> Change:
    return Change(kind=kind, path=(), subject="", old=old, new=new)


def _summary(one: Outcome | None) -> str:
    """A tuning job in one line."""
    if one is None:
        return ""
    if isinstance(one, Failed):
        return "did not compile"
    job = one.job
    number = training_jobs(job).number
    types = dict.fromkeys(
        instances.type
        for definition in job.definitions
        for resources in definition.resources
        for instances in resources.instances
    )
    count = "unlimited training jobs" if number is None else plural(number, "training job")
    runtimes = [d.max_runtime_seconds for d in job.definitions if d.max_runtime_seconds]
    each = f", at most {duration_text(max(runtimes))} each" if runtimes else ""
    starts = schedule_text(one.schedule)
    scheduled = f", scheduled: {starts}" if starts else ""
    on = ", ".join(types) or "unspecified instances"
    return f"{job.strategy}, {count} on {on}{each}{scheduled}"


def _with_reason(change: Change, old: Compiled, new: Compiled) -> Change:
    """Add the reason why a parent changed although `warm_start` did not."""
    if change.kind is not Kind.WARM_START:
        return change
    if not (isinstance(old, CompiledSpec) and isinstance(new, CompiledSpec)):
        return change
    was, becomes = old.spec.warm_start, new.spec.warm_start
    if was is None or becomes is None or was.parents != becomes.parents:
        return change
    return replace(change, note="the parent's spec changed")


def new_findings(old: Outcome | None, new: Outcome | None) -> tuple[Diagnostic, ...]:
    """Findings of the new version that the old one did not have, on any line."""
    if new is None:
        return ()
    return _unknown(old.diagnostics if old is not None else (), new.diagnostics)


def _unknown(old: Iterable[Diagnostic], new: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    known = Counter((diagnostic.code, diagnostic.message) for diagnostic in old)
    found = []
    for diagnostic in new:
        key = diagnostic.code, diagnostic.message
        if known[key]:
            known[key] -= 1
        else:
            found.append(diagnostic)
    return tuple(found)


def _parents(job: TuningJob, jobs: _Jobs) -> tuple[Parent, ...]:
    found = []
    for name in job.warm_start.parents if job.warm_start is not None else ():
        spec = jobs.spec_of.get(name)
        is_new = spec is not None and jobs.old_job_of.get(spec) != name
        found.append(Parent(job=name, spec=spec, is_new=is_new))
    return tuple(found)

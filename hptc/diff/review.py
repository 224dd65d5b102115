"""Two sides of a project in, what a reviewer needs to know out. Pure.

Specs are paired by name, then by file, then by content; a pair's changes are those of compare.py,
and beside them stands what follows from them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from hptc.compiler.workspace import Compiled
from hptc.cost.bound import CostBound, training_jobs
from hptc.diagnostics import Diagnostic
from hptc.diff.canonical_form import Form, form
from hptc.diff.changes import Change, Impact, Kind, worst_first
from hptc.diff.compare import compare
from hptc.diff.environment_changes import environment_changes
from hptc.diff.schedule_changes import schedule_text
from hptc.diff.value_text import duration_text
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob
from hptc.source.construction import construct_data

_POLICY = "HPT8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison: its specs, where they are from, and the environment.

    A spec that has errors may have a request all the same: then its changes can be told.
    """

    label: str
    compiled: tuple[Compiled, ...]
    environment: Environment | None = None
    project_findings: tuple[Diagnostic, ...] = ()  # why hptc.yaml can't be read
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A job that the new side warm-starts from.

    `spec` is its spec in this project. It is new when the old side's job of that spec is another:
    then it has to run first.
    """

    job: str
    spec: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChange:
    """The most that a search can cost, before and after; None where there is no such search."""

    old: CostBound | None
    new: CostBound | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecDiff:
    """One spec: what changed, and what follows. A side that has no such spec is None."""

    name: str
    file: str
    old: Compiled | None
    new: Compiled | None
    changes: tuple[Change, ...]
    old_job: str | None = None
    new_job: str | None = None
    old_count: int | None = None  # of training jobs: the limit, or the points of a grid
    new_count: int | None = None
    parents: tuple[Parent, ...] = ()
    findings: tuple[Diagnostic, ...] = ()  # of the new side, those that the old did not have
    cost: CostChange | None = None  # filled by with_costs

    @property
    def impact(self) -> Impact | None:
        """The worst of its changes; None when only findings are new."""
        return self.changes[0].impact if self.changes else None

    @property
    def is_new_job(self) -> bool:
        """Whether submitting it makes a job that the old side's submission did not."""
        return self.new_job is not None and self.new_job != self.old_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that changed; specs in which nothing did are only counted."""

    old: str
    new: str
    specs: tuple[SpecDiff, ...]  # the worst first
    compared: int
    project: tuple[Change, ...] = ()  # of hptc.yaml
    project_file: str = "hptc.yaml"
    project_findings: tuple[Diagnostic, ...] = ()  # new ones, for which no spec compiles
    notes: tuple[str, ...] = field(default=())

    @property
    def impact(self) -> Impact | None:
        """The verdict: the worst impact of all; None when nothing changed."""
        found = [spec.impact for spec in self.specs if spec.impact is not None]
        found += [change.impact for change in self.project]
        return min(found, key=lambda impact: impact.rank, default=None)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say: no change of meaning, and nothing newly found."""
        return not self.specs and not self.project


def review(old: Side, new: Side) -> Review:
    """Compare two sides of a project."""
    jobs = _Jobs(
        spec_of={one.job.name: one.name for one in new.compiled if one.job and one.spec},
        old_job_of={one.name: one.job.name for one in old.compiled if one.job and one.spec},
    )
    pairs = list(paired(old.compiled, new.compiled))
    told = [pair for pair in pairs if not _lacks_its_project(pair[1], new)]
    specs = [diff for was, becomes in told if (diff := _spec_diff(was, becomes, jobs))]
    project = list(environment_changes(old.environment, new.environment))
    notes = [*old.notes, *new.notes]
    faults = _unknown(old.project_findings, new.project_findings)
    if faults:
        project.append(_job_change(Kind.BROKEN))
    file = _project_file(new)
    if left := len(pairs) - len(told):
        notes.append(f"specs that can't be compared until {file} can be read: {left}")
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


def _lacks_its_project(one: Compiled | None, side: Side) -> bool:
    """Whether nothing can be told of a spec, since its hptc.yaml can't be read."""
    return one is not None and any(d in side.project_findings for d in one.diagnostics)


def with_costs(found: Review, bound: Callable[[Compiled], CostBound]) -> Review:
    """The same review with the cost bounds of both sides, where a side has a request."""

    def with_cost(spec: SpecDiff) -> SpecDiff:
        old, new = (
            bound(side) if side is not None and side.job is not None else None
            for side in (spec.old, spec.new)
        )
        has_cost = old is not None or new is not None
        return replace(spec, cost=CostChange(old=old, new=new) if has_cost else None)

    return replace(found, specs=tuple(with_cost(spec) for spec in found.specs))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Jobs:
    """The jobs of both sides by the names of their specs, to follow warm starts."""

    spec_of: Mapping[str, str]
    old_job_of: Mapping[str, str]


def _worst_first(spec: SpecDiff) -> tuple[int, str, str]:
    rank = spec.impact.rank if spec.impact is not None else len(Impact)
    return rank, spec.file, spec.name


def paired(
    old: Iterable[Compiled], new: Iterable[Compiled]
) -> Iterator[tuple[Compiled | None, Compiled | None]]:
    """Which spec was which: the same name, else the same file, else the same content."""
    was, becomes = list(old), list(new)
    for key in (_name_and_file, _name, _file, _content):
        before: dict[object, Compiled] = {}
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


def _name_and_file(one: Compiled) -> object | None:
    return (name, one.file) if (name := _name(one)) is not None else None


def _name(one: Compiled) -> object | None:
    """The spec's name, also of one that does not compile; a request's is the job's."""
    return shown_name(one) or None


def shown_name(one: Compiled) -> str:
    """What a compiled file is called, as far as that can be told; else nothing."""
    if one.name or one.document.root is None:
        return one.name
    data, _ = construct_data(one.document, at=("name",))
    return data if isinstance(data, str) else ""


def _file(one: Compiled) -> object | None:
    return one.file


def _content(one: Compiled) -> object | None:
    """What a search is, apart from the spec's name, which stands in the output's default place."""
    if one.request is None:
        return None
    return repr(_without_name(form(one.request), f"/{one.name}/"))


def _without_name(value: Form, ending: str) -> Form:
    made: Form = {}
    for key in sorted(value):
        inner = value[key]
        if isinstance(inner, dict):
            inner = _without_name(inner, ending)
        elif key == "s3_output_path" and str(inner).endswith(ending):
            inner = str(inner).removesuffix(ending)
        made[key] = inner
    return made


def _spec_diff(old: Compiled | None, new: Compiled | None, jobs: _Jobs) -> SpecDiff | None:
    """One pair's changes and consequences; None when there is nothing to say."""
    shown = new or old
    if shown is None or old is new:
        return None
    changes = _pair_changes(old, new)
    findings = new_findings(old, new)
    if not changes and not findings:
        return None
    # What has errors is never submitted.
    was, becomes = (
        side.job if side is not None and not side.has_errors else None for side in (old, new)
    )
    names = (shown_name(side) for side in (new, old) if side is not None)
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


def _pair_changes(old: Compiled | None, new: Compiled | None) -> tuple[Change, ...]:
    """What changed in a pair, and before all whether it can be submitted no more, or again."""
    if new is None:
        return (_job_change(Kind.JOB_REMOVED, old=_summary(old)),)
    refused = list(_refusal(new))
    if old is None:
        added = [_job_change(Kind.JOB_ADDED, new=_summary(new))] if new.job is not None else []
        return worst_first([*refused, *added])
    changes = []
    if old.job is not None and new.job is not None:
        changes = [_with_reason(change, old, new) for change in compare(old, new)]
    if refused and old.has_errors and not changes and not _differ(old, new):
        return ()
    if old.has_errors and not refused:
        refused = [_job_change(Kind.REPAIRED, old="did not compile", new=_summary(new))]
    return worst_first([*refused, *changes])


def _refusal(one: Compiled) -> Iterator[Change]:
    """That a spec can't be submitted; its findings say why."""
    codes = [diagnostic.code for diagnostic in one.diagnostics if diagnostic.is_error]
    if codes:
        is_policy = all(code.startswith(_POLICY) for code in codes)
        yield _job_change(Kind.POLICY_BREACH if is_policy else Kind.BROKEN)


def _differ(old: Compiled, new: Compiled) -> bool:
    """Whether two files that can't be submitted differ: in what is wrong, or where that hides the
    search, in their text."""
    hidden = old.job is None or new.job is None
    return (hidden and old.document.text != new.document.text) or bool(new_findings(old, new))


def _job_change(kind: Kind, *, old: str = "", new: str = "") -> Change:
    return Change(kind=kind, path=(), subject="", old=old, new=new)


def _summary(one: Compiled | None) -> str:
    """A search in one line."""
    if one is None or one.job is None:
        return "" if one is None else "did not compile"
    job = one.job
    number = training_jobs(job).number
    types = dict.fromkeys(
        instances.type
        for definition in job.definitions
        for resources in definition.resources
        for instances in resources.instances
    )
    count = f"{number} training jobs" if number is not None else "training jobs without a limit"
    runtimes = [d.max_runtime_seconds for d in job.definitions if d.max_runtime_seconds]
    each = f", {duration_text(max(runtimes))} each at most" if runtimes else ""
    starts = schedule_text(one.spec.schedule) if one.spec is not None else ""
    by_itself = f", started by itself: {starts}" if starts else ""
    on = ", ".join(types) or "no named instances"
    return f"{job.strategy}, {count} on {on}{each}{by_itself}"


def _with_reason(change: Change, old: Compiled, new: Compiled) -> Change:
    """Say why a parent changed that the author did not touch."""
    if change.kind is not Kind.WARM_START or old.spec is None or new.spec is None:
        return change
    was, becomes = old.spec.warm_start, new.spec.warm_start
    if was is None or becomes is None or was.parents != becomes.parents:
        return change
    return replace(change, note="the parent's own content changed")


def new_findings(old: Compiled | None, new: Compiled | None) -> tuple[Diagnostic, ...]:
    """What is wrong with the new side that was not with the old; places don't count."""
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

"""Compares two versions of a project and returns everything that a reviewer needs to know.

Specs are paired by name, then by file, then by content. compare.py finds the changes of a pair;
this module adds their consequences. `review` compares one environment; merging.py combines the
reviews of several.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime

from hptc.catalog.prices import RegionPrices
from hptc.compiler.outcome import Compiled, CompiledSpec, Outcome
from hptc.compiler.parents import parent_spec
from hptc.cost.bound import CostBound, job_count
from hptc.diagnostics import Diagnostic, Severity
from hptc.diff.changes import Action, Change, Impact, Kind, without_secrets, worst_first
from hptc.diff.environment_changes import environment_changes
from hptc.diff.pairing import LostSpec, Pair, lost_specs, paired
from hptc.diff.price_changes import price_changes
from hptc.diff.spec_changes import added_findings, new_findings, old_errors, pair_changes
from hptc.frozen import frozen
from hptc.project.policy import Policy
from hptc.project.project_file import Environment
from hptc.project.references import latest_spec, written_reference
from hptc.request.tuning_job import TuningJob
from hptc.rules import identical_data, warm_start
from hptc.rules.engine import check
from hptc.rules.rule import Context
from hptc.text import plural


@frozen
class Side:
    """One version of one or more projects in one environment: their specs and its label.

    A spec whose only errors come from rules still has a request, so its changes can be compared.
    """

    label: str
    compiled: tuple[Outcome, ...]
    environments: Mapping[str, Environment] = field(default_factory=dict)  # by hptc.yaml file
    policies: Mapping[str, Policy] = field(default_factory=dict)  # those of its folder, by file
    project_findings: tuple[Diagnostic, ...] = ()  # errors in hptc.yaml
    notes: tuple[str, ...] = ()
    prices: Mapping[str, RegionPrices] = field(default_factory=dict)  # if there is a budget


@frozen
class Parent:
    """A tuning job that the new version warm-starts from.

    `spec` is its spec in this project, if it has one. The parent is new if the old version of that
    spec is a different tuning job; it has to run first. `latest(SPEC)`, the newest completed tuning
    job of a spec, is only known when the new version is submitted. A parent that only the old
    version has as a spec is `lost`.
    """

    job: str
    spec: str | None = None
    is_new: bool = False
    is_latest: bool = False
    lost: LostSpec | None = None
    conflict: str = ""  # why AWS would reject a run of the old version as the parent


@frozen
class CostChange:
    """The maximum cost of a tuning job in both versions; None if a version does not have it."""

    old: CostBound | None
    new: CostBound | None


@frozen
class LastRun:
    """The newest tuning job of a spec that has ended with a best training job."""

    job: str
    status: str
    ended: datetime
    metric: str
    value: float
    hyperparameters: tuple[tuple[str, str], ...] = ()  # tuned ones of the best training job
    outside: tuple[str, ...] = ()  # those whose value the new version can't choose


@frozen
class Comparison:
    """Both versions of one spec in one environment; a version without the spec is None."""

    environment: str | None
    old: Outcome | None
    new: Outcome | None
    old_job: str | None = None
    new_job: str | None = None
    old_count: int | None = None  # of training jobs: the limit, or the size of a grid
    new_count: int | None = None
    parents: tuple[Parent, ...] = ()
    cost: CostChange | None = None  # set by maximum_costs.py
    last_run: LastRun | None = None  # set by jobs/last_runs.py, which asks AWS

    @property
    def is_new_job(self) -> bool:
        """Whether submitting it creates a tuning job that the old version would not create."""
        return self.new_job is not None and self.new_job != self.old_job


@frozen
class SpecDiff:
    """One spec: its changes, findings, and the comparison in each environment with changes."""

    name: str
    file: str
    changes: tuple[Change, ...]
    findings: tuple[Diagnostic, ...] = ()  # new ones
    old_errors: tuple[Diagnostic, ...] = ()  # errors that are not from this change
    comparisons: tuple[Comparison, ...] = ()

    @property
    def impact(self) -> Impact | None:
        """The worst impact of its changes; None if only findings are new."""
        return self.changes[0].impact if self.changes else None

    @property
    def new_jobs(self) -> int:
        """In how many environments it becomes a new tuning job."""
        return sum(comparison.is_new_job for comparison in self.comparisons)


@frozen
class Review:
    """Everything that changed; unchanged specs are only counted."""

    old: str
    new: str
    specs: tuple[SpecDiff, ...]  # worst first
    compared: int  # specs
    names: frozenset[tuple[str, str]] = frozenset()  # the name and file of each spec
    environments: tuple[str, ...] = ()
    project: tuple[Change, ...] = ()  # to hptc.yaml
    project_file: str = "hptc.yaml"
    project_findings: tuple[Diagnostic, ...] = ()  # new errors in hptc.yaml
    project_old_errors: tuple[Diagnostic, ...] = ()  # in hptc.yaml, not from this change
    notes: tuple[str, ...] = field(default=())

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, to hptc.yaml and to the specs."""
        return (*self.project, *(change for spec in self.specs for change in spec.changes))

    @property
    def impact(self) -> Impact | None:
        """The worst impact of all changes; None if there are no changes."""
        impacts = (change.impact for change in self.changes)
        return min(impacts, key=lambda impact: impact.rank, default=None)

    @property
    def project_changes(self) -> Mapping[str, tuple[Change, ...]]:
        """The changes by the hptc.yaml that they are in."""
        files = dict.fromkeys(change.file or self.project_file for change in self.project)
        return {
            file: tuple(
                change for change in self.project if (change.file or self.project_file) == file
            )
            for file in files
        }

    def findings_in(self, file: str) -> tuple[Diagnostic, ...]:
        """The new errors in one hptc.yaml."""
        return _in_file(self.project_findings, file)

    def old_errors_in(self, file: str) -> tuple[Diagnostic, ...]:
        """The errors in one hptc.yaml that are not from this change."""
        return _in_file(self.project_old_errors, file)

    def is_as_bad_as(self, impact: Impact) -> bool:
        """Whether the verdict is an impact or a worse one."""
        return self.impact is not None and self.impact.rank <= impact.rank

    @property
    def new_jobs(self) -> int:
        """How many tuning jobs the new version creates, in all environments."""
        return sum(spec.new_jobs for spec in self.specs)

    @property
    def is_empty(self) -> bool:
        """Whether there are neither changes in meaning nor new findings."""
        return not self.specs and not self.project


def _in_file(findings: Iterable[Diagnostic], file: str) -> tuple[Diagnostic, ...]:
    return tuple(finding for finding in findings if finding.span.file == file)


def review(old: Side, new: Side, environment: str | None = None) -> Review:
    """Compare two versions in one environment, by default that of the new version's project."""
    if environment is None:
        environment = next((settings.name for settings in new.environments.values()), None)
    pairs = list(paired(old.compiled, new.compiled))
    incomparable = [pair for pair in pairs if _lacks_its_project(pair[1], new)]
    added_errors = added_findings(old.project_findings, new.project_findings)
    known_errors = _relevant_old_errors(new.project_findings, added_errors, incomparable)
    file = _project_file(new)
    notes = [*old.notes, *new.notes]
    if incomparable:
        count = plural(len(incomparable), "spec")
        notes.append(f"{count} can't be compared until {file} has no errors")
    return Review(
        old=old.label,
        new=new.label,
        specs=_spec_diffs(pairs, environment, old, new),
        compared=len(pairs),
        names=frozenset(
            (outcome.name, outcome.file) for pair in pairs if (outcome := pair[1] or pair[0])
        ),
        environments=(environment,) if environment is not None else (),
        project=worst_first(
            [*_project_changes(old, new), *_broken_projects(added_errors, known_errors)]
        ),
        project_file=file,
        project_findings=added_errors,
        project_old_errors=known_errors,
        notes=tuple(notes),
    )


def _spec_diffs(
    pairs: Sequence[Pair], environment: str | None, old: Side, new: Side
) -> tuple[SpecDiff, ...]:
    """What changed in the specs that can be compared, worst first."""
    jobs = _jobs(pairs, old, new)
    diffs = (
        _spec_diff(was, becomes, environment, jobs)
        for was, becomes in pairs
        if not _lacks_its_project(becomes, new)
    )
    return tuple(sorted((diff for diff in diffs if diff is not None), key=spec_order))


def _project_changes(old: Side, new: Side) -> Iterator[Change]:
    """The changes to every hptc.yaml, and to the prices of its project."""
    for file in dict.fromkeys((*new.environments, *old.environments)):
        yield from (
            replace(without_secrets(change), file=file)
            for change in (
                *environment_changes(
                    old.environments.get(file), new.environments.get(file), old.policies.get(file)
                ),
                *price_changes(old.prices.get(file), new.prices.get(file)),
            )
        )


def _relevant_old_errors(
    errors: Iterable[Diagnostic], added_errors: Collection[Diagnostic], incomparable: Iterable[Pair]
) -> tuple[Diagnostic, ...]:
    """The old errors in hptc.yaml, if they hide what changed in a spec that can't be compared."""
    if not any(_differ(*pair) for pair in incomparable):
        return ()
    return tuple(error for error in errors if error not in added_errors)


def _broken_projects(
    added_errors: Iterable[Diagnostic], known_errors: Iterable[Diagnostic]
) -> Iterator[Change]:
    """A change for each hptc.yaml with errors, `unchanged` if all of them are old."""
    actions = {error.span.file: Action.UNCHANGED for error in known_errors}
    actions |= {error.span.file: Action.CHANGED for error in added_errors}
    for file, action in actions.items():
        yield Change(kind=Kind.BROKEN, path=(), subject="", file=file, part=action)


def _project_file(side: Side) -> str:
    if side.project_findings:
        return side.project_findings[0].span.file
    files = (
        outcome.project.document.file for outcome in side.compiled if outcome.project is not None
    )
    return next(files, "hptc.yaml")


def _differ(old: Outcome | None, new: Outcome | None) -> bool:
    """Whether the files of two versions differ, of which one can't be compared."""
    return old is None or new is None or old.document.text != new.document.text


def _lacks_its_project(outcome: Outcome | None, side: Side) -> bool:
    """Whether a spec can't be compared because of errors in its hptc.yaml."""
    return outcome is not None and any(
        diagnostic in side.project_findings for diagnostic in outcome.diagnostics
    )


@frozen
class _Jobs:
    """The tuning jobs of both versions by spec name, to follow warm starts."""

    lost: Mapping[str, LostSpec]
    spec_of: Mapping[str, str]
    old_job_of: Mapping[str, TuningJob]


def _jobs(pairs: Iterable[Pair], old: Side, new: Side) -> _Jobs:
    old_specs, new_specs = (
        [outcome for outcome in side.compiled if isinstance(outcome, CompiledSpec)]
        for side in (old, new)
    )
    return _Jobs(
        lost=lost_specs(pairs),
        spec_of={spec.job.name: spec.name for spec in new_specs},
        old_job_of={spec.name: spec.job for spec in old_specs},
    )


def spec_order(spec: SpecDiff) -> tuple[int, str, str]:
    """The order of specs in a review: worst first."""
    rank = spec.impact.rank if spec.impact is not None else len(Impact)
    return rank, spec.file, spec.name


def _spec_diff(
    old: Outcome | None, new: Outcome | None, environment: str | None, jobs: _Jobs
) -> SpecDiff | None:
    """The changes to one spec and their consequences; None if there are none."""
    shown = new or old
    if shown is None or old is new:
        return None
    changes = tuple(map(without_secrets, pair_changes(old, new, jobs.lost)))
    findings = new_findings(old, new)
    if not changes and not findings:
        return None
    # A spec with errors is never submitted.
    was, becomes = (
        side.job if isinstance(side, Compiled) and not side.has_errors else None
        for side in (old, new)
    )
    names = (side.name for side in (new, old) if side is not None)
    comparison = Comparison(
        environment=environment,
        old=old,
        new=new,
        old_job=was.name if was else None,
        new_job=becomes.name if becomes else None,
        old_count=job_count(was).number if was else None,
        new_count=job_count(becomes).number if becomes else None,
        parents=_parents(old, new, jobs) if becomes and isinstance(new, Compiled) else (),
    )
    return SpecDiff(
        name=next((name for name in names if name), shown.file),
        file=shown.file,
        changes=changes,
        findings=findings,
        old_errors=old_errors(old, new),
        comparisons=(comparison,),
    )


def _parents(old: Outcome | None, new: Compiled, jobs: _Jobs) -> tuple[Parent, ...]:
    """The parents of the new version. Their specs may not be among those that were compared."""
    job, parents = new.job, []
    before = {}
    if isinstance(old, Compiled) and old.job.warm_start is not None:
        before = {parent_spec(old, name): name for name in old.job.warm_start.parents}
    for name in job.warm_start.parents if job.warm_start is not None else ():
        named = written_reference(name)
        if (latest := latest_spec(named)) is not None:
            conflict = _conflict(job, name, jobs.old_job_of.get(latest))
            parents.append(Parent(job=named, spec=latest, is_latest=True, conflict=conflict))
            continue
        spec = jobs.spec_of.get(name) or parent_spec(new, name)
        was = jobs.old_job_of.get(spec) if spec is not None else None
        is_new = spec is not None and name != (was.name if was is not None else before.get(spec))
        lost = jobs.lost.get(name) if spec is None else None
        parents.append(Parent(job=name, spec=spec, is_new=is_new, lost=lost))
    return tuple(parents)


def _conflict(job: TuningJob, parent: str, old: TuningJob | None) -> str:
    """Why AWS would reject a run of the old version as a parent; empty if it would not."""
    if old is None:
        return ""
    rules = tuple(
        rule
        for rule in (*warm_start.RULES, *identical_data.RULES)
        if rule.severity is Severity.ERROR
    )
    alone = Context(job=job, request={})
    known = check(alone, rules)
    findings = check(replace(alone, parents={parent: old}), rules)
    return next((finding.message for finding in findings if finding not in known), "")

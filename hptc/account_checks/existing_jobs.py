"""Checks a tuning job against those in the account: its name, its parents, the running jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from hptc.account_checks.cached_queries import CachedQueries
from hptc.account_checks.deployed_spec import Subject, latest_run_of
from hptc.compiler.importing import requested
from hptc.compiler.parents import parent_spec
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.jobs.decide import decide
from hptc.jobs.decisions import Blocked, Decision, Obstacle, Unchanged
from hptc.jobs.provenance import Provenance
from hptc.jobs.snapshot import JobSnapshot
from hptc.project.references import latest_spec, written_reference
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.rules import identical_data, warm_start
from hptc.rules.engine import check
from hptc.rules.rule import Context
from hptc.rules.warm_start_parents import parent_path
from hptc.service.interface import DeployedStack
from hptc.service.lookup import described_request
from hptc.service.responses import training_job_counters
from hptc.service.tuning_jobs import FINAL_STATUSES

MAX_RUNNING = 100
"""https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""

_OLDEST_PARENT = datetime(2018, 10, 1, tzinfo=UTC)
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html"""

_MAX_LISTED = 500
_NAME = RequestPath(("HyperParameterTuningJobName",))


def taken_name(subject: Subject) -> Iterator[Finding]:
    """HPT901: the name belongs to another job, so `hptc submit` would be blocked.

    The same job under this name is fine: it was submitted before.
    """

    def decide_for(_: str) -> Decision:
        jobs = JobSnapshot(tuning=subject.queries.account.tuning)
        return decide(
            subject.compiled,
            jobs,
            _QueriedStacks(subject.queries),
            provenance=lambda compiled: Provenance(spec=compiled.file),
        )

    answer = subject.queries.get("the name", decide_for, subject.job.name)
    match answer.value if answer is not None else None:
        case None | Unchanged():
            return
        case Blocked(obstacle=Obstacle.NAME, reason=reason, help=help):
            yield _taken(reason, help)
        case _:
            yield from _same_name_in_other_case(subject)


@dataclass(frozen=True, slots=True)
class _QueriedStacks:
    """hptc.service.interface.StackReader over cached queries: a failed one reads as no stack."""

    queries: CachedQueries

    def find(self, stack: str) -> DeployedStack | None:
        answer = self.queries.get("stacks", self.queries.account.stacks.find, stack)
        return answer.value if answer is not None else None

    def list_stacks(self) -> Iterator[DeployedStack]:
        return self.queries.account.stacks.list_stacks()


def _same_name_in_other_case(subject: Subject) -> Iterator[Finding]:
    """A job whose name differs only in case, which AWS treats as the same name."""
    name = subject.job.name
    part = name.rpartition("-")[2]  # the digest, if the name is derived from content

    def names_like(part: str) -> list[str]:
        summaries = subject.queries.account.tuning.list_jobs(name_contains=part)
        return [summary.name for summary in islice(summaries, _MAX_LISTED)]

    listed = subject.queries.get("the name", names_like, part)
    for other in listed.value if listed is not None else ():
        if other.lower() == name.lower() and other != name:
            yield _taken(
                f"AWS already has a tuning job named `{other}`, and names are not case-sensitive",
                "choose another name",
            )


def _taken(reason: str, help: str) -> Finding:
    return Finding(
        code="HPT901",
        message=reason,
        path=_NAME,
        label="taken",
        help=help,
    )


def parents(subject: Subject) -> Iterator[Finding]:
    """HPT902 to HPT904, and the findings of HPT7xx about parents that are not specs."""
    warm = subject.job.warm_start
    if warm is None:
        return
    tuning = subject.queries.account.tuning

    def described_parent(name: str) -> Mapping[str, Any] | None:
        return described_request(tuning, name) if tuning.describe(name) is not None else None

    described: dict[str, TuningJob] = {}
    for index, name in enumerate(dict.fromkeys(warm.parents)):
        if (spec := latest_spec(written_reference(name))) is not None:
            yield from _parent_without_run(subject, spec, index)
            continue
        answer = subject.queries.get("warm-start parents", described_parent, name)
        if answer is None:
            continue
        if answer.value is None:
            yield _absent_parent(subject, name, index)
            continue
        yield from _unfit_parent(answer.value, name, index)
        described[name] = _read_parent(answer.value)
    yield from _differences(subject, described)


def _parent_without_run(subject: Subject, spec: str, index: int) -> Iterator[Finding]:
    """HPT902 for `latest(SPEC)` of a spec that has not run. A spec's own first run needs none."""
    compiled, environment = subject.compiled, subject.compiled.environment
    is_known = latest_run_of(compiled, spec, subject.queries) is not None
    if spec == compiled.name or environment is None or not is_known:
        return
    yield Finding(
        code="HPT902",
        severity=Severity.WARNING,
        message=f"no completed tuning job of the parent `{spec}` found in the environment "
        f"`{environment.name}`",
        path=parent_path(index),
        help=f"submit `{spec}` first, and wait until it has completed",
    )


def _absent_parent(subject: Subject, name: str, index: int) -> Finding:
    region = subject.queries.account.region
    spec = parent_spec(subject.compiled, name)
    if spec is not None:
        return Finding(
            code="HPT902",
            severity=Severity.WARNING,
            message=f"the parent's tuning job `{name}` does not exist in {region} yet",
            path=parent_path(index),
            help=f"submit `{spec}` first, and wait until it has ended",
        )
    return Finding(
        code="HPT902",
        message=f"no tuning job `{name}` found in {region}",
        path=parent_path(index),
        help="`hptc list` lists the tuning jobs",
    )


def _unfit_parent(description: Mapping[str, Any], name: str, index: int) -> Iterator[Finding]:
    status, created = description["HyperParameterTuningJobStatus"], description["CreationTime"]
    if status not in FINAL_STATUSES:
        yield Finding(
            code="HPT903",
            severity=Severity.WARNING,
            message=f"the parent `{name}` is {status}, but warm start needs parents that have "
            "ended",
            path=parent_path(index),
            help=f"submit when it has ended; `hptc status {name}` shows its status",
        )
    if created < _OLDEST_PARENT:
        yield Finding(
            code="HPT904",
            message=f"the parent `{name}` was created on {created:%d %B %Y}, before 1 October 2018",
            path=parent_path(index),
            help="remove it",
        )


def _read_parent(description: Mapping[str, Any]) -> TuningJob:
    """A parent with the number of training jobs that it ran instead of its limit."""
    job = read_job(requested(description))
    static = [
        replace(
            definition, static={k: v for k, v in definition.static.items() if not k.startswith("_")}
        )
        for definition in job.definitions
    ]
    job = replace(job, definitions=tuple(static))
    has_ended = description["HyperParameterTuningJobStatus"] in FINAL_STATUSES
    if not has_ended or not description.get("TrainingJobStatusCounters"):
        return job
    ended = training_job_counters(description).ended
    return replace(job, max_number_of_training_jobs=ended)


def _differences(subject: Subject, described: Mapping[str, TuningJob]) -> Iterator[Finding]:
    """The findings of the warm-start rules that are due to the parents."""
    about = warm_start.RULES + (identical_data.RULES if subject.is_resolved else ())
    rules = tuple(rule for rule in about if rule in subject.rules)
    alone = Context(job=subject.job, request=subject.request)
    with_parents = replace(alone, parents=described)
    known = check(alone, rules)
    for finding in check(with_parents, rules):
        # Describe returns a single instance type as a ResourceConfig, whatever the request had.
        if finding not in known and "HyperParameterTuningResourceConfig" not in finding.path:
            yield finding


def running_jobs(subject: Subject) -> Iterator[Finding]:
    """HPT912: the account runs the maximum number of tuning jobs."""
    tuning = subject.queries.account.tuning

    def count_running() -> int:
        return sum(1 for _ in tuning.list_jobs(status="InProgress", limit=MAX_RUNNING))

    answer = subject.queries.get("running tuning jobs", count_running)
    if answer is not None and answer.value >= MAX_RUNNING:
        yield Finding(
            code="HPT912",
            severity=Severity.WARNING,
            message=f"{MAX_RUNNING} tuning jobs are running in "
            f"{subject.queries.account.region}, the maximum for an account",
            path=_NAME,
            help="submit when one of them has ended",
        )

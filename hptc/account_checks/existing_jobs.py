"""The tuning jobs that an account has: the search's own name, its parents, how many run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from hptc.account_checks.deployed_spec import Subject
from hptc.compiler.importing import requested
from hptc.compiler.outcome import CompiledSpec
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.infrastructure.provenance_tags import TAG_PREFIX
from hptc.jobs.submission import is_described_by
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob
from hptc.rules import identical_data, warm_start
from hptc.rules.engine import check
from hptc.rules.rule import Context
from hptc.rules.warm_start import parent_path
from hptc.service.responses import OVER, TrainingJobCounters, described_request

MAX_RUNNING = 100
"""https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""

_OLDEST_PARENT = datetime(2018, 10, 1, tzinfo=UTC)
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html"""

_MOST_NAMES = 500
_NAME = RequestPath(("HyperParameterTuningJobName",))


def taken_name(subject: Subject) -> Iterator[Finding]:
    """HPT901: the name belongs to another job. The same job is no finding: it was submitted."""
    tuning, name = subject.ask.account.tuning, subject.job.name
    described = subject.ask.ask("the name", tuning.describe, name)
    if described is None:
        return
    if described.value is None:
        yield from _other_capitals(subject)
        return
    tags = subject.ask.ask(
        "the name", tuning.list_tags, described.value["HyperParameterTuningJobArn"]
    )
    if tags is not None and not _is_same(subject, described.value, tags.value):
        yield _taken(name)


def _is_same(subject: Subject, existing: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    tagged = tags.get(f"{TAG_PREFIX}digest")
    if tagged is not None:
        return tagged == subject.compiled.digest
    return not subject.is_resolved or is_described_by(subject.request, existing)


def _other_capitals(subject: Subject) -> Iterator[Finding]:
    """Names differ in more than their case; a filter by name may not know that."""
    name = subject.job.name
    part = name.rpartition("-")[2]  # of a name that is made from content: its digest

    def names_like(part: str) -> list[str]:
        found = subject.ask.account.tuning.list_jobs(name_contains=part)
        return [summary.name for summary in islice(found, _MOST_NAMES)]

    listed = subject.ask.ask("the name", names_like, part)
    for other in listed.value if listed is not None else ():
        if other.lower() == name.lower() and other != name:
            yield _taken(other)


def _taken(name: str) -> Finding:
    return Finding(
        code="HPT901",
        message=f"the account has another tuning job named `{name}` already",
        path=_NAME,
        label="taken",
        help="choose another name: jobs can't be changed",
    )


def parents(subject: Subject) -> Iterator[Finding]:
    """HPT902 to HPT904, and what HPT7xx says between the search and parents that are no specs."""
    warm = subject.job.warm_start
    if warm is None:
        return
    tuning = subject.ask.account.tuning

    def described_parent(name: str) -> Mapping[str, Any] | None:
        return described_request(tuning, name) if tuning.describe(name) is not None else None

    described: dict[str, TuningJob] = {}
    for index, name in enumerate(dict.fromkeys(warm.parents)):
        answer = subject.ask.ask("warm-start parents", described_parent, name)
        if answer is None:
            continue
        if answer.value is None:
            yield _absent_parent(subject, name, index)
            continue
        yield from _unfit_parent(answer.value, name, index)
        described[name] = _read_parent(answer.value)
    yield from _differences(subject, described)


def _absent_parent(subject: Subject, name: str, index: int) -> Finding:
    region, compiled = subject.ask.account.region, subject.compiled
    spec = compiled.spec if isinstance(compiled, CompiledSpec) else None
    written = list(spec.warm_start.parents or ()) if spec and spec.warm_start else []
    is_spec = index < len(written) and written[index] != name
    if is_spec:
        return Finding(
            code="HPT902",
            severity=Severity.WARNING,
            message=f"the parent's job `{name}` is not in {region} yet",
            path=parent_path(index),
            help=f"submit `{written[index]}` first, and wait for its end",
        )
    return Finding(
        code="HPT902",
        message=f"there is no tuning job `{name}` in {region}",
        path=parent_path(index),
        help="`hptc list` shows the jobs there are",
    )


def _unfit_parent(description: Mapping[str, Any], name: str, index: int) -> Iterator[Finding]:
    status, created = description["HyperParameterTuningJobStatus"], description["CreationTime"]
    if status not in OVER:
        yield Finding(
            code="HPT903",
            severity=Severity.WARNING,
            message=f"the parent `{name}` is {status}, and a search learns from those that ended",
            path=parent_path(index),
            help=f"submit when it has ended: `hptc status {name}`",
        )
    if created < _OLDEST_PARENT:
        yield Finding(
            code="HPT904",
            message=f"the parent `{name}` is of {created:%d %B %Y}, before 1 October 2018",
            path=parent_path(index),
            help="remove it",
        )


def _read_parent(description: Mapping[str, Any]) -> TuningJob:
    """A parent as it ran: its training jobs are those that it has had, not those it might have."""
    job = read_job(requested(description))
    static = [
        replace(one, static={k: v for k, v in one.static.items() if not k.startswith("_")})
        for one in job.definitions
    ]
    job = replace(job, definitions=tuple(static))
    counters = description.get("TrainingJobStatusCounters") or {}
    if description["HyperParameterTuningJobStatus"] not in OVER or not counters:
        return job
    run = TrainingJobCounters(
        completed=counters.get("Completed", 0),
        non_retryable_error=counters.get("NonRetryableError", 0),
        stopped=counters.get("Stopped", 0),
    )
    return replace(job, max_number_of_training_jobs=run.over)


def _differences(subject: Subject, described: Mapping[str, TuningJob]) -> Iterator[Finding]:
    """What the rules on warm starts find with the parents, and not without them."""
    about = warm_start.RULES + (identical_data.RULES if subject.is_resolved else ())
    rules = tuple(rule for rule in about if rule in subject.rules)
    alone = Context(job=subject.job, request=subject.request)
    with_parents = replace(alone, parents=described)
    known = check(alone, rules)
    for finding in check(with_parents, rules):
        # Describe tells one instance type as a ResourceConfig, however it was asked for.
        if finding not in known and "HyperParameterTuningResourceConfig" not in finding.path:
            yield finding


def running_jobs(subject: Subject) -> Iterator[Finding]:
    """HPT912: the account runs as many searches as it may."""
    tuning = subject.ask.account.tuning

    def count_running() -> int:
        return sum(1 for _ in tuning.list_jobs(status="InProgress", limit=MAX_RUNNING))

    answer = subject.ask.ask("running searches", count_running)
    if answer is not None and answer.value >= MAX_RUNNING:
        yield Finding(
            code="HPT912",
            severity=Severity.WARNING,
            message=f"{MAX_RUNNING} tuning jobs run in {subject.ask.account.region}, the most that "
            "an account may have",
            path=_NAME,
            help="submit when one has ended",
        )

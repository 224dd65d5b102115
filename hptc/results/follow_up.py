"""Writes the spec of the tuning job that follows another one, and explains its changes.

It starts from the described request, changes the ranges as the evidence says, and warm-starts from
the tuning job where the service supports that. The rules check the result: a range is not widened
beyond what they allow.
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from hptc.compiler.importing import requested, write_spec
from hptc.compiler.unfilling import unfilled
from hptc.diagnostics import Finding
from hptc.frozen import frozen
from hptc.jobs.job_names import name_stem
from hptc.request.emission import Request
from hptc.request.job_facts import MAX_TRAINING_JOBS, training_jobs
from hptc.request.reading import read_job
from hptc.request.training_code import TrainingCode
from hptc.request.tuning_job import CategoricalRange, NumericRange, TuningJob
from hptc.results.range_changes import RangeChange, range_changes, without_widening
from hptc.results.training_results import Results
from hptc.rules import RULES
from hptc.rules.engine import check
from hptc.rules.rule import Context
from hptc.source.document import Document, parse_document
from hptc.source.hidden_text import escape_hidden
from hptc.text import plural, printable

MAX_PARENTS = 5
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html"""

_NEXT = re.compile(r"(?P<stem>.*)-next(?:-(?P<number>\d{1,4}))?\Z")
_CONFIG = "HyperParameterTuningJobConfig"


@frozen
class FollowUp:
    """The spec of a follow-up tuning job."""

    name: str
    text: str
    notes: tuple[str, ...]  # what differs from the tuning job, besides its ranges
    changes: tuple[RangeChange, ...]
    findings: tuple[Finding, ...]  # of the rules, that the tuning job before did not have


def follow_up(
    described: Mapping[str, Any],
    results: Results,
    parents: Mapping[str, TuningJob],
    *,
    name: str | None = None,
    has_new_data: bool = False,
    sources: Mapping[str, TrainingCode] | None = None,
    no_warm_start: str = "",
) -> FollowUp:
    """The follow-up of a described tuning job, whose tags are those of its author.

    `parents` are the warm-start parents of the tuning job that still exist. `sources` is the code
    of its definitions, where the spec has `source`. `no_warm_start` is a reason to omit the warm
    start. A request that was not submitted may have references to stacks: the spec omits them, or
    has templates. Raises UsageError for a request that a spec can't express.
    """
    before = results.job
    request = deepcopy(requested(described))
    original = deepcopy(request)
    notes = [*([results.statement] if results.statement else []), _summary(results)]
    origin = results.status.origin
    if origin.spec:
        notes.append(f"its spec: {origin.spec}" + (f" at {origin.commit}" if origin.commit else ""))
    notes += _set_warm_start(
        request, results, parents, has_new_data=has_new_data, no_warm_start=no_warm_start
    )
    notes += _set_limits(request, results, parents)
    changes = [
        change for definition in before.definitions for change in range_changes(results, definition)
    ]
    if before.is_autotuned:
        changes = []
        notes.append("Autotune chooses the ranges, so they are as before")
    earlier_findings = {
        (finding.code, finding.message) for finding in check(_context(original, {}), RULES)
    }
    jobs = {before.name: before, **parents}
    changes, findings = _allowed(request, changes, jobs, earlier_findings)
    _apply(request, changes)
    name = name or _next_name(before.name)
    # Without a job name, the content of the spec names the job.
    unnamed = {key: value for key, value in request.items() if key != "HyperParameterTuningJobName"}
    text = write_spec(unfilled(unnamed), name=name, sources=sources)
    if not changes and not before.is_autotuned:
        notes.append("the ranges are as before: there is not enough evidence to change them")
    return FollowUp(
        name=name,
        text=_commented(text, read_job(request), changes, notes),
        notes=tuple(notes),
        changes=tuple(changes),
        findings=tuple(findings),
    )


def parent_names(job: TuningJob) -> tuple[str, ...]:
    """The warm-start parents of a tuning job."""
    return job.warm_start.parents if job.warm_start else ()


def _summary(results: Results) -> str:
    total = len(results.training_jobs)
    with_objective = sum(
        training_job.objective is not None for training_job in results.training_jobs
    )
    text = f"follows {results.job.name}: {with_objective} of {plural(total, 'training job')} "
    text += "reported the objective"
    best = next(
        (training_job for training_job in results.ranked if training_job.objective is not None),
        None,
    )
    return text if best is None else f"{text}; the best is {best.objective:.6g}"


def _set_warm_start(
    request: Request,
    results: Results,
    parents: Mapping[str, TuningJob],
    *,
    has_new_data: bool,
    no_warm_start: str,
) -> Iterator[str]:
    """Warm-start from the tuning job, if AWS documents that for it. Yields the reasons."""
    request.pop("WarmStartConfig", None)
    if obstacle := _obstacle(results):
        yield f"no warm start: {obstacle}"
        return
    config = request[_CONFIG]
    if results.job.strategy == "Grid":
        config["Strategy"] = "Bayesian"
        yield "Bayesian instead of Grid: a grid would repeat what it has tried"
    if config.pop("RandomSeed", None) is not None:
        yield "no random seed: with the same one, the values repeat"
    if no_warm_start:
        yield f"no warm start: {no_warm_start}"
        return
    warm_start = results.job.warm_start
    is_same_data = warm_start is not None and warm_start.type != "TransferLearning"
    earlier = _usable_parents(results, parents) if is_same_data or has_new_data else []
    if earlier:
        yield "with the parents of the tuning job: a warm start is not recursive"
    kind = "TransferLearning" if has_new_data else "IdenticalDataAndAlgorithm"
    why = "the data has changed" if has_new_data else "the data and the algorithm are the same"
    yield f"{kind}: {why}"
    request["WarmStartConfig"] = {
        "ParentHyperParameterTuningJobs": [
            {"HyperParameterTuningJobName": name} for name in (results.job.name, *earlier)
        ],
        "WarmStartType": kind,
    }


def _obstacle(results: Results) -> str:
    """Why no tuning job can warm-start from this one; empty if one can."""
    job = results.job
    if job.is_multiple:
        return "a parent has a single algorithm"
    if job.is_autotuned or job.strategy == "Hyperband":
        return f"AWS documents none for {'Autotune' if job.is_autotuned else 'Hyperband'}"
    if all(training_job.objective is None for training_job in results.training_jobs):
        return "no training job reported the objective"
    if _used_jobs(results) >= MAX_TRAINING_JOBS:
        return f"the maximum is {MAX_TRAINING_JOBS} training jobs, with those of the parents"
    return ""


def _usable_parents(results: Results, parents: Mapping[str, TuningJob]) -> list[str]:
    """The parents of the tuning job that can be parents as well, within the service's limits."""
    names: list[str] = []
    room = MAX_TRAINING_JOBS - _used_jobs(results) - 1
    for name, parent in parents.items():
        count = training_jobs(parent) or 0
        if len(names) < MAX_PARENTS - 1 and count <= room:
            names.append(name)
            room -= count
    return names


def _set_limits(
    request: Request, results: Results, parents: Mapping[str, TuningJob]
) -> Iterator[str]:
    """Keep the training jobs within what the service allows together with the parents."""
    limits = request[_CONFIG]["ResourceLimits"]
    if results.job.strategy == "Grid" and "MaxNumberOfTrainingJobs" not in limits:
        limits["MaxNumberOfTrainingJobs"] = max(1, len(results.training_jobs))
    started = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    if not started:
        return
    counts = [
        training_jobs(parents[parent["HyperParameterTuningJobName"]]) or 0
        for parent in started
        if parent["HyperParameterTuningJobName"] in parents
    ]
    used = sum(counts) + _used_jobs(results)
    limit = limits.get("MaxNumberOfTrainingJobs")
    if limit is not None and limit + used > MAX_TRAINING_JOBS:
        limits["MaxNumberOfTrainingJobs"] = max(1, MAX_TRAINING_JOBS - used)
        yield (
            f"{plural(limits['MaxNumberOfTrainingJobs'], 'training job')} instead of {limit}: the "
            f"maximum with those of the parents is {MAX_TRAINING_JOBS}"
        )


def _used_jobs(results: Results) -> int:
    """How many training jobs the tuning job counts as a parent: its limit, or more if more ran."""
    allowed, ran = training_jobs(results.job), len(results.training_jobs)
    return ran if allowed is None else max(allowed, ran)


def _allowed(
    request: Request,
    changes: Sequence[RangeChange],
    parents: Mapping[str, TuningJob],
    earlier_findings: set[tuple[str, str]],
) -> tuple[list[RangeChange], list[Finding]]:
    """The changes that the rules accept, and what they still report of the request.

    A range that they report is not widened, and if they still report it, not changed.
    """
    kept = list(changes)
    for _ in range(2 * len(kept) + 1):
        trial = deepcopy(request)
        _apply(trial, kept)
        findings = [
            finding
            for finding in check(_context(trial, parents), RULES)
            if (finding.code, finding.message) not in earlier_findings
        ]
        reported = [(change, finding) for change in kept if (finding := _about(change, findings))]
        if not reported:
            return kept, findings
        change, finding = reported[0]
        kept.remove(change)
        if change.is_wider:
            kept.append(without_widening(change, finding.message))
    return kept, findings


def _about(change: RangeChange, findings: Sequence[Finding]) -> Finding | None:
    path = tuple(change.before.path)
    return next((finding for finding in findings if tuple(finding.path[: len(path)]) == path), None)


def _context(request: Request, parents: Mapping[str, TuningJob]) -> Context:
    named = [
        parent["HyperParameterTuningJobName"]
        for parent in request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", ())
    ]
    return Context(
        job=read_job({**request, "HyperParameterTuningJobName": "next"}),
        request=request,
        parents={name: parents[name] for name in named if name in parents},
        spec_name="next",
    )


def _apply(request: Request, changes: Sequence[RangeChange]) -> None:
    for change in changes:
        member: Any = request
        for part in change.before.path:
            member = member[part]
        match change.after:
            case NumericRange(min=low, max=high):
                member["MinValue"], member["MaxValue"] = low, high
            case CategoricalRange(values=values):
                member["Values"] = list(values)


def _next_name(job_name: str) -> str:
    """`churn-next` after `churn-1a2b3c4d`, then `churn-next-2`."""
    stem = name_stem(job_name)
    follow_up_name = _NEXT.match(stem)
    if follow_up_name is None:
        return f"{stem}-next"
    return f"{follow_up_name['stem']}-next-{int(follow_up_name['number'] or 1) + 1}"


def _commented(
    text: str, job: TuningJob, changes: Sequence[RangeChange], notes: Sequence[str]
) -> str:
    """The text with the notes at its top, and each reason above its range."""
    document, _ = parse_document(text, "next.yaml")
    lines = text.splitlines(keepends=True)
    comments = sorted(
        ((_line(document, job, change), change.reasons) for change in changes), reverse=True
    )
    for line, reasons in comments:
        indent = " " * (len(lines[line - 1]) - len(lines[line - 1].lstrip(" ")))
        lines[line - 1 : line - 1] = [f"{indent}{_comment(reason)}" for reason in reasons]
    return "".join([*map(_comment, _sentences(notes)), *lines])


def _sentences(notes: Sequence[str]) -> Iterator[str]:
    for note in notes:
        yield f"{note[0].upper()}{note[1:]}."


def _comment(text: str) -> str:
    return f"# {escape_hidden(printable(text))}\n"


def _line(document: Document, job: TuningJob, change: RangeChange) -> int:
    """The line of a range in the spec."""
    for definition in job.definitions:
        if any(range_.path == change.before.path for range_ in definition.ranges):
            where = (
                ("training_jobs", definition.name or "") if job.is_multiple else ("training_job",)
            )
            path = (*where, "hyperparameters", change.before.name)
            return document.span(path, key=True).line
    raise ValueError(f"no definition has the range {change.before.name}")

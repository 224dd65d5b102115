"""Renders plans and their application as text, and the application also as JSON.

The first line is the verdict, followed by what to do, most urgent first. A plan as JSON is
`hptc.jobs.plan_file.plan_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, assert_never

from hptc.jobs.decisions import Blocked, NotSubmitted, Submitted, Unchanged, latest_run_notes
from hptc.jobs.planned import Applied, Plan, PlannedSubmission, StaleJob, StaleReason
from hptc.render.cost import forecast, headline, total
from hptc.render.documents.envelope import document
from hptc.render.jobs_json import failures_data
from hptc.render.orphans import orphan_advice
from hptc.stacks.results import StackState, StackStatus
from hptc.text import plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.tuning_jobs import AppliedJobData, AppliedPlanData

_MAX_ENDED = 10
_COLORS = {"submit": "32;1", "blocked": "31;1", "urgent": "33;1", "bold": "1", "quiet": "2"}


def verdict(plan: Plan) -> str:
    """The result of a plan in one line."""
    counts = [
        (len(plan.to_submit), "to submit"),
        (len(plan.unchanged), "unchanged"),
        (len(plan.blocked), "blocked"),
    ]
    parts = [f"{count:,} {outcome}" for count, outcome in counts if count]
    if not plan.to_submit:
        parts.insert(0, "nothing to submit")
    stacks = len(plan.stacks.not_deployed)
    if stacks:
        parts.append(f"{plural(stacks, 'stack')} to deploy")
    if plan.stacks.foreign:
        parts.append(f"{plural(len(plan.stacks.foreign), 'stack')} of another owner")
    if plan.stacks.orphaned:
        parts.append(f"{plural(len(plan.stacks.orphaned), 'orphaned stack')}")
    running = sum(not job.has_ended for job in plan.stale.jobs)
    if running:
        parts.append(f"{plural(running, 'stale job')} still running")
    return ", ".join(parts)


def render_plan(plan: Plan, *, color: bool = False) -> str:
    """A plan as text, with a line break at the end."""
    place = plan.place
    lines = [
        _paint(color, "bold", verdict(plan)),
        printable(
            f"{place.project}, environment {place.environment}: "
            f"account {place.account}, {place.region}"
        ),
    ]
    sections: Sequence[tuple[str, str, Sequence[str]]] = (
        ("submit", "to submit", list(_to_submit(plan))),
        ("blocked", "blocked", list(_blocked(plan.blocked))),
        ("bold", "unchanged", _columns([_unchanged(job) for job in plan.unchanged])),
        ("urgent", "stacks to deploy", list(_stacks(plan))),
        ("urgent", "stacks of another owner", list(_foreign(plan))),
        ("urgent", "orphaned stacks", list(_orphaned(plan))),
        ("urgent", "stale jobs, still running", list(_running(plan))),
        ("quiet", "stale jobs, ended", list(_ended(plan))),
    )
    for style, title, body in sections:
        if body:
            lines += ["", _paint(color, style, title), *(f"  {line}" for line in body)]
    return "\n".join(lines) + "\n"


def applied_json(applied: Sequence[Applied]) -> str:
    """The document of `hptc submit` for a saved plan."""
    jobs: list[AppliedJobData] = []
    failed: list[NotSubmitted] = []
    for job in applied:
        if isinstance(job.outcome, NotSubmitted):
            failed.append(job.outcome)
            continue
        entry: AppliedJobData = {
            "spec": job.planned.spec,
            "file": job.planned.file,
            "name": job.outcome.name,
            "outcome": "submitted" if isinstance(job.outcome, Submitted) else "unchanged",
        }
        jobs.append(entry)
    data: AppliedPlanData = {"jobs": jobs}
    if failed:
        data["failed"] = failures_data(failed)
    return document("submit", data)


def _to_submit(plan: Plan) -> Iterator[str]:
    rows = _columns([_new(job) for job in plan.to_submit])
    for row, job in zip(rows, plan.to_submit, strict=True):
        yield row
        yield from (f"  {printable(note)}" for note in latest_run_notes(job.provided))
        if job.cost is not None:
            yield f"  {printable(headline(job.cost.bound))}"
            yield from (f"  unknown: {printable(missing)}" for missing in job.cost.bound.missing)
            yield f"  expected: {printable(forecast(job.cost.expected))}"
    if plan.total_cost is not None and len(plan.to_submit) > 1:
        yield f"total: {total(plan.total_cost)}"


def _new(job: PlannedSubmission) -> tuple[str, ...]:
    return job.name, job.file, f"commit {job.commit}" if job.commit else ""


def _unchanged(job: Unchanged) -> tuple[str, ...]:
    return job.name, job.file, job.status


def _blocked(blocked: Sequence[Blocked]) -> Iterator[str]:
    rows = _columns([(job.name, job.file) for job in blocked])
    for row, job in zip(rows, blocked, strict=True):
        yield row
        yield f"  {printable(job.reason)}"
        if job.help:
            yield f"  help: {printable(job.help)}"


def _stacks(plan: Plan) -> Iterator[str]:
    needed = plan.stacks.not_deployed
    yield from _columns([(stack.name, _state(stack)) for stack in needed])
    if needed:
        yield f"help: `hptc deploy --env {printable(plan.place.environment)}`"


def _state(stack: StackStatus) -> str:
    match stack.state:
        case StackState.DEPLOYED:
            return "deployed"
        case StackState.MISSING:
            return "not deployed"
        case StackState.CHANGED:
            return "changed; `cdk diff` shows how"
        case StackState.INCOMPLETE:
            return f"has no output {', '.join(stack.missing_outputs)}"
        case StackState.FOREIGN:
            return stack.owner
        case _:
            assert_never(stack.state)


def _foreign(plan: Plan) -> Iterator[str]:
    foreign = plan.stacks.foreign
    yield from _columns([(stack.name, _state(stack)) for stack in foreign])
    if foreign:
        adopted = " ".join(f"--adopt {printable(stack.name)}" for stack in foreign)
        yield (
            "help: rename the project or the environment; to take them over, "
            f"`hptc deploy --env {printable(plan.place.environment)} {adopted}`"
        )


def _orphaned(plan: Plan) -> Iterator[str]:
    yield from map(printable, plan.stacks.orphaned)
    if plan.stacks.orphaned:
        command = f"hptc destroy NAME --env {printable(plan.place.environment)}"
        yield f"help: {orphan_advice(command, plan.stacks.orphaned)}"
    if plan.stacks.listing_error:
        yield f"not checked: {printable(plan.stacks.listing_error)}"


def _running(plan: Plan) -> Iterator[str]:
    running = [job for job in plan.stale.jobs if not job.has_ended]
    yield from _columns([(job.name, job.status, _reason(job)) for job in running])
    if running:
        yield f"help: `hptc stop NAME --env {printable(plan.place.environment)}` stops one"


def _ended(plan: Plan) -> Iterator[str]:
    ended = [job for job in plan.stale.jobs if job.has_ended]
    yield from _columns([(job.name, job.status, _reason(job)) for job in ended[:_MAX_ENDED]])
    more = len(ended) - _MAX_ENDED
    if more > 0:
        yield f"and {more:,} more"
    if plan.stale.unchecked:
        yield f"{plural(plan.stale.unchecked, 'older job')} not checked"


def _reason(job: StaleJob) -> str:
    match job.reason:
        case StaleReason.SUPERSEDED:
            return f"superseded: earlier content of {job.spec}"
        case StaleReason.ORPHANED:
            return f"orphaned: {job.spec or 'its spec'} is not in this project"
        case _:
            assert_never(job.reason)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in clean
    ]


def _paint(color: bool, style: str, text: str) -> str:
    return f"\033[{_COLORS[style]}m{text}\033[0m" if color else text

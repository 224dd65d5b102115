"""A plan, and what became of it, as text for people. JSON is `hptc.jobs.plan_file.plan_text`.

The first line is the verdict; then what has to be done, the most urgent first. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from hptc.jobs.apply import Applied
from hptc.jobs.history import EarlierJob, Fate
from hptc.jobs.plan import AlreadyThere, Blocked, Plan, ToSubmit
from hptc.jobs.submission import Submitted
from hptc.render.cost import forecast, headline, total
from hptc.render.diagnostics import printable
from hptc.render.jobs import render_submission
from hptc.stacks.status import PlannedStack, StackState

VERSION = 1
_MOST_OVER = 10
_COLORS = {"submit": "32;1", "blocked": "31;1", "urgent": "33;1", "bold": "1", "quiet": "2"}


def verdict(plan: Plan) -> str:
    """What a plan comes to, in one line."""
    counts = [
        (len(plan.to_submit), "to submit"),
        (len(plan.unchanged), "unchanged"),
        (len(plan.blocked), "blocked"),
    ]
    said = [f"{count} {what}" for count, what in counts if count]
    if not plan.to_submit:
        said.insert(0, "nothing to submit")
    stacks = len(plan.stacks.not_deployed)
    if stacks:
        said.append(f"{_count(stacks, 'stack')} to deploy")
    if plan.stacks.orphaned:
        said.append(f"{_count(len(plan.stacks.orphaned), 'stack')} orphaned")
    running = sum(not job.is_over for job in plan.earlier.jobs)
    if running:
        said.append(f"{_count(running, 'earlier job')} still running")
    return ", ".join(said)


def render_plan(plan: Plan, *, color: bool = False) -> str:
    """A plan for people, ending with a line break."""
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
        ("bold", "unchanged", _columns([_there(each) for each in plan.unchanged])),
        ("urgent", "stacks to deploy", list(_stacks(plan))),
        ("urgent", "orphaned stacks", list(_orphaned(plan))),
        ("urgent", "still running, though no spec makes them any more", list(_running(plan))),
        ("quiet", "over, and no spec makes them any more", list(_over(plan))),
    )
    for style, title, body in sections:
        if body:
            lines += ["", _paint(color, style, title), *(f"  {line}" for line in body)]
    return "\n".join(lines) + "\n"


def render_applied(applied: Applied) -> str:
    """What became of one planned job, for people."""
    return render_submission(applied.outcome)


def applied_json(applied: Sequence[Applied]) -> str:
    """What became of planned jobs, for programs."""
    jobs: list[dict[str, Any]] = []
    for each in applied:
        entry = {
            "spec": each.planned.spec,
            "file": each.planned.file,
            "name": each.outcome.name,
            "outcome": "submitted" if isinstance(each.outcome, Submitted) else "unchanged",
        }
        jobs.append(entry)
    return json.dumps({"version": VERSION, "jobs": jobs}, indent=2, ensure_ascii=False) + "\n"


def _to_submit(plan: Plan) -> Iterator[str]:
    rows = _columns([_new(each) for each in plan.to_submit])
    for row, each in zip(rows, plan.to_submit, strict=True):
        yield row
        if each.cost is not None:
            yield f"  {printable(headline(each.cost.bound))}"
            yield from (f"  unknown: {printable(missing)}" for missing in each.cost.bound.missing)
            yield f"  expected: {printable(forecast(each.cost.expected))}"
    if plan.total_cost is not None and len(plan.to_submit) > 1:
        yield f"together {total(plan.total_cost)}"


def _new(each: ToSubmit) -> tuple[str, ...]:
    return each.name, each.file, f"commit {each.commit}" if each.commit else ""


def _there(each: AlreadyThere) -> tuple[str, ...]:
    return each.name, each.file, each.status


def _blocked(blocked: Sequence[Blocked]) -> Iterator[str]:
    rows = _columns([(each.name, each.file) for each in blocked])
    for row, each in zip(rows, blocked, strict=True):
        yield row
        yield f"  {printable(each.reason)}"
        if each.help:
            yield f"  help: {printable(each.help)}"


def _stacks(plan: Plan) -> Iterator[str]:
    needed = plan.stacks.not_deployed
    yield from _columns([(each.name, _state(each)) for each in needed])
    if needed:
        yield f"help: `hptc deploy --env {printable(plan.place.environment)}`"


def _state(stack: PlannedStack) -> str:
    match stack.state:
        case StackState.DEPLOYED:
            return "deployed"
        case StackState.MISSING:
            return "not there"
        case StackState.CHANGED:
            return "the specs ask for something else now; `cdk diff` says what"
        case StackState.INCOMPLETE:
            return f"has no output {', '.join(stack.missing_outputs)}"
        case _:
            assert_never(stack.state)


def _orphaned(plan: Plan) -> Iterator[str]:
    yield from map(printable, plan.stacks.orphaned)
    if plan.stacks.orphaned:
        command = f"hptc destroy NAME --env {printable(plan.place.environment)}"
        yield f"help: `{command}` removes one, once no job runs with its role"
    if plan.stacks.not_listed_because:
        yield f"not looked for: {printable(plan.stacks.not_listed_because)}"


def _running(plan: Plan) -> Iterator[str]:
    running = [job for job in plan.earlier.jobs if not job.is_over]
    yield from _columns([(job.name, job.status, _fate(job)) for job in running])
    if running:
        yield f"help: `hptc stop NAME --env {printable(plan.place.environment)}` stops one"


def _over(plan: Plan) -> Iterator[str]:
    over = [job for job in plan.earlier.jobs if job.is_over]
    yield from _columns([(job.name, job.status, _fate(job)) for job in over[:_MOST_OVER]])
    more = len(over) - _MOST_OVER
    if more > 0:
        yield f"and {more} more"
    if plan.earlier.not_looked_at:
        yield f"{_count(plan.earlier.not_looked_at, 'older job')} not looked at"


def _fate(job: EarlierJob) -> str:
    match job.fate:
        case Fate.SUPERSEDED:
            return f"superseded: earlier content of {job.spec}"
        case Fate.ORPHANED:
            return f"orphaned: {job.spec or 'its spec'} is not here"
        case _:
            assert_never(job.fate)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in clean
    ]


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _paint(color: bool, style: str, text: str) -> str:
    return f"\033[{_COLORS[style]}m{text}\033[0m" if color else text

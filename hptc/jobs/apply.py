"""Applies a saved plan: submits exactly what it contains, or nothing.

`check_plan` compares everything with the plan before `apply` creates the first job. Repeating an
interrupted run finds the jobs that it created, and submits the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import assert_never

from hptc.compiler.outcome import Compiled
from hptc.errors import HptcError, OperationError
from hptc.frozen import frozen
from hptc.jobs.decisions import Blocked, Decision, NotSubmitted, Submit, Unchanged
from hptc.jobs.plan import decide_all, place_of
from hptc.jobs.planned import Applied, Place, Plan, PlannedDecision, PlannedSubmission
from hptc.jobs.provenance import ProvenanceOf
from hptc.jobs.snapshot import JobSnapshot, StackSnapshot
from hptc.jobs.submission import attempt_each, execute
from hptc.project.references import latest_spec, reference
from hptc.service.interface import Progress, StackReader, Tuning, TuningReader, silent
from hptc.stacks.status import current_digests
from hptc.text import plural


@frozen
class CheckedPlan:
    """A plan that is not out of date, and the decisions about its specs as they are now."""

    plan: Plan
    current: Mapping[str, Decision]  # by spec

    @property
    def new_jobs(self) -> list[Submit]:
        """The tuning jobs to create, without those that an interrupted run has created."""
        decisions = (self.current[job.spec] for job in self.plan.to_submit)
        return [decision for decision in decisions if isinstance(decision, Submit)]


def check_plan(
    plan: Plan,
    compiled: Sequence[Compiled],
    tuning: TuningReader,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    progress: Progress = silent,
) -> CheckedPlan:
    """Compare a plan with what a submission would do now. Nothing is created.

    `compiled` are the plan's specs as they are now. Other specs are ignored, and so are those that
    are unchanged or blocked in the plan.

    Raises OperationError if the plan is out of date.
    """
    in_plan = {decision.spec for decision in plan.decisions}
    chosen = [spec for spec in compiled if spec.name in in_plan]
    place = place_of(chosen, tuning) if chosen else plan.place
    differences = list(_place_differences(plan.place, place))
    decisions: Sequence[Decision] = ()
    if not differences:
        progress(f"checking {plural(len(chosen), 'spec')} against the plan")
        jobs = JobSnapshot(tuning=tuning)
        decisions = decide_all(
            chosen,
            jobs,
            StackSnapshot(stacks),
            provenance=provenance,
            digests=current_digests(chosen),
        )
        differences = plan_differences(plan.decisions, decisions)
    if differences:
        raise OperationError(
            "the plan is out of date; nothing was submitted:"
            + "".join(f"\n  - {difference}" for difference in differences),
            help="`hptc plan` shows what would happen now",
        )
    return CheckedPlan(plan=plan, current={decision.spec: decision for decision in decisions})


def apply(
    checked: CheckedPlan,
    tuning: Tuning,
    *,
    refused: Mapping[str, HptcError] | None = None,
    progress: Progress = silent,
) -> Iterator[Applied]:
    """Submit the jobs of a plan in its order; yields each outcome as soon as it is known.

    A job that AWS refuses does not stop the others. `refused` are the errors, by spec, of jobs that
    are not to be submitted.
    """
    errors = refused or {}

    def attempt(job: PlannedSubmission) -> Applied:
        if job.spec in errors:
            raise errors[job.spec]
        outcome = execute(checked.current[job.spec], tuning, progress=progress)
        return Applied(planned=job, outcome=outcome)

    def failure(job: PlannedSubmission, error: HptcError) -> Applied:
        outcome = NotSubmitted(name=job.name, file=job.file, error=error)
        return Applied(planned=job, outcome=outcome)

    return attempt_each(checked.plan.to_submit, attempt, failure)


def _place_differences(planned: Place, now: Place) -> Iterator[str]:
    for field in fields(Place):
        before, after = getattr(planned, field.name), getattr(now, field.name)
        if before != after:
            field_name = "Region" if field.name == "region" else field.name
            yield f"the plan is for the {field_name} `{before}`, but the specs are in `{after}` now"


def plan_differences(planned: Sequence[PlannedDecision], now: Sequence[Decision]) -> list[str]:
    """How the current decisions differ from a plan, a line each.

    A job that was blocked in the plan doesn't count, nor does one that was submitted meanwhile.
    """
    current = {decision.spec: decision for decision in now}
    return [
        difference
        for decision in planned
        if not isinstance(decision, Blocked)
        for difference in _differences(decision, current.get(decision.spec))
    ]


def _differences(planned: PlannedSubmission | Unchanged, now: Decision | None) -> Iterator[str]:
    spec = f"`{planned.spec}` ({planned.file})"
    if now is None:
        yield f"{spec} is no longer among the specs"
        return
    if planned.name != now.name:
        yield f"{spec} has changed: its job was `{planned.name}` and is now `{now.name}`"
        return
    if planned.digest != now.digest:
        before, after = planned.digest[:12], now.digest[:12]
        yield f"{spec} has changed: its digest was {before} and is now {after}"
        return
    match now:
        case Blocked():
            yield f"{spec} is blocked: {now.reason}"
        case Unchanged():
            pass
        case Submit():
            if isinstance(planned, Unchanged):
                yield f"{spec}: the job `{planned.name}` was {planned.status} and no longer exists"
            else:
                yield from _value_differences(spec, planned.provided, now.provided)
        case _:
            assert_never(now)


def _value_differences(
    spec: str, planned: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[str]:
    for name in sorted({*planned, *now}):
        before, after = planned.get(name, ""), now.get(name, "")
        if before == after:
            continue
        parent = latest_spec(name)
        if parent is None:
            yield f"{spec}: `{reference(name)}` was `{before}` and is now `{after}`"
        else:
            was, becomes = (f"`{run}`" if run else "none" for run in (before, after))
            yield (
                f"{spec}: the newest completed tuning job of `{parent}` was {was} and is now "
                f"{becomes}"
            )

"""A plan to AWS: exactly what it says, or nothing.

Everything is compared with the plan before the first job is created. A repeat finds what an
interrupted run has submitted, and goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import assert_never

from hptc.compiler.outcome import Compiled
from hptc.errors import OperationError
from hptc.jobs.plan import (
    AlreadyThere,
    Blocked,
    Decision,
    Place,
    Plan,
    ProvenanceOf,
    ToSubmit,
    decide,
    place_of,
)
from hptc.jobs.read_only import ReadOnlyTuning, StacksReadOnce
from hptc.jobs.submission import Submission, submit
from hptc.project.references import reference
from hptc.service.interface import Progress, Stacks, Tuning, silent

PLAN_AGAIN = "`hptc plan` shows what would happen now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of one job that was to be submitted."""

    planned: ToSubmit
    outcome: Submission


def apply(
    plan: Plan,
    compiled: Sequence[Compiled],
    tuning: Tuning,
    stacks: Stacks,
    *,
    provenance: ProvenanceOf,
    progress: Progress = silent,
) -> Iterator[Applied]:
    """Submit what a plan says, in its order; each outcome as soon as it is known.

    `compiled` are the plan's specs as they are now; others are left alone, and so is what the plan
    calls unchanged or blocked. Everything is checked by this call, before there is an outcome.

    Raises OperationError when something moved since the plan, and what hptc.jobs.submission.submit
    raises. A run that was interrupted can be repeated.
    """
    planned = {decision.spec for decision in plan.decisions}
    chosen = [one for one in compiled if one.name in planned]
    place = place_of(chosen, tuning) if chosen else plan.place
    faults = list(_moved_place(plan.place, place))
    seen = StacksReadOnce(stacks)
    if not faults:
        now = decide(chosen, ReadOnlyTuning(tuning=tuning), seen, provenance=provenance)
        faults = moved(plan.decisions, now)
    if faults:
        raise OperationError(
            "the plan does not hold any more, and nothing was submitted:"
            + "".join(f"\n  - {fault}" for fault in faults),
            help=PLAN_AGAIN,
        )
    by_spec = {one.name: one for one in chosen}

    def outcomes() -> Iterator[Applied]:
        for each in plan.to_submit:
            one = by_spec[each.spec]
            # With the stacks as they were checked: what is sent is what was planned.
            outcome = submit(one, tuning, seen, provenance=provenance(one), progress=progress)
            yield Applied(planned=each, outcome=outcome)

    return outcomes()


def _moved_place(then: Place, now: Place) -> Iterator[str]:
    for each in fields(Place):
        ours, theirs = getattr(then, each.name), getattr(now, each.name)
        if ours != theirs:
            what = "Region" if each.name == "region" else each.name
            yield f"the plan is for the {what} `{ours}`, and the specs are now in `{theirs}`"


def moved(then: Sequence[Decision], now: Sequence[Decision]) -> list[str]:
    """What is not as planned any more, a line each. A job that was submitted meanwhile is."""
    current = {decision.spec: decision for decision in now}
    return [
        fault
        for decision in then
        if not isinstance(decision, Blocked)
        for fault in _moved(decision, current.get(decision.spec))
    ]


def _moved(then: ToSubmit | AlreadyThere, now: Decision | None) -> Iterator[str]:
    what = f"`{then.spec}` ({then.file})"
    if now is None:
        yield f"{what} is not among the specs any more"
        return
    if then.name != now.name:
        yield f"{what} has changed: it was `{then.name}` and is now `{now.name}`"
        return
    if then.digest != now.digest:
        yield f"{what} has changed: its digest was {then.digest[:12]} and is now {now.digest[:12]}"
        return
    match now:
        case Blocked():
            yield f"{what} is blocked: {now.reason}"
        case AlreadyThere():
            pass
        case ToSubmit():
            if isinstance(then, AlreadyThere):
                yield f"{what}: the job `{then.name}` was {then.status} and is gone"
            else:
                yield from _moved_values(what, then.provided, now.provided)
        case _:
            assert_never(now)


def _moved_values(what: str, then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*then, *now}):
        ours, theirs = then.get(name, ""), now.get(name, "")
        if ours != theirs:
            yield f"{what}: `{reference(name)}` was `{ours}` and is now `{theirs}`"

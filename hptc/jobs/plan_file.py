"""A plan as text, and back: what `hptc plan --out` writes and `hptc submit` reads.

The text may come from anywhere, so all of it is checked; what a plan says is then compared with the
specs and with AWS before anything happens.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from hptc.cost.bound import BoundSummary
from hptc.cost.forecast import EvidenceRun, ExpectedCost, TotalCost
from hptc.errors import UsageError
from hptc.jobs.history import EarlierJob, EarlierJobs, Fate
from hptc.jobs.plan import AlreadyThere, Blocked, Decision, Obstacle, Place, Plan, ToSubmit
from hptc.jobs.plan_costs import PlannedCost
from hptc.stacks.status import PlannedStack, PlannedStacks, StackState

KIND = "hptc-plan"
VERSION = 1

_MOST_FAULTS = 5


_Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=2)]
_Line = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$", max_length=4096),
]
_JobName = Annotated[
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    str, StringConstraints(pattern="^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$", max_length=32)
]
_Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
_Reference = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$", max_length=64)]
_Key = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]+$", max_length=255)]
_StackName = Annotated[str, StringConstraints(pattern="^[A-Za-z][A-Za-z0-9-]*$", max_length=128)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class _Place(_Model):
    account: Annotated[str, StringConstraints(pattern="^[0-9]{12}$")]
    region: Annotated[str, StringConstraints(pattern="^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]
    project: _Line
    environment: _Line


class _OfSpec(_Model):
    spec: _Line
    file: _Line
    name: _JobName
    digest: _Digest

    @field_validator("file")
    @classmethod
    def _is_below(cls, file: str) -> str:
        path = PurePath(file)
        if not file or path.is_absolute() or ".." in path.parts:
            raise ValueError(
                f"`{file}` is not below this folder: make and apply a plan in the project's folder"
            )
        return file


class _Bound(_Model):
    region: _Line | None
    usd_low: _Amount | None
    usd: _Amount | None
    instance_hours: _Amount | None
    price_dates: tuple[_Line, ...]
    price_origins: tuple[_Line, ...]
    missing: tuple[_Line, ...]


class _Ground(_Model):
    name: _JobName
    date: Annotated[str, StringConstraints(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    is_same_content: bool
    training_jobs: int = Field(ge=1)
    seconds: int = Field(ge=0)


class _Expected(_Model):
    usd_low: _Amount | None
    usd: _Amount | None
    usd_high: _Amount | None
    instance_hours: _Amount | None
    training_jobs: int | None
    seconds_each: int | None
    grounds: list[_Ground]
    assumptions: tuple[_Line, ...]
    unknown: _Line


class _Cost(_Model):
    bound: _Bound
    expected: _Expected

    def plain(self) -> PlannedCost:
        grounds = tuple(EvidenceRun(**each.model_dump()) for each in self.expected.grounds)
        return PlannedCost(
            bound=BoundSummary(**self.bound.model_dump()),
            expected=ExpectedCost(**{**self.expected.model_dump(), "grounds": grounds}),
        )


class _Total(_Model):
    searches: int
    unknown: int
    usd: _Amount | None
    instance_hours: _Amount | None
    expected_usd: _Amount | None


class _ToSubmit(_OfSpec):
    decision: Literal["submit"]
    commit: _Line | None
    provided: dict[_Reference, _Line]
    cost: _Cost | None

    def plain(self) -> Decision:
        cost = self.cost.plain() if self.cost else None
        return ToSubmit(**{**_without(self, "decision"), "cost": cost})


class _AlreadyThere(_OfSpec):
    decision: Literal["unchanged"]
    arn: _Line
    status: _Line
    is_known_by_tag: bool

    def plain(self) -> Decision:
        return AlreadyThere(**_without(self, "decision"))


class _Blocked(_OfSpec):
    decision: Literal["blocked"]
    obstacle: Obstacle
    reason: _Line
    help: _Line

    def plain(self) -> Decision:
        return Blocked(**_without(self, "decision"))


class _EarlierJob(_Model):
    name: _JobName
    status: _Line
    created: AwareDatetime
    fate: Fate
    spec: _Line


class _EarlierJobs(_Model):
    jobs: list[_EarlierJob]
    not_looked_at: int = Field(ge=0)


class _Stack(_Model):
    name: _StackName
    state: StackState
    missing_outputs: list[_Key]


class _Stacks(_Model):
    needed: list[_Stack]
    orphaned: list[_StackName]
    not_listed_because: _Line


class _File(_Model):
    kind: Literal["hptc-plan"]
    version: Literal[1]
    place: _Place
    decisions: list[
        Annotated[_ToSubmit | _AlreadyThere | _Blocked, Field(discriminator="decision")]
    ]
    earlier: _EarlierJobs
    stacks: _Stacks
    is_whole_project: bool
    total_cost: _Total | None

    @model_validator(mode="after")
    def _names_each_once(self) -> _File:
        for kind in ("spec", "name"):
            seen: set[str] = set()
            for each in self.decisions:
                text = getattr(each, kind).lower()
                if text in seen:
                    raise ValueError(f"the {kind} `{text}` is there twice")
                seen.add(text)
        return self


def _without(model: _Model, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in model.model_dump().items() if key not in keys}


def plan_text(plan: Plan) -> str:
    """A plan as JSON; the same plan, the same bytes."""
    data = {
        "kind": KIND,
        "version": VERSION,
        "place": asdict(plan.place),
        "decisions": [{"decision": _word(each), **asdict(each)} for each in plan.decisions],
        "earlier": {
            "jobs": [
                {**asdict(job), "created": job.created.astimezone(UTC).isoformat()}
                for job in plan.earlier.jobs
            ],
            "not_looked_at": plan.earlier.not_looked_at,
        },
        "stacks": asdict(plan.stacks),
        "is_whole_project": plan.is_whole_project,
        "total_cost": asdict(plan.total_cost) if plan.total_cost else None,
    }
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"  # amounts


def _word(decision: Decision) -> str:
    match decision:
        case ToSubmit():
            return "submit"
        case AlreadyThere():
            return "unchanged"
        case Blocked():
            return "blocked"


def is_plan(text: str) -> bool:
    """Whether a text is meant as a plan, rather than as a spec or a request."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("kind") == KIND


def read_plan(text: str, file: str = "the plan") -> Plan:
    """A plan from its text. Raises UsageError, which says what is wrong and where."""
    again = "`hptc plan --out FILE` writes a plan"
    try:
        data = json.loads(text)
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply", help=again) from None
    except ValueError as error:
        raise UsageError(f"{file}: no JSON: {error}", help=again) from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise UsageError(f"{file}: this is no plan of hptc", help=again)
    if data.get("version") != VERSION:
        raise UsageError(
            f"{file}: a plan of version {data.get('version')!r:.40}, and this hptc reads {VERSION}",
            help="plan again with this hptc",
        )
    try:
        read = _File.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise UsageError(f"{file}: {_faults(error)}", help=again) from None
    plan = _plan(read)
    said = TotalCost(**read.total_cost.model_dump()) if read.total_cost else None
    if said != plan.total_cost:
        raise UsageError(f"{file}: total_cost: is not the sum of the jobs' costs", help=again)
    return plan


def _plan(read: _File) -> Plan:
    return Plan(
        place=Place(**read.place.model_dump()),
        decisions=tuple(each.plain() for each in read.decisions),
        earlier=EarlierJobs(
            jobs=tuple(_earlier(job) for job in read.earlier.jobs),
            not_looked_at=read.earlier.not_looked_at,
        ),
        stacks=PlannedStacks(
            needed=tuple(
                PlannedStack(
                    name=each.name,
                    state=each.state,
                    missing_outputs=tuple(each.missing_outputs),
                )
                for each in read.stacks.needed
            ),
            orphaned=tuple(read.stacks.orphaned),
            not_listed_because=read.stacks.not_listed_because,
        ),
        is_whole_project=read.is_whole_project,
    )


def _earlier(job: _EarlierJob) -> EarlierJob:
    created: datetime = job.created.astimezone(UTC)
    return EarlierJob(**{**job.model_dump(), "created": created})


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'the plan'}: {fault['msg']}"
        for fault in found[:_MOST_FAULTS]
    ]
    if len(found) > _MOST_FAULTS:
        lines.append(f"and {len(found) - _MOST_FAULTS} more")
    return lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines)

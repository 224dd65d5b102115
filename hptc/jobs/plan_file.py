"""Reads and writes plan files: `hptc plan --out` writes one, and `hptc submit` reads it.

A plan file may come from anywhere, so every value is checked. Applying the plan then compares it
with the specs and with AWS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC
from decimal import Decimal
from hashlib import sha256
from pathlib import PurePath
from typing import Annotated, Any, Literal, assert_never

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
from hptc.jobs.decisions import Blocked, Obstacle, Unchanged
from hptc.jobs.planned import (
    Place,
    Plan,
    PlannedCost,
    PlannedDecision,
    PlannedSubmission,
    StaleJob,
    StaleJobs,
    StaleReason,
)
from hptc.stacks.results import StackState, StackStatus, StackStatuses

KIND = "hptc-plan"
VERSION = 1

_MAX_ERRORS = 5

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
_Reference = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z][a-z0-9_]{0,63}|latest\([a-zA-Z0-9-]+\))$", max_length=1024),
]
_Key = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9]+$", max_length=255)]
_StackName = Annotated[str, StringConstraints(pattern="^[A-Za-z][A-Za-z0-9-]*$", max_length=128)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class _Place(_Model):
    account: Annotated[str, StringConstraints(pattern="^[0-9]{12}$")]
    region: Annotated[str, StringConstraints(pattern="^[a-z]{2,4}(-[a-z]+)+-[0-9]$")]
    project: _Line
    environment: _Line


class _Decision(_Model):
    spec: _Line
    file: _Line
    name: _JobName
    digest: _Digest

    @field_validator("file")
    @classmethod
    def _is_relative(cls, file: str) -> str:
        path = PurePath(file)
        if not file or path.is_absolute() or ".." in path.parts:
            raise ValueError(
                f"`{file}` is not in this folder: write and submit a plan in the project's folder"
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


class _EvidenceRun(_Model):
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
    grounds: list[_EvidenceRun]
    assumptions: tuple[_Line, ...]
    unknown: _Line


class _Cost(_Model):
    bound: _Bound
    expected: _Expected

    def read(self) -> PlannedCost:
        grounds = tuple(EvidenceRun(**ground.model_dump()) for ground in self.expected.grounds)
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


class _PlannedSubmission(_Decision):
    decision: Literal["submit"]
    commit: _Line | None
    provided: dict[_Reference, _Line]
    cost: _Cost | None

    def read(self) -> PlannedDecision:
        return PlannedSubmission(
            spec=self.spec,
            file=self.file,
            name=self.name,
            digest=self.digest,
            commit=self.commit,
            provided=self.provided,
            cost=self.cost.read() if self.cost else None,
        )


class _Unchanged(_Decision):
    decision: Literal["unchanged"]
    arn: _Line
    status: _Line
    is_known_by_tag: bool

    def read(self) -> PlannedDecision:
        return Unchanged(**self.model_dump(exclude={"decision"}))


class _Blocked(_Decision):
    decision: Literal["blocked"]
    obstacle: Obstacle
    reason: _Line
    help: _Line

    def read(self) -> PlannedDecision:
        return Blocked(**self.model_dump(exclude={"decision"}))


class _StaleJob(_Model):
    name: _JobName
    status: _Line
    created: AwareDatetime
    fate: StaleReason
    spec: _Line

    def read(self) -> StaleJob:
        return StaleJob(
            name=self.name,
            status=self.status,
            created=self.created.astimezone(UTC),
            reason=self.fate,
            spec=self.spec,
        )


class _StaleJobs(_Model):
    jobs: list[_StaleJob]
    not_looked_at: int = Field(ge=0)


class _Stack(_Model):
    name: _StackName
    state: StackState
    missing_outputs: list[_Key]
    owner: _Line = ""


class _Stacks(_Model):
    needed: list[_Stack]
    orphaned: list[_StackName]
    not_listed_because: _Line


class _File(_Model):
    kind: Literal["hptc-plan"]
    version: Literal[1]
    command: Literal["plan"] = "plan"  # earlier plans don't have it
    place: _Place
    decisions: list[
        Annotated[_PlannedSubmission | _Unchanged | _Blocked, Field(discriminator="decision")]
    ]
    earlier: _StaleJobs
    stacks: _Stacks
    is_whole_project: bool
    total_cost: _Total | None
    digest: _Digest

    @model_validator(mode="after")
    def _has_no_duplicates(self) -> _File:
        for kind in ("spec", "name"):
            seen: set[str] = set()
            for decision in self.decisions:
                text = getattr(decision, kind).lower()
                if text in seen:
                    raise ValueError(f"duplicate {kind} `{text}`")
                seen.add(text)
        return self


def plan_text(plan: Plan) -> str:
    """A plan as JSON; equal plans give equal bytes. Its last member is the digest of the others."""
    data: dict[str, Any] = {
        "kind": KIND,
        "version": VERSION,
        "command": "plan",
        "place": asdict(plan.place),
        "decisions": [_decision_data(decision) for decision in plan.decisions],
        "earlier": {
            "jobs": [_stale_job_data(job) for job in plan.stale.jobs],
            "not_looked_at": plan.stale.unchecked,
        },
        "stacks": {
            "needed": [asdict(stack) for stack in plan.stacks.needed],
            "orphaned": plan.stacks.orphaned,
            "not_listed_because": plan.stacks.listing_error,
        },
        "is_whole_project": plan.is_whole_project,
        "total_cost": asdict(plan.total_cost) if plan.total_cost else None,
    }
    data["digest"] = plan_digest(data)
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"  # Decimal


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a plan file, as `hptc plan` writes it."""
    return _File.model_json_schema(mode="serialization")


def plan_digest(data: Mapping[str, Any]) -> str:
    """The digest of a plan file's members: it shows edits, not who made them.

    `command`, which earlier plans don't have, makes no difference.
    """
    members = {key: value for key, value in data.items() if key not in ("digest", "command")}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


def _decision_data(decision: PlannedDecision) -> dict[str, Any]:
    match decision:
        case PlannedSubmission():
            return {"decision": "submit", **asdict(decision)}
        case Unchanged():
            data = asdict(decision)
            del data["is_name_pinned"]  # only a submission reads it
            return {"decision": "unchanged", **data}
        case Blocked():
            return {"decision": "blocked", **asdict(decision)}
        case _:
            assert_never(decision)


def _stale_job_data(job: StaleJob) -> dict[str, Any]:
    return {
        "name": job.name,
        "status": job.status,
        "created": job.created.astimezone(UTC).isoformat(),
        "fate": job.reason,
        "spec": job.spec,
    }


def is_plan(text: str) -> bool:
    """Whether a text is a plan file, valid or not, rather than a spec or a request."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("kind") == KIND


def read_plan(text: str, file: str = "the plan") -> Plan:
    """Read a plan file. Raises UsageError with the key of every invalid value."""
    advice = "`hptc plan --out FILE` writes a plan"
    try:
        data = json.loads(text)
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply", help=advice) from None
    except ValueError as error:
        raise UsageError(f"{file}: not valid JSON: {error}", help=advice) from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise UsageError(f"{file}: not an hptc plan", help=advice)
    if data.get("version") != VERSION:
        raise UsageError(
            f"{file}: the plan has version {data.get('version')!r:.40}, but this hptc reads "
            f"version {VERSION}",
            help="plan again with this version of hptc",
        )
    try:
        read = _File.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise UsageError(f"{file}: {_errors(error)}", help=advice) from None
    plan = _plan(read)
    stated = TotalCost(**read.total_cost.model_dump()) if read.total_cost else None
    if stated != plan.total_cost:
        raise UsageError(f"{file}: total_cost: not the sum of the jobs' costs", help=advice)
    expected = plan_digest(data)
    if read.digest != expected:
        raise UsageError(
            f"{file}: edited since `hptc plan` wrote it: its digest is {read.digest[:12]}, but its "
            f"content has {expected[:12]}",
            help="plan again: `hptc plan --out FILE`",
        )
    return plan


def _plan(read: _File) -> Plan:
    return Plan(
        place=Place(**read.place.model_dump()),
        decisions=tuple(decision.read() for decision in read.decisions),
        stale=StaleJobs(
            jobs=tuple(job.read() for job in read.earlier.jobs),
            unchecked=read.earlier.not_looked_at,
        ),
        stacks=StackStatuses(
            needed=tuple(
                StackStatus(
                    name=stack.name,
                    state=stack.state,
                    missing_outputs=tuple(stack.missing_outputs),
                    owner=stack.owner,
                )
                for stack in read.stacks.needed
            ),
            orphaned=tuple(read.stacks.orphaned),
            listing_error=read.stacks.not_listed_because,
        ),
        is_whole_project=read.is_whole_project,
    )


def _errors(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(part) for part in problem['loc']) or 'the plan'}: {problem['msg']}"
        for problem in problems[:_MAX_ERRORS]
    ]
    if len(problems) > _MAX_ERRORS:
        lines.append(f"and {len(problems) - _MAX_ERRORS} more")
    return lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines)

"""What submitting the specs of an environment would do, found out without writing anything.

Compiled specs and the client interfaces in, a `Plan` out. Each decision is
`hptc.jobs.submission.submit` against a client that reads AWS and creates nothing, so that a plan
and a submission can't disagree. Whether a deployed stack equals its template is for `cdk diff` to
tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from hptc.compiler.discovery import project_files
from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.cost.forecast import TotalCost, total_cost
from hptc.errors import AwsError, OperationError, UsageError
from hptc.infrastructure.stack_outputs import locate
from hptc.jobs.history import EarlierJobs, earlier_jobs, listed
from hptc.jobs.plan_costs import BoundOf, PlannedCost, planned_costs
from hptc.jobs.provenance import Provenance
from hptc.jobs.read_only import AnyStacks, ReadOnlyTuning, StacksReadOnce
from hptc.jobs.submission import Submission, Submitted, Unchanged, submit
from hptc.project.project_file import Environment
from hptc.project.references import names_in
from hptc.service.interface import Stacks, Tuning
from hptc.service.responses import OVER
from hptc.stacks.status import PlannedStacks, planned_stacks

ProvenanceOf = Callable[[Compiled], Provenance]
"""Asked only where it counts: it may run git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a plan is for."""

    account: str
    region: str
    project: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSubmit:
    """AWS has no job of this content. `provided` are the values of its references, by name."""

    spec: str  # its name; the job's for a file in the API's own form
    file: str
    name: str
    digest: str
    commit: str | None
    provided: Mapping[str, str]
    cost: PlannedCost | None = None  # None where nobody asked


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyThere:
    """AWS has the job: it runs, or has run."""

    spec: str
    file: str
    name: str
    digest: str
    arn: str
    status: str
    is_known_by_tag: bool  # its digest's; else by its description

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status in OVER


class Obstacle(StrEnum):
    """What a submission would fail at."""

    STACK = "stack"  # what it refers to is not deployed
    NAME = "name"  # AWS has another job of this name
    PARENT = "parent"  # the search that it learns from is not over
    REQUEST = "request"  # it can't be submitted at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The job would be refused; `reason` says why and `help` what to do."""

    spec: str
    file: str
    name: str
    digest: str
    obstacle: Obstacle
    reason: str
    help: str


Decision = ToSubmit | AlreadyThere | Blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be submitted and what not, and what AWS has besides."""

    place: Place
    decisions: tuple[Decision, ...]  # in the order of the specs
    earlier: EarlierJobs
    stacks: PlannedStacks
    is_whole_project: bool  # else nothing is said to be orphaned

    @property
    def to_submit(self) -> tuple[ToSubmit, ...]:
        """The new jobs."""
        return tuple(each for each in self.decisions if isinstance(each, ToSubmit))

    @property
    def unchanged(self) -> tuple[AlreadyThere, ...]:
        """The jobs that AWS has already."""
        return tuple(each for each in self.decisions if isinstance(each, AlreadyThere))

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The jobs that AWS or hptc would refuse."""
        return tuple(each for each in self.decisions if isinstance(each, Blocked))

    @property
    def total_cost(self) -> TotalCost | None:
        """What the new jobs cost together; None where nobody asked, or there are none."""
        costs = [each.cost for each in self.to_submit if each.cost is not None]
        if not costs or len(costs) < len(self.to_submit):
            return None
        return total_cost([(each.bound, each.expected) for each in costs])

    @property
    def has_changes(self) -> bool:
        """Whether there is something to do; old jobs are none, since nothing undoes them."""
        return bool(
            self.to_submit or self.blocked or self.stacks.not_deployed or self.stacks.orphaned
        )


def plan(
    compiled: Sequence[Compiled],
    tuning: Tuning,
    stacks: Stacks,
    *,
    provenance: ProvenanceOf,
    is_whole_project: bool = False,
    bound_of: BoundOf | None = None,
) -> Plan:
    """Compare specs with what AWS has. Nothing is written.

    With all specs of a project, jobs and stacks whose spec is gone are found too, at a List call
    for every hundred jobs; with a few specs only their own jobs are listed. With `bound_of` each
    new job has its cost.

    Raises UsageError for what does not compile and for specs of several environments, and AwsError
    when AWS refuses to be read.
    """
    place = place_of(compiled, tuning)
    environment = _environment(compiled)
    jobs = listed(tuning, compiled, all_jobs=is_whole_project)
    read_only = ReadOnlyTuning(tuning=tuning, listed=jobs)
    seen = StacksReadOnce(stacks)
    of_stacks = planned_stacks(environment, compiled, seen, is_whole_project=is_whole_project)
    decisions = decide(compiled, read_only, seen, provenance=provenance)
    if bound_of is not None:
        decisions = _with_costs(decisions, compiled, read_only, bound_of)
    return Plan(
        place=place,
        decisions=decisions,
        earlier=earlier_jobs(
            environment, compiled, read_only, provenance, is_whole_project=is_whole_project
        ),
        stacks=of_stacks,
        is_whole_project=is_whole_project,
    )


def _with_costs(
    decisions: tuple[Decision, ...],
    compiled: Sequence[Compiled],
    read_only: ReadOnlyTuning,
    bound_of: BoundOf,
) -> tuple[Decision, ...]:
    pairs = zip(compiled, decisions, strict=True)
    new = [one for one, decision in pairs if isinstance(decision, ToSubmit)]
    costs = iter(planned_costs(new, read_only, bound_of))
    return tuple(
        replace(each, cost=next(costs)) if isinstance(each, ToSubmit) else each
        for each in decisions
    )


def is_whole_project(compiled: Sequence[Compiled]) -> bool:
    """Whether these are all specs of their project."""
    project = next((one.project for one in compiled if one.project is not None), None)
    if project is None:
        return False
    given = {Path(one.file).resolve() for one in compiled}
    return given.issuperset(path.resolve() for path in project_files(project))


def place_of(compiled: Sequence[Compiled], tuning: Tuning) -> Place:
    """Where specs belong. Raises UsageError when that is not one place, or not the client's."""
    environment = _environment(compiled)
    if tuning.region != environment.region:
        raise UsageError(
            f"the environment `{environment.name}` is in {environment.region}, "
            f"but AWS is asked in {tuning.region}"
        )
    return Place(
        account=environment.account,
        region=environment.region,
        project=environment.project,
        environment=environment.name,
    )


def _environment(compiled: Sequence[Compiled]) -> Environment:
    found: dict[tuple[str, str, str, str], Environment] = {}
    for one in compiled:
        if (its := one.environment) is not None:
            found.setdefault((its.project, its.name, its.account, its.region), its)
    if not found:
        raise UsageError(
            "a plan needs an environment: an account and a Region",
            help="add one under `environments:` of the project's hptc.yaml; of several, say --env",
        )
    if len(found) > 1:
        places = ", ".join(f"{project}/{name}" for project, name, *_ in found)
        raise UsageError(
            f"the specs belong to several environments: {places}", help="plan each by itself"
        )
    return next(iter(found.values()))


def decide(
    compiled: Sequence[Compiled],
    read_only: ReadOnlyTuning,
    stacks: StacksReadOnce,
    *,
    provenance: ProvenanceOf,
) -> tuple[Decision, ...]:
    """What would become of each spec, in order."""
    return tuple(_decide(one, read_only, stacks, provenance) for one in compiled)


def _decide(
    one: Compiled, read_only: ReadOnlyTuning, stacks: StacksReadOnce, provenance: ProvenanceOf
) -> Decision:
    name = one.job.name
    blocked = Blocked(
        spec=one.name,
        file=one.file,
        name=name,
        digest=one.digest,
        obstacle=Obstacle.NAME,
        reason="",
        help="",
    )
    other = read_only.other_spelling(name)
    if other is not None:
        return _because(
            blocked,
            Obstacle.NAME,
            OperationError(
                f"AWS has a job named `{other}` already, and case does not count",
                help="give the spec another name",
            ),
        )
    # Where the job is there, its provenance is not sent; finding it out would run git.
    origin = Provenance(spec=one.file) if read_only.describe(name) else provenance(one)
    try:
        outcome = _rehearse(one, read_only, stacks, origin)
    except AwsError:
        raise
    except UsageError as error:
        return _because(blocked, Obstacle.REQUEST, error)
    except OperationError as error:
        is_deployed = all(_provided(one, stacks).values())
        return _because(blocked, Obstacle.NAME if is_deployed else Obstacle.STACK, error)
    match outcome:
        case Unchanged():
            return AlreadyThere(
                spec=one.name,
                file=one.file,
                name=outcome.name,
                digest=one.digest,
                arn=outcome.arn,
                status=outcome.status,
                is_known_by_tag=read_only.is_digest_tagged(outcome.arn),
            )
        case _:
            waits = _waits_for(one, read_only)
            if waits is not None:
                return _because(blocked, Obstacle.PARENT, waits)
            return ToSubmit(
                spec=one.name,
                file=one.file,
                name=name,
                digest=one.digest,
                commit=origin.commit,
                provided=_provided(one, stacks),
            )


def _rehearse(
    one: Compiled, read_only: ReadOnlyTuning, stacks: StacksReadOnce, origin: Provenance
) -> Submission:
    try:
        return submit(one, read_only, stacks, provenance=origin)
    except OperationError as missing:
        if all(_provided(one, stacks).values()):
            raise
        # A job that AWS has needs no stack any more: known by its digest, whatever was provided.
        try:
            outcome = submit(one, read_only, AnyStacks(), provenance=origin)
        except AwsError:
            raise
        except OperationError:
            raise missing from None
        if isinstance(outcome, Submitted):
            raise missing from None
        return outcome


def _because(blocked: Blocked, obstacle: Obstacle, error: OperationError | UsageError) -> Blocked:
    return replace(blocked, obstacle=obstacle, reason=error.message, help=error.help)


def _provided(one: Compiled, stacks: Stacks) -> dict[str, str]:
    """The value of each reference of a request; empty where there is none."""
    if one.environment is None or not isinstance(one, CompiledSpec):
        return {}
    values = {}
    for name in sorted(set(names_in(one.request))):
        output = locate(one.environment, name, one.spec.name)
        outputs = stacks.outputs(output.stack) if output is not None else None
        values[name] = (outputs or {}).get(output.key, "") if output is not None else ""
    return values


def _waits_for(one: Compiled, read_only: ReadOnlyTuning) -> OperationError | None:
    """Why AWS would refuse the parents of a warm start: they have to be over.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
    """
    for parent in _parents(one):
        description = read_only.describe(parent) or read_only.tuning.describe(parent)
        if description is None:
            return OperationError(
                f"it learns from `{parent}`, which is no job in {read_only.region}",
                help="submit that one, and plan again when it is over",
            )
        status = description["HyperParameterTuningJobStatus"]
        if status not in OVER:
            return OperationError(
                f"it learns from `{parent}`, which is {status}", help="plan again when it is over"
            )
    return None


def _parents(one: Compiled) -> Iterator[str]:
    warm_start = one.request.get("WarmStartConfig") or {}
    for parent in warm_start.get("ParentHyperParameterTuningJobs", ()):
        yield parent["HyperParameterTuningJobName"]

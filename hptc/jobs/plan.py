"""Plans what submitting the specs of an environment would do. Nothing is written.

Each decision is the one that a submission makes, so they can't disagree. Whether a deployed stack
equals its template is a question for `cdk diff`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.discovery import project_files
from hptc.compiler.outcome import Compiled
from hptc.errors import UsageError
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.jobs.decide import decide
from hptc.jobs.decisions import Decision, Submit
from hptc.jobs.history import listed_jobs, stale_jobs
from hptc.jobs.plan_costs import BoundOf, planned_costs
from hptc.jobs.planned import Place, Plan, PlannedCost, PlannedDecision, PlannedSubmission
from hptc.jobs.provenance import ProvenanceOf
from hptc.jobs.snapshot import JobSnapshot, StackSnapshot
from hptc.project.project_file import Environment
from hptc.service.interface import Progress, StackReader, TuningReader, silent
from hptc.stacks.status import stack_statuses
from hptc.text import plural


def plan(
    compiled: Sequence[Compiled],
    tuning: TuningReader,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    is_whole_project: bool = False,
    bound_of: BoundOf | None = None,
    progress: Progress = silent,
) -> Plan:
    """Compare specs with AWS.

    For a whole project, jobs and stacks whose spec was removed are found too, with a List call per
    hundred jobs; for a few specs, only their own jobs are listed. With `bound_of`, each new job has
    its cost.

    Raises UsageError for specs of several environments, and AwsError if AWS rejects a call.
    """
    environment = _environment(compiled)
    place = _place(environment, tuning)
    progress(f"comparing {plural(len(compiled), 'spec')} with AWS in {place.region}")
    listed = listed_jobs(tuning, compiled, all_jobs=is_whole_project)
    jobs = JobSnapshot(tuning=tuning, listed=listed)
    snapshot = StackSnapshot(stacks)
    needed = environment_stacks(environment, deployable_specs(compiled))
    statuses = stack_statuses(environment, needed, snapshot, is_whole_project=is_whole_project)
    decisions = decide_all(compiled, jobs, snapshot, provenance=provenance, digests=needed.digests)
    costs: Sequence[PlannedCost] | None = None
    if bound_of is not None:
        pairs = zip(compiled, decisions, strict=True)
        new = [outcome for outcome, decision in pairs if isinstance(decision, Submit)]
        if new:
            progress(f"estimating the cost of {plural(len(new), 'new job')}")
        costs = planned_costs(new, jobs, bound_of)
    if listed:
        progress(f"looking for stale jobs among {plural(len(listed), 'tuning job')}")
    stale = stale_jobs(environment, compiled, jobs, provenance, is_whole_project=is_whole_project)
    return Plan(
        place=place,
        decisions=planned(decisions, costs),
        stale=stale,
        stacks=statuses,
        is_whole_project=is_whole_project,
    )


def decide_all(
    compiled: Sequence[Compiled],
    jobs: JobSnapshot,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    digests: Mapping[str, str],
) -> tuple[Decision, ...]:
    """The decision about each spec, in the order of the specs."""
    return tuple(
        decide(outcome, jobs, stacks, provenance=provenance, digests=digests)
        for outcome in compiled
    )


def planned(
    decisions: Sequence[Decision], costs: Sequence[PlannedCost] | None = None
) -> tuple[PlannedDecision, ...]:
    """Decisions as a plan contains them. `costs` are those of the submissions, in their order."""
    return tuple(_planned(decisions, iter(costs or ())))


def _planned(
    decisions: Sequence[Decision], costs: Iterator[PlannedCost]
) -> Iterator[PlannedDecision]:
    for decision in decisions:
        if isinstance(decision, Submit):
            yield PlannedSubmission(
                spec=decision.spec,
                file=decision.file,
                name=decision.name,
                digest=decision.digest,
                commit=decision.commit,
                provided=decision.provided,
                cost=next(costs, None),
            )
        else:
            yield decision


def is_whole_project(compiled: Sequence[Compiled]) -> bool:
    """Whether these are all specs of their project."""
    project = next((outcome.project for outcome in compiled if outcome.project is not None), None)
    if project is None:
        return False
    planned_files = {Path(outcome.file).resolve() for outcome in compiled}
    return planned_files.issuperset(path.resolve() for path in project_files(project))


def place_of(compiled: Sequence[Compiled], tuning: TuningReader) -> Place:
    """The place of specs. Raises UsageError if they have several, or not the client's."""
    return _place(_environment(compiled), tuning)


def _place(environment: Environment, tuning: TuningReader) -> Place:
    if tuning.region != environment.region:
        raise UsageError(
            f"the environment `{environment.name}` is in {environment.region}, but the AWS client "
            f"is in {tuning.region}"
        )
    return Place(
        account=environment.account,
        region=environment.region,
        project=environment.project,
        environment=environment.name,
    )


def _environment(compiled: Sequence[Compiled]) -> Environment:
    environments: dict[tuple[str, str, str, str], Environment] = {}
    for outcome in compiled:
        if (own := outcome.environment) is not None:
            environments.setdefault((own.project, own.name, own.account, own.region), own)
    if not environments:
        raise UsageError(
            "a plan needs an environment with an account and a Region",
            help="add one under `environments:` in the project's hptc.yaml, or choose one of "
            "several with --env",
        )
    if len(environments) > 1:
        names = ", ".join(f"{project}/{name}" for project, name, *_ in environments)
        raise UsageError(
            f"the specs belong to several environments: {names}",
            help="plan each environment separately",
        )
    return next(iter(environments.values()))

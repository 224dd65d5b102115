"""One decision for submit, plan and check --online: whatever AWS has, they agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hptc.account_checks.checks import check_online
from hptc.compiler.outcome import Compiled
from hptc.errors import EXIT_OPERATION, EXIT_USAGE, OperationError, UsageError
from hptc.jobs.decide import decide
from hptc.jobs.decisions import (
    AlreadySubmitted,
    Blocked,
    Decision,
    Obstacle,
    Submit,
    Submitted,
    Unchanged,
)
from hptc.jobs.plan import plan
from hptc.jobs.planned import PlannedSubmission
from hptc.jobs.snapshot import JobSnapshot, StackSnapshot
from hptc.jobs.submission import execute
from hptc.service.interface import TuningReader
from hptc.service.tuning_jobs import JobSummary, LogEvent, TrainingJob
from tests.support.fake_account import FakeAccount
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.plans import WIDER, deployed, origin, project, run, spec
from tests.support.submissions import submit

MANY_TAGS = "tags: {" + ", ".join(f"t{number}: x" for number in range(48)) + "}\n"


@dataclass
class World:
    """A spec, and what AWS has."""

    folder: Path
    compiled: Compiled
    tuning: FakeTuning
    stacks: FakeStacks

    def rewrite(self, text: str, env: str = "dev") -> list[Compiled]:
        return project(self.folder, {"churn": text}, env=env)


def nothing(_: World) -> None:
    """AWS has no tuning job."""


def same(world: World) -> None:
    run(world.tuning, [world.compiled])


def same_without_stacks(world: World) -> None:
    run(world.tuning, [world.compiled])
    world.stacks.stacks.clear()


def other_content_under_the_name(world: World) -> None:
    run(world.tuning, world.rewrite("job_name: mine\n" + spec("churn", WIDER)))
    (world.compiled,) = world.rewrite("job_name: mine\n" + spec("churn"))


def job_of_another_environment(world: World) -> None:
    run(world.tuning, world.rewrite(spec("churn"), env="prod"))


def no_stacks(world: World) -> None:
    world.stacks.stacks.clear()


def too_many_tags(world: World) -> None:
    (world.compiled,) = world.rewrite(spec("churn", ("tags: {team: growth}\n", MANY_TAGS)))


def same_without_tags(world: World) -> None:
    run(world.tuning, [world.compiled])
    for tags in world.tuning.tags.values():
        tags.clear()


def untagged_without_stacks(world: World) -> None:
    same_without_tags(world)
    world.stacks.stacks.clear()


CHILD = spec("child") + "warm_start: {type: TransferLearning, parents: [churn]}\n"


def parent_not_submitted(world: World) -> None:
    world.compiled, _ = project(world.folder, {"child": CHILD, "churn": spec("churn")})
    world.stacks = deployed("child")


def parent_running(world: World) -> None:
    run(world.tuning, [world.compiled], "InProgress")
    parent_not_submitted(world)


def parent_failed(world: World) -> None:
    run(world.tuning, [world.compiled], "Failed")
    parent_not_submitted(world)


def same_while_the_parent_runs(world: World) -> None:
    parent_failed(world)
    run(world.tuning, [world.compiled])
    (parent,) = world.compiled.job.warm_start.parents if world.compiled.job.warm_start else ()
    world.tuning.jobs[parent]["HyperParameterTuningJobStatus"] = "InProgress"


WORLDS: dict[str, tuple[Callable[[World], None], type[Decision], Obstacle | None]] = {
    "nothing": (nothing, Submit, None),
    "the same job": (same, Unchanged, None),
    "the same job, its stacks deleted": (same_without_stacks, Unchanged, None),
    "the same job, without hptc's tags": (same_without_tags, Unchanged, None),
    "other content under the name": (other_content_under_the_name, Blocked, Obstacle.NAME),
    "the job of another environment": (job_of_another_environment, Blocked, Obstacle.NAME),
    "no stacks": (no_stacks, Blocked, Obstacle.STACK),
    "an untagged job and no stacks": (untagged_without_stacks, Blocked, Obstacle.STACK),
    "too many tags": (too_many_tags, Blocked, Obstacle.REQUEST),
    "a parent not submitted yet": (parent_not_submitted, Blocked, Obstacle.PARENT),
    "a parent that runs": (parent_running, Blocked, Obstacle.PARENT),
    "a parent that failed": (parent_failed, Submit, None),
    "the same job, its parent runs": (same_while_the_parent_runs, Unchanged, None),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    (compiled,) = project(tmp_path, {"churn": spec("churn")})
    return World(tmp_path, compiled, FakeTuning(), deployed("churn"))


def decided(world: World) -> Decision:
    jobs = JobSnapshot(tuning=world.tuning)
    return decide(world.compiled, jobs, world.stacks, provenance=origin)


@pytest.mark.parametrize(("change", "kind", "obstacle"), WORLDS.values(), ids=[*WORLDS])
def test_submit_plan_and_check_agree(
    world: World, change: Callable[[World], None], kind: type, obstacle: Obstacle | None
) -> None:
    change(world)
    decision = decided(world)
    assert type(decision) is kind
    assert (decision.obstacle if isinstance(decision, Blocked) else None) is obstacle

    (planned,) = plan([world.compiled], world.tuning, world.stacks, provenance=origin).decisions
    if isinstance(decision, Submit):
        assert isinstance(planned, PlannedSubmission)
        assert (planned.name, planned.provided) == (decision.name, decision.provided)
    else:
        assert planned == decision

    account = FakeAccount(tuning=world.tuning, stacks=world.stacks).account
    (checked,) = check_online([world.compiled], lambda _: account)
    taken = [diagnostic for diagnostic in checked.diagnostics if diagnostic.code == "HPT901"]
    assert bool(taken) is (obstacle is Obstacle.NAME)
    if isinstance(decision, Blocked) and taken:
        assert (taken[0].message, taken[0].help) == (decision.reason, decision.help)

    match decision:
        case Submit():
            sent = submit(world.compiled, world.tuning, world.stacks, provenance=origin)
            assert isinstance(sent, Submitted)
            assert sent.request == decision.request
        case Unchanged():
            existing = submit(world.compiled, world.tuning, world.stacks, provenance=origin)
            assert isinstance(existing, AlreadySubmitted)
            assert (existing.arn, existing.status) == (decision.arn, decision.status)
        case Blocked():
            before = len(world.tuning.jobs)
            with pytest.raises((OperationError, UsageError)) as raised:
                submit(world.compiled, world.tuning, world.stacks, provenance=origin)
            assert (raised.value.message, raised.value.help) == (decision.reason, decision.help)
            code = EXIT_USAGE if obstacle is Obstacle.REQUEST else EXIT_OPERATION
            assert raised.value.exit_code == code
            assert len(world.tuning.jobs) == before


def test_a_decision_has_everything_that_executing_it_needs(world: World) -> None:
    decision = decided(world)
    world.stacks.stacks.clear()
    world.tuning.calls.clear()
    assert isinstance(execute(decision, world.tuning), Submitted)
    assert world.tuning.calls == ["create"]
    assert "${hptc:" not in json.dumps(world.tuning.jobs, default=str)


def test_a_decision_can_be_executed_twice(world: World) -> None:
    decision = decided(world)
    first = execute(decision, world.tuning)
    again = execute(decision, world.tuning)
    assert isinstance(again, AlreadySubmitted)
    assert (again.arn, len(world.tuning.jobs)) == (first.arn, 1)


def test_a_decision_about_a_name_that_is_taken_before_it_is_executed(world: World) -> None:
    decision = decided(world)
    assert isinstance(decision, Submit)
    other = [{"Key": "hptc:digest", "Value": "0" * 64}]
    world.tuning.rivals = [{**decision.request, "Tags": other}]
    with pytest.raises(OperationError, match="with other content"):
        execute(decision, world.tuning)


@pytest.mark.parametrize(
    ("change", "reason", "help"),
    [
        pytest.param(
            parent_not_submitted,
            "does not exist in us-east-1",
            "submit `churn`, wait with `hptc watch churn --env dev`, and try again when it has "
            "ended",
            id="not submitted",
        ),
        pytest.param(
            parent_running,
            "is InProgress",
            "wait with `hptc watch {parent} --env dev`, and try again when it has ended",
            id="running",
        ),
    ],
)
def test_a_parent_that_has_not_ended_is_named_with_what_to_do(
    world: World, change: Callable[[World], None], reason: str, help: str
) -> None:
    parent = world.compiled.job.name
    change(world)
    decision = decided(world)
    assert isinstance(decision, Blocked)
    assert decision.reason == f"its warm-start parent `{parent}` {reason}"
    assert decision.help == help.format(parent=parent)


def test_a_parent_that_is_not_a_spec_and_does_not_exist(world: World) -> None:
    child = CHILD.replace("[churn]", "[from-2025]")
    (world.compiled,) = project(world.folder, {"child": child})
    world.stacks = deployed("child")
    decision = decided(world)
    assert isinstance(decision, Blocked)
    assert decision.help == (
        "use the name of an existing tuning job; `hptc list --env dev` lists them"
    )


class Reader:
    """The reading half of a tuning service, and no method that writes."""

    def __init__(self, tuning: FakeTuning) -> None:
        self._tuning = tuning
        self.region = tuning.region

    def describe(self, name: str) -> Mapping[str, Any] | None:
        return self._tuning.describe(name)

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        return self._tuning.list_jobs(name_contains=name_contains, status=status, limit=limit)

    def list_tags(self, arn: str) -> dict[str, str]:
        return self._tuning.list_tags(arn)

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        return self._tuning.list_training_jobs(name, limit=limit)

    def billable_seconds(self, training_job: str) -> int | None:
        return self._tuning.billable_seconds(training_job)

    def describe_training_job(self, name: str) -> Mapping[str, Any] | None:
        return self._tuning.describe_training_job(name)

    def log_events(
        self, training_job: str, *, since: datetime | None = None, tail: int | None = None
    ) -> Iterator[LogEvent]:
        return self._tuning.log_events(training_job, since=since, tail=tail)


@pytest.mark.parametrize("view", [JobSnapshot, StackSnapshot, Reader])
def test_what_planning_reads_through_cannot_write(view: type) -> None:
    assert not {"create", "stop", "delete"} & set(dir(view))


@pytest.mark.parametrize(("change", "kind", "_obstacle"), WORLDS.values(), ids=[*WORLDS])
def test_planning_uses_only_read_methods(
    world: World, change: Callable[[World], None], kind: type, _obstacle: Obstacle | None
) -> None:
    change(world)
    reader: TuningReader = Reader(world.tuning)
    new_plan = plan([world.compiled], reader, world.stacks, provenance=origin)
    assert len(new_plan.decisions) == 1
    assert "create" not in world.tuning.calls

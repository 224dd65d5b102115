"""Deleting stacks: refusals, the order, and retained resources."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.errors import OperationError, UsageError
from hptc.project.project_file import Environment
from hptc.service.interface import StackEvent, StackResource
from hptc.stacks.destroy import needed_by, plan_removal, remove
from hptc.stacks.results import Removal, Removed, StackActivity
from hptc.stacks.status import orphaned_stacks
from tests.support.fake_service import (
    FakeStacks,
    FakeTime,
    FakeTuning,
    NoWrites,
    arn_of,
    stack_event,
)
from tests.support.plans import deployed, project, run, spec

FOUNDATION = "hptc-churn-dev"
OURS = {"hptc:project": "churn", "hptc:environment": "dev"}
BUCKET = StackResource(logical_id="Data", type="AWS::S3::Bucket", is_retained=True)
ROLE = StackResource(logical_id="Role", type="AWS::IAM::Role", is_retained=False)


def stacks_of(*names: str) -> FakeStacks:
    """The foundation and the stacks of these specs, with their tags."""
    stacks = deployed(*names)
    stacks.tags[FOUNDATION] = OURS
    return stacks


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> list[Compiled]:
    return project(tmp_path_factory.mktemp("churn"), {"churn": spec("churn")})


def environment(compiled: list[Compiled]) -> Environment:
    chosen = compiled[0].environment
    assert chosen is not None
    return chosen


def plan(
    compiled: list[Compiled],
    names: list[str],
    stacks: FakeStacks,
    *,
    specs: list[Compiled] | None = None,
    tuning: FakeTuning | None = None,
) -> list[str]:
    chosen = environment(compiled)
    needed = needed_by(chosen, compiled if specs is None else specs)
    planned = plan_removal(chosen, names, needed, stacks, tuning or NoWrites())
    assert stacks.deleted == []
    return [stack.name for stack in planned]


class TestRefusals:
    """Only given stacks of the environment that nothing needs are deleted."""

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            pytest.param(f"{FOUNDATION}-nowhere", "no stack `.*` found", id="absent"),
            pytest.param(
                "CDKToolkit", "does not belong to the project `churn`", id="another tool's"
            ),
            pytest.param(f"{FOUNDATION}-by-hand", "does not belong to the project", id="no tags"),
            pytest.param(f"{FOUNDATION}-eu", "and its environment `dev`", id="another environment"),
            pytest.param("ours-by-tags", "by its name and tags", id="another name"),
            pytest.param(f"{FOUNDATION}-churn", "is needed by the spec `churn`", id="of a spec"),
            pytest.param(f"{FOUNDATION}-Churn", "needed by the spec `churn`", id="in another case"),
            pytest.param(FOUNDATION, "is needed by the spec `churn`", id="the foundation"),
        ],
    )
    def test_one_of_several(self, churn: list[Compiled], name: str, message: str) -> None:
        stacks = stacks_of("churn", "gone", "Churn")
        others = (f"{FOUNDATION}-by-hand", "CDKToolkit", f"{FOUNDATION}-eu", "ours-by-tags")
        stacks.stacks |= {other: {} for other in others}
        stacks.tags[f"{FOUNDATION}-eu"] = {**OURS, "hptc:environment": "dev-eu"}
        stacks.tags["ours-by-tags"] = OURS
        stacks.tags[f"{FOUNDATION}-by-hand"] = {}
        with pytest.raises(UsageError, match=message):
            plan(churn, [f"{FOUNDATION}-gone", name], stacks)

    def test_the_foundation_of_a_remaining_stack(self, churn: list[Compiled]) -> None:
        with pytest.raises(UsageError, match=f"is needed by the stack `{FOUNDATION}-gone`"):
            plan(churn, [FOUNDATION], stacks_of("gone"), specs=[])

    @pytest.mark.parametrize("status", ["InProgress", "Stopping"])
    def test_the_role_of_a_running_job(self, churn: list[Compiled], status: str) -> None:
        tuning = FakeTuning()
        (job,) = run(tuning, churn, status)
        with pytest.raises(UsageError, match=f"`{job}`, which is {status}") as raised:
            plan(churn, [f"{FOUNDATION}-churn"], stacks_of("churn"), specs=[], tuning=tuning)
        assert f"hptc stop {job}" in raised.value.help

    def test_a_job_that_has_ended_needs_no_role(self, churn: list[Compiled]) -> None:
        tuning = FakeTuning()
        run(tuning, churn, "Completed")
        name = f"{FOUNDATION}-churn"
        assert plan(churn, [name], stacks_of("churn"), specs=[], tuning=tuning) == [name]


def test_the_foundation_is_last(churn: list[Compiled]) -> None:
    names = [FOUNDATION, f"{FOUNDATION}-b", f"{FOUNDATION}-a", f"{FOUNDATION}-b"]
    planned = plan(churn, names, stacks_of("a", "b"), specs=[])
    assert planned == [f"{FOUNDATION}-a", f"{FOUNDATION}-b", FOUNDATION]


def test_a_schedule_is_before_the_role_it_uses(churn: list[Compiled]) -> None:
    names = [f"{FOUNDATION}-a", f"{FOUNDATION}-a-schedule"]
    planned = plan(churn, names, stacks_of("a", "a-schedule"), specs=[])
    assert planned == [f"{FOUNDATION}-a-schedule", f"{FOUNDATION}-a"]


def test_a_spec_needs_its_schedule(tmp_path: Path) -> None:
    weekly = project(tmp_path, {"churn": "schedule: rate(7 days)\n" + spec("churn")})
    with pytest.raises(UsageError, match="is needed by the spec `churn`"):
        plan(weekly, [f"{FOUNDATION}-churn-schedule"], stacks_of("churn", "churn-schedule"))


@pytest.mark.parametrize(
    ("name", "is_orphan"),
    [
        pytest.param(FOUNDATION, True, id="the foundation"),
        pytest.param(f"{FOUNDATION}-gone", True, id="gone"),
        pytest.param(f"{FOUNDATION}-churn-2", True, id="begins as a spec's"),
        pytest.param(f"{FOUNDATION}-churn", False, id="needed"),
        pytest.param(f"{FOUNDATION}-Churn", False, id="in another case"),
        pytest.param(f"{FOUNDATION}2", False, id="begins as the foundation's"),
    ],
)
def test_orphans(churn: list[Compiled], name: str, is_orphan: bool) -> None:
    stacks = FakeStacks({name: {}}, tags={name: OURS})
    orphans = orphaned_stacks(environment(churn), stacks.list_stacks(), {f"{FOUNDATION}-churn"})
    assert orphans == ((name,) if is_orphan else ())


GONE = f"{FOUNDATION}-gone"
REMOVAL = Removal(name=GONE, arn=arn_of(GONE), resources=(BUCKET, ROLE))


def on(resource: StackResource, status: str, reason: str = "") -> StackEvent:
    return StackEvent(
        id=f"{resource.logical_id}-{status}",
        stack=GONE,
        logical_id=resource.logical_id,
        physical_id=f"{resource.logical_id.lower()}-1",
        type=resource.type,
        status=status,
        reason=reason,
    )


def removed(stacks: FakeStacks) -> tuple[Removed, list[tuple[str, str, int]], FakeTime]:
    steps: list[StackActivity] = []
    time = FakeTime()
    outcome = remove(REMOVAL, stacks, progress=steps.append, sleep=time.sleep)
    assert {step.total for step in steps} == {2}
    return outcome, [(step.event.logical_id, step.event.status, step.done) for step in steps], time


class TestRemove:
    """One stack, polled until it is deleted."""

    def test_every_event_is_reported_once(self) -> None:
        stacks = stacks_of("gone")
        before = stack_event(GONE, "CREATE_COMPLETE")
        stacks.history[GONE] = [before]
        skipped = on(BUCKET, "DELETE_SKIPPED")
        stacks.fates[GONE] = [
            [],
            [on(ROLE, "DELETE_IN_PROGRESS"), on(ROLE, "DELETE_COMPLETE")],
            [skipped, stack_event(GONE, "DELETE_COMPLETE")],
        ]
        outcome, steps, time = removed(stacks)
        assert outcome == Removed(name=GONE, retained=(skipped,))
        assert steps == [
            (GONE, "DELETE_IN_PROGRESS", 0),
            ("Role", "DELETE_IN_PROGRESS", 0),
            ("Role", "DELETE_COMPLETE", 1),
            ("Data", "DELETE_SKIPPED", 2),
            (GONE, "DELETE_COMPLETE", 2),
        ]
        assert len(time.sleeps) == 2
        assert stacks.deleted == [GONE]

    def test_after_an_earlier_failure(self) -> None:
        stacks = stacks_of("gone")
        earlier = replace(stack_event(GONE, "DELETE_FAILED", "not then"), id="earlier")
        stacks.history[GONE] = [earlier]
        outcome, steps, _ = removed(stacks)
        assert outcome.retained == ()
        assert [status for _, status, _ in steps] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]

    def test_a_failed_deletion(self) -> None:
        stacks = stacks_of("gone")
        stacks.fates[GONE] = [
            [
                on(BUCKET, "DELETE_FAILED", "The bucket you tried to delete is not empty"),
                stack_event(GONE, "DELETE_FAILED", "The following resource(s) failed to delete"),
            ]
        ]
        with pytest.raises(OperationError) as raised:
            removed(stacks)
        assert raised.value.message == (
            f"`{GONE}`: Data (AWS::S3::Bucket) could not be deleted: "
            "The bucket you tried to delete is not empty"
        )
        assert "rerun `hptc destroy`" in raised.value.help

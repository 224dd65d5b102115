"""Applying a plan submits exactly what it contains, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError, OperationError
from hptc.jobs.apply import apply, check_plan
from hptc.jobs.decisions import AlreadySubmitted, NotSubmitted, Submitted
from hptc.jobs.plan_file import plan_text, read_plan
from hptc.jobs.planned import Applied, Plan
from hptc.request.emission import Request
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.paths import GOLDEN
from tests.support.plans import WIDER, deployed, origin, planned, project, read_only, run, spec

NAMES = ("a", "b", "c")


@pytest.fixture
def specs(tmp_path: Path) -> list[Compiled]:
    return project(tmp_path, {name: spec(name) for name in NAMES})


def carry_out(
    plan: Plan,
    compiled: list[Compiled],
    tuning: FakeTuning,
    stacks: FakeStacks | None = None,
) -> list[Applied]:
    deployed_stacks = deployed(*NAMES) if stacks is None else stacks
    return list(
        apply(check_plan(plan, compiled, tuning, deployed_stacks, provenance=origin), tuning)
    )


def test_jobs_are_submitted_in_the_plans_order(specs: list[Compiled]) -> None:
    tuning = FakeTuning()
    run(tuning, specs[1:2])
    plan = planned(specs, tuning)
    done = carry_out(plan, specs, tuning)
    assert [applied.planned.spec for applied in done] == ["a", "c"]
    assert all(isinstance(applied.outcome, Submitted) for applied in done)
    assert tuning.calls.count("create") == 2
    assert not planned(specs, tuning).to_submit


def test_outcomes_are_yielded_one_by_one(specs: list[Compiled]) -> None:
    tuning = FakeTuning()
    checked = check_plan(planned(specs), specs, tuning, deployed(*NAMES), provenance=origin)
    outcomes = apply(checked, tuning)
    assert not tuning.jobs
    next(outcomes)
    assert len(tuning.jobs) == 1


def test_a_repeat_submits_the_rest_of_an_interrupted_run(specs: list[Compiled]) -> None:
    class Breaking(FakeTuning):
        def create(self, request: Request) -> str:
            if len(self.jobs) == 1:
                raise AwsError("quota", code="ResourceLimitExceeded")
            return super().create(request)

    plan, tuning = planned(specs), Breaking()
    tried = carry_out(plan, specs, tuning)
    assert [type(applied.outcome) for applied in tried] == [Submitted, NotSubmitted, NotSubmitted]
    assert len(tuning.jobs) == 1

    done = carry_out(plan, specs, FakeTuning(jobs=tuning.jobs, tags=tuning.tags))
    assert [type(applied.outcome) for applied in done] == [AlreadySubmitted, Submitted, Submitted]


def test_expired_credentials_stop_the_run(specs: list[Compiled]) -> None:
    class Expired(FakeTuning):
        def create(self, request: Request) -> str:
            self.calls.append("create")
            raise AwsError("the token has expired", code="ExpiredToken", help="sign in")

    tuning = Expired()
    tried = carry_out(planned(specs), specs, tuning)
    assert tuning.calls.count("create") == 1
    errors = [
        applied.outcome.error for applied in tried if isinstance(applied.outcome, NotSubmitted)
    ]
    assert [error.message.partition(",")[0] for error in errors] == [
        "the token has expired",
        "not tried",
        "not tried",
    ]
    assert {error.help for error in errors} == {"sign in"}


@pytest.mark.parametrize(
    ("failing", "created", "tried"),
    [pytest.param({1}, 2, 3, id="one job"), pytest.param({1, 2}, 0, 2, id="the network")],
)
def test_a_job_without_an_answer(
    specs: list[Compiled], failing: set[int], created: int, tried: int
) -> None:
    class Silent(FakeTuning):
        def create(self, request: Request) -> str:
            if self.calls.count("create") + 1 in failing:
                self.calls.append("create")
                raise AwsError("cannot reach AWS")
            return super().create(request)

    tuning = Silent()
    done = carry_out(planned(specs), specs, tuning)
    assert len(done) == 3
    assert (len(tuning.jobs), tuning.calls.count("create")) == (created, tried)


def test_a_job_blocked_in_the_plan_is_not_submitted(specs: list[Compiled]) -> None:
    plan = planned(specs, stacks=deployed("a", "b"))
    assert [job.spec for job in plan.blocked] == ["c"]
    tuning = FakeTuning()
    assert [applied.planned.spec for applied in carry_out(plan, specs, tuning)] == ["a", "b"]
    assert len(tuning.jobs) == 2


def test_specs_that_are_not_in_the_plan_are_ignored(tmp_path: Path) -> None:
    plan = planned(project(tmp_path, {"a": spec("a")}))
    more = project(tmp_path, {"a": spec("a"), "new": spec("new")})
    assert [applied.planned.spec for applied in carry_out(plan, more, FakeTuning())] == ["a"]


def test_a_job_that_has_ended_in_the_meantime_is_not_a_difference(specs: list[Compiled]) -> None:
    tuning = FakeTuning()
    run(tuning, specs[:1], "InProgress")
    plan = planned(specs, tuning)
    for job in tuning.jobs.values():
        job["HyperParameterTuningJobStatus"] = "Failed"
    assert len(carry_out(plan, specs, tuning)) == 2


@dataclass
class World:
    """What can change between a plan and its application."""

    folder: Path
    specs: list[Compiled]
    tuning: FakeTuning
    stacks: FakeStacks

    def rewrite(self, **specs: str) -> None:
        self.specs = project(self.folder, {name: spec(name) for name in NAMES} | specs)


def _changed(world: World) -> None:
    world.rewrite(a=spec("a", WIDER))


def _unchanged_one_changed(world: World) -> None:
    world.rewrite(b=spec("b", WIDER))


def _gone(world: World) -> None:
    world.specs = world.specs[1:]


def _taken(world: World) -> None:
    name = world.specs[0].request["HyperParameterTuningJobName"]
    other = [{"Key": "hptc:digest", "Value": "0" * 64}]
    request = {**world.specs[0].request, "HyperParameterTuningJobName": name}
    world.tuning.add({**request, "Tags": other})


def _stack_gone(world: World) -> None:
    del world.stacks.stacks["hptc-churn-dev-a"]


def _role_changed(world: World) -> None:
    world.stacks.stacks["hptc-churn-dev-a"] = {"ExecutionRoleArn": "arn:other"}


def _job_deleted(world: World) -> None:
    world.tuning.jobs.clear()


def _another_environment(world: World) -> None:
    world.specs = project(world.folder, {name: spec(name) for name in NAMES}, env="prod")


def _another_account(world: World) -> None:
    for index, compiled in enumerate(world.specs):
        assert compiled.environment is not None
        elsewhere = replace(compiled.environment, account="999999999999", region="eu-west-1")
        world.specs[index] = replace(compiled, environment=elsewhere)
    world.tuning.region = "eu-west-1"


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        pytest.param(
            _changed, ["`a` (*a.yaml) has changed: its job was `a-*` and is now"], id="spec"
        ),
        pytest.param(
            _unchanged_one_changed,
            ["`b` (*b.yaml) has changed: its job was `b-"],
            id="unchanged spec",
        ),
        pytest.param(_gone, ["`a` (*a.yaml) is no longer among the specs"], id="spec gone"),
        pytest.param(
            _taken,
            ["`a` (*a.yaml) is blocked: AWS already has a tuning job named `a-"],
            id="name taken",
        ),
        pytest.param(
            _stack_gone,
            ["`a` (*a.yaml) is blocked: the stack `hptc-churn-dev-a` is not deployed in"],
            id="stack gone",
        ),
        pytest.param(
            _role_changed,
            ["`a` (*a.yaml): `${hptc:execution_role_arn}` was `arn:*` and is now `arn:other`"],
            id="role",
        ),
        pytest.param(
            _job_deleted,
            ["`b` (*b.yaml): the job `b-*` was Completed and no longer exists"],
            id="deleted",
        ),
        pytest.param(
            _another_environment,
            ["the plan is for the environment `dev`, but the specs are in `prod` now"],
            id="environment",
        ),
        pytest.param(
            _another_account,
            [
                "the plan is for the account `123456789012`, but the specs are in `9999",
                "the plan is for the Region `us-east-1`, but the specs are in `eu-west-1` now",
            ],
            id="account and Region",
        ),
    ],
)
def test_an_outdated_plan_submits_nothing(
    tmp_path: Path,
    specs: list[Compiled],
    move: Callable[[World], None],
    expected: list[str],
) -> None:
    world = World(tmp_path, specs, FakeTuning(), deployed(*NAMES))
    run(world.tuning, specs[1:2])
    plan = planned(specs, world.tuning)
    move(world)
    with pytest.raises(OperationError) as raised:
        carry_out(plan, world.specs, read_only(world.tuning), world.stacks)
    first, *faults = raised.value.message.splitlines()
    assert first == "the plan is out of date; nothing was submitted:"
    assert len(faults) == len(expected)
    for fault, pattern in zip(faults, expected, strict=True):
        for part in pattern.split("*"):
            assert part in fault
    assert "hptc plan" in raised.value.help


def test_all_differences_are_reported_at_once(tmp_path: Path, specs: list[Compiled]) -> None:
    plan = planned(specs)
    changed = project(tmp_path, {name: spec(name, WIDER) for name in NAMES})
    with pytest.raises(OperationError) as raised:
        check_plan(plan, changed, FakeTuning(), deployed(*NAMES), provenance=origin)
    assert len(raised.value.message.splitlines()) == 1 + len(NAMES)


def test_a_forged_digest_is_a_difference(specs: list[Compiled]) -> None:
    plan = planned(specs)
    forged = replace(plan.to_submit[0], digest="0" * 64)
    with pytest.raises(OperationError, match="its digest was 000000000000 and is now"):
        carry_out(replace(plan, decisions=(forged,)), specs, FakeTuning())


def test_another_name_for_the_same_spec_is_a_difference(tmp_path: Path) -> None:
    plan = planned(project(tmp_path, {"a": "job_name: first\n" + spec("a")}))
    renamed = project(tmp_path, {"a": "job_name: second\n" + spec("a")})
    with pytest.raises(OperationError, match="its job was `first` and is now `second`"):
        carry_out(plan, renamed, FakeTuning())


def test_each_job_is_described_before_the_first_is_created(specs: list[Compiled]) -> None:
    tuning = FakeTuning()
    carry_out(planned(specs), specs, tuning)
    assert tuning.calls == ["describe"] * 3 + ["create"] * 3


def test_a_plan_can_be_applied_from_its_file(
    tmp_path: Path, specs: list[Compiled], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = project(tmp_path, {name: spec(name) for name in NAMES})
    plan = read_plan(plan_text(planned(here)))
    assert len(carry_out(plan, here, FakeTuning())) == len(specs)


def test_an_empty_plan_does_nothing() -> None:
    plan = read_plan((GOLDEN / "plan/empty.json").read_text())
    assert carry_out(plan, [], FakeTuning()) == []

"""The state of the stacks that specs need, and orphaned stacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.render.plan import render_plan
from hptc.stacks.results import StackState
from tests.support.fake_service import FakeStacks
from tests.support.plans import (
    WIDER,
    deployed,
    planned,
    project,
    spec,
)

WEEKLY = "schedule: rate(7 days)\n"


@pytest.fixture
def churn(tmp_path: Path) -> list[Compiled]:
    return project(tmp_path, {"churn": spec("churn")})


class TestStacks:
    """The state of stacks."""

    @pytest.mark.parametrize(
        ("stacks", "states"),
        [
            pytest.param(deployed("churn"), ["deployed", "deployed"], id="all"),
            pytest.param(deployed(), ["deployed", "missing"], id="no spec"),
            pytest.param(FakeStacks(), ["missing", "missing"], id="none"),
            pytest.param(
                FakeStacks({"hptc-churn-dev": {}, "hptc-churn-dev-churn": {}}),
                ["incomplete", "incomplete"],
                id="outputs",
            ),
        ],
    )
    def test_needed_stacks(
        self, churn: list[Compiled], stacks: FakeStacks, states: list[str]
    ) -> None:
        statuses = planned(churn, stacks=stacks).stacks
        assert [stack.name for stack in statuses.needed] == [
            "hptc-churn-dev",
            "hptc-churn-dev-churn",
        ]
        assert [stack.state.value for stack in statuses.needed] == states
        assert len(statuses.not_deployed) == sum(state != "deployed" for state in states)

    def test_a_stack_deployed_from_other_content(self, tmp_path: Path) -> None:
        before = project(tmp_path, {"churn": spec("churn")})
        there = deployed("churn")
        assert before[0].environment is not None
        result = environment_stacks(before[0].environment, deployable_specs(before))
        for stack, digest in result.digests.items():
            there.stacks[stack] = there.stacks[stack] | {"Digest": digest}
        assert planned(before, stacks=there).stacks.not_deployed == ()
        # A changed search space needs the same stacks; other data does not.
        same = project(tmp_path, {"churn": spec("churn", WIDER)})
        assert planned(same, stacks=there).stacks.not_deployed == ()
        other = project(tmp_path, {"churn": spec("churn", ("/churn/train/", "/churn/2026/"))})
        plan = planned(other, stacks=there)
        assert [(stack.name, stack.state) for stack in plan.stacks.not_deployed] == [
            ("hptc-churn-dev-churn", StackState.CHANGED)
        ]
        assert plan.has_changes
        assert "changed; `cdk diff` shows how" in render_plan(plan)

    def test_a_schedule_has_a_stack_and_is_an_orphan_without_its_spec(self, tmp_path: Path) -> None:
        weekly = project(tmp_path, {"churn": WEEKLY + spec("churn")})
        plan = planned(weekly, stacks=deployed("churn"))
        name = "hptc-churn-dev-churn-schedule"
        assert [stack.name for stack in plan.stacks.not_deployed] == [name]
        there = deployed("churn", "churn-schedule")
        there.stacks[name] = {"StateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:x"}
        assert planned(weekly, stacks=there).stacks.not_deployed == ()
        now = project(tmp_path, {"churn": spec("churn")})
        assert planned(now, stacks=there).stacks.orphaned == (name,)

    def test_an_orphan_has_the_environments_name_and_tags(self, churn: list[Compiled]) -> None:
        stacks = deployed("churn", "gone")
        stacks.stacks["hptc-churn-dev-eu"] = {}  # the foundation of an environment `dev-eu`
        stacks.tags["hptc-churn-dev-eu"] = {"hptc:project": "churn", "hptc:environment": "dev-eu"}
        stacks.stacks["hptc-churn-dev-by-hand"] = {}
        stacks.tags["hptc-churn-dev-by-hand"] = {}
        assert planned(churn, stacks=stacks).stacks.orphaned == ("hptc-churn-dev-gone",)

    def test_a_stack_of_another_project_is_shown_with_the_rest(self, churn: list[Compiled]) -> None:
        stacks = deployed("churn")
        name = "hptc-churn-dev-churn"
        stacks.tags["hptc-churn-dev"] = {"hptc:project": "other", "hptc:environment": "dev"}
        plan = planned(churn, stacks=stacks)
        (foreign,) = plan.stacks.foreign
        assert (foreign.name, foreign.state) == ("hptc-churn-dev", StackState.FOREIGN)
        assert plan.stacks.not_deployed == ()
        assert plan.has_changes
        text = render_plan(plan)
        assert "1 stack of another owner" in text.splitlines()[0]
        assert "hptc-churn-dev  belongs to the project `other`, environment `dev`" in text
        assert "`hptc deploy --env dev --adopt hptc-churn-dev`" in text

        stacks.tags = {name: {}}
        (foreign,) = planned(churn, stacks=stacks).stacks.foreign
        assert (foreign.name, foreign.owner) == (
            name,
            "was not created by hptc: it has no tag `hptc:project`",
        )

    def test_without_permission_to_list_stacks(self, churn: list[Compiled]) -> None:
        stacks = deployed("churn", "gone")
        stacks.refusals = [AwsError("not authorized to list", code="AccessDenied")]
        statuses = planned(churn, stacks=stacks).stacks
        assert (statuses.orphaned, statuses.listing_error) == ((), "not authorized to list")
        assert not statuses.not_deployed
        assert stacks.calls == ["list_stacks", "hptc-churn-dev", "hptc-churn-dev-churn"]

    def test_other_errors_are_raised(self, churn: list[Compiled]) -> None:
        stacks = deployed("churn")
        stacks.refusals = [AwsError("Rate exceeded", code="Throttling")]
        with pytest.raises(AwsError, match="Rate exceeded"):
            planned(churn, stacks=stacks)

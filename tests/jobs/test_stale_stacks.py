"""A stack that is out of date blocks a submission as a missing one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.errors import OperationError
from hptc.jobs.apply import check_plan
from hptc.jobs.decisions import Blocked, Obstacle, Submitted, Unchanged
from hptc.stacks.status import current_digests
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.plans import deployed, origin, planned, project, run, spec
from tests.support.submissions import submit

FOUNDATION, ROLE = "hptc-churn-dev", "hptc-churn-dev-churn"
OTHER_DATA = ("/churn/train/", "/churn/2026/")


@pytest.fixture
def before(tmp_path: Path) -> list[Compiled]:
    return project(tmp_path, {"churn": spec("churn")})


def stacks_of(compiled: list[Compiled]) -> FakeStacks:
    """The stacks as they were deployed from these specs."""
    stacks = deployed("churn")
    for name, digest in current_digests(compiled).items():
        stacks.stacks[name] = stacks.stacks[name] | {"Digest": digest}
    return stacks


def test_a_current_role_is_used(before: list[Compiled]) -> None:
    outcome = submit(
        before[0],
        FakeTuning(),
        stacks_of(before),
        provenance=origin,
        digests=current_digests(before),
    )
    assert isinstance(outcome, Submitted)


@pytest.mark.parametrize("stack", [FOUNDATION, ROLE])
def test_a_stale_stack_blocks(before: list[Compiled], stack: str) -> None:
    stacks, tuning = stacks_of(before), FakeTuning()
    stacks.stacks[stack] = stacks.stacks[stack] | {"Digest": "0" * 16}
    with pytest.raises(OperationError, match=f"`{stack}` in us-east-1 is out of date") as raised:
        submit(before[0], tuning, stacks, provenance=origin, digests=current_digests(before))
    assert "`hptc deploy --env dev`" in raised.value.help
    assert "--stale-ok" in raised.value.help
    assert not tuning.jobs
    # Without the current digests, as with --stale-ok, the deployed values are used.
    assert isinstance(submit(before[0], tuning, stacks, provenance=origin), Submitted)


def test_a_role_for_other_data_is_stale(before: list[Compiled], tmp_path: Path) -> None:
    stacks = stacks_of(before)
    after = project(tmp_path, {"churn": spec("churn", OTHER_DATA)})
    (decision,) = planned(after, stacks=stacks).decisions
    assert isinstance(decision, Blocked)
    assert decision.obstacle is Obstacle.STACK
    assert ROLE in decision.reason


def test_a_job_that_exists_needs_no_current_role(before: list[Compiled]) -> None:
    tuning, stacks = FakeTuning(), stacks_of(before)
    run(tuning, before)
    stacks.stacks[ROLE] = stacks.stacks[ROLE] | {"Digest": "0" * 16}
    (decision,) = planned(before, tuning, stacks).decisions
    assert isinstance(decision, Unchanged)


def test_a_plan_is_out_of_date_when_its_role_is(before: list[Compiled]) -> None:
    stacks = stacks_of(before)
    plan = planned(before, stacks=stacks)
    stacks.stacks[ROLE] = stacks.stacks[ROLE] | {"Digest": "0" * 16}
    with pytest.raises(OperationError, match="out of date"):
        check_plan(plan, before, FakeTuning(), stacks, provenance=origin)


@pytest.mark.parametrize("stack", [FOUNDATION, ROLE])
def test_the_stack_of_somebody_else(before: list[Compiled], stack: str) -> None:
    stacks = stacks_of(before)
    theirs = {"hptc:project": "churn", "hptc:environment": "dev"}
    stacks.tags[stack] = theirs | {"hptc:repository": "github.com/acme/other"}
    with pytest.raises(OperationError, match=r"github\.com/acme/other") as raised:
        submit(before[0], FakeTuning(), stacks, provenance=origin)
    assert f"--adopt {stack}" in raised.value.help
    # A plan shows it, and blocks what needs it.
    plan = planned(before, stacks=stacks)
    assert [(stack.name, "acme/other" in stack.owner) for stack in plan.stacks.foreign] == [
        (stack, True)
    ]
    (blocked,) = plan.blocked
    assert f"--adopt {stack}" in blocked.help
    assert plan.to_submit == ()

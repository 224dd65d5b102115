"""Who a stack belongs to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.errors import AwsError, OperationError
from hptc.infrastructure.stack_owner import foreign_stack, is_own, stack_tags
from hptc.service.interface import DeployedStack
from hptc.service.stacks import check_owners, check_unchanging, existing_stacks
from tests.support.fake_service import FakeStacks
from tests.support.jobs import environment

OURS = replace(environment(), project="churn", name="dev", named_repository="github.com/acme/ml")
THEIRS = replace(OURS, named_repository="github.com/acme/other")
STACK = OURS.foundation_stack


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        pytest.param(stack_tags(OURS), "", id="ours"),
        pytest.param({**stack_tags(OURS), "team": "ml"}, "", id="ours with more"),
        pytest.param(
            {"hptc:project": "churn", "hptc:environment": "dev"}, "", id="without a repository"
        ),
        pytest.param(stack_tags(THEIRS), "in github.com/acme/other; this is", id="repository"),
        pytest.param(
            stack_tags(replace(OURS, name="prod")), "environment `prod`", id="environment"
        ),
        pytest.param(stack_tags(replace(OURS, project="other")), "project `other`", id="project"),
        pytest.param({}, "was not created by hptc", id="another tool"),
    ],
)
def test_owner(tags: dict[str, str], text: str) -> None:
    reason = foreign_stack(OURS, STACK, tags)
    assert is_own(OURS, tags) == (reason == "")
    assert text in reason
    assert (f"`{STACK}`" in reason) == bool(text)


def test_a_long_repository_is_compared_as_its_tag() -> None:
    long = replace(OURS, named_repository="host/" + "a" * 300)
    assert is_own(long, stack_tags(long))
    assert len(stack_tags(long)["hptc:repository"]) == 256


def stack(name: str, tags: dict[str, str], status: str = "UPDATE_COMPLETE") -> DeployedStack:
    return DeployedStack(name=name, arn=name, outputs={}, tags=tags, status=status)


def test_all_foreign_stacks_are_named() -> None:
    theirs = [stack(name, stack_tags(THEIRS)) for name in ("a", "b")]
    with pytest.raises(OperationError, match=r"the stack `a` .*the same applies to `b`") as raised:
        check_owners(OURS, [*theirs, stack("c", stack_tags(OURS))])
    assert "--adopt a --adopt b" in raised.value.help
    check_owners(OURS, theirs, ["a", "b"])
    with pytest.raises(OperationError, match="the stack `b`"):
        check_owners(OURS, theirs, ["a"])


def test_a_stack_that_is_being_changed() -> None:
    check_unchanging([stack("a", {}), stack("b", {}, "REVIEW_IN_PROGRESS")])
    with pytest.raises(OperationError, match="`b` \\(UPDATE_IN_PROGRESS\\); nothing was deployed"):
        check_unchanging([stack("a", {}), stack("b", {}, "UPDATE_IN_PROGRESS")])


def test_existing_stacks_are_found_with_few_calls() -> None:
    stacks = FakeStacks({f"s{i}": {} for i in range(30)})
    assert set(existing_stacks({"s1", "s2", "nope"}, stacks)) == {"s1", "s2"}
    assert stacks.calls == ["nope", "s1", "s2"]
    stacks.calls.clear()
    assert len(existing_stacks({f"s{i}" for i in range(20)}, stacks)) == 20
    assert "list_stacks" not in stacks.calls
    stacks.calls.clear()
    assert len(existing_stacks({f"s{i}" for i in range(21)}, stacks)) == 21
    assert stacks.calls == ["list_stacks"]
    stacks.calls.clear()
    assert len(existing_stacks({f"s{i}" for i in range(40)}, stacks)) == 30
    assert stacks.calls == ["list_stacks"]
    stacks.calls.clear()
    stacks.refusals = [AwsError("not authorized to list", code="AccessDenied")]
    assert len(existing_stacks({f"s{i}" for i in range(40)}, stacks)) == 30
    assert len(stacks.calls) == 41  # the caller may only describe stacks by name
    stacks.refusals = [AwsError("Rate exceeded", code="Throttling")]
    with pytest.raises(AwsError, match="Rate exceeded"):
        existing_stacks({f"s{i}" for i in range(40)}, stacks)
    # A stack in review was never deployed, so nobody owns it.
    stacks.statuses["s1"] = "REVIEW_IN_PROGRESS"
    assert set(existing_stacks({"s1", "s2"}, stacks)) == {"s2"}

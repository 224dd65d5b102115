"""Plans as text."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hptc.errors import OperationError
from hptc.jobs.decisions import AlreadySubmitted, NotSubmitted, Submitted
from hptc.jobs.planned import Applied, Plan
from hptc.render.plan import applied_json, render_plan, verdict
from hptc.stacks.results import StackState, StackStatus, StackStatuses
from tests.support.golden import Golden
from tests.support.plan_cases import (
    ARN,
    CASES,
    EMPTY,
    blocked,
    new,
    there,
)


def only(state: StackState) -> StackStatuses:
    return StackStatuses(needed=(StackStatus(name="hptc-acme", state=state),))


@pytest.mark.parametrize("case", CASES)
def test_text(golden: Golden, case: str) -> None:
    text = render_plan(CASES[case])
    assert text.splitlines()[0] == verdict(CASES[case])
    assert all(line == line.rstrip() for line in text.splitlines())
    golden(f"plan/{case}.txt", text)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(EMPTY, "nothing to submit", id="empty"),
        pytest.param(CASES["unchanged"], "nothing to submit, 2 unchanged", id="unchanged"),
        pytest.param(
            replace(EMPTY, decisions=(new("a"), new("b"), there("c", "Failed"), blocked("d"))),
            "2 to submit, 1 unchanged, 1 blocked",
            id="each kind",
        ),
        pytest.param(
            replace(EMPTY, decisions=(blocked("d"),)), "nothing to submit, 1 blocked", id="blocked"
        ),
        pytest.param(
            CASES["mixed"],
            "2 to submit, 1 unchanged, 1 blocked, 2 stacks to deploy, 1 stack of another owner, "
            "1 orphaned stack, 2 stale jobs still running",
            id="mixed",
        ),
    ],
)
def test_the_first_line_is_the_verdict(plan: Plan, expected: str) -> None:
    assert verdict(plan) == expected


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        pytest.param(EMPTY, False, id="empty"),
        pytest.param(CASES["unchanged"], False, id="unchanged"),
        pytest.param(replace(EMPTY, decisions=(new("a"),)), True, id="to submit"),
        pytest.param(replace(EMPTY, decisions=(blocked("a"),)), True, id="blocked"),
        pytest.param(
            replace(EMPTY, stacks=StackStatuses(orphaned=("x",))), True, id="orphaned stack"
        ),
        pytest.param(replace(EMPTY, stacks=only(StackState.CHANGED)), True, id="a stack to deploy"),
        pytest.param(replace(EMPTY, stacks=only(StackState.FOREIGN)), True, id="another owner's"),
        pytest.param(
            replace(EMPTY, stacks=only(StackState.DEPLOYED)), False, id="a stack that is current"
        ),
        pytest.param(
            replace(EMPTY, stale=CASES["mixed"].stale), False, id="stale jobs do not count"
        ),
    ],
)
def test_has_changes(plan: Plan, expected: bool) -> None:
    assert plan.has_changes is expected


def test_color_changes_nothing_else() -> None:
    import re

    plain = re.sub(r"\033\[[0-9;]*m", "", render_plan(CASES["mixed"], color=True))
    assert plain == render_plan(CASES["mixed"])


def test_control_characters_are_harmless() -> None:
    nasty = replace(blocked("a"), reason="\x1b[2J\nsecond line", file="\x1b]0;x\x07.yaml")
    text = render_plan(replace(EMPTY, decisions=(nasty,)))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_applied() -> None:
    applied = [
        Applied(
            planned=new("a"),
            outcome=Submitted(name="a-0123abcd", arn=f"{ARN}a", region="us-east-1", request={}),
        ),
        Applied(
            planned=new("b"),
            outcome=AlreadySubmitted(
                name="b-0123abcd", arn=f"{ARN}b", region="us-east-1", status="InProgress"
            ),
        ),
    ]
    assert [job["outcome"] for job in json.loads(applied_json(applied))["jobs"]] == [
        "submitted",
        "unchanged",
    ]
    refused = NotSubmitted(name="c-0123abcd", file="specs/c.yaml", error=OperationError("quota"))
    document = json.loads(applied_json([*applied, Applied(planned=new("c"), outcome=refused)]))
    assert [job["name"] for job in document["jobs"]] == ["a-0123abcd", "b-0123abcd"]
    assert document["failed"] == [
        {
            "name": "c-0123abcd",
            "file": "specs/c.yaml",
            "error": "quota",
            "help": "",
            "is_unknown": False,
        }
    ]

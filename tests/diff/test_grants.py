"""Which grants cover which: wildcards, escapes and condition operators of IAM policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hptc.diff.grants import Grant, covers, grants, is_covered
from hptc.infrastructure.statements import Condition, Statement


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("*", "anything", True),
        ("*", "two\nlines", True),
        ("*", "", True),
        ("*", "*", True),
        ("a*", "a", True),
        ("a*", "a*", True),
        ("a", "a*", False),
        ("a*b", "ab", True),
        ("a*b", "a*/*b", True),
        ("a*b", "a*", False),
        ("a/*", "a/b/c", True),
        ("a/*", "b/a/", False),
        ("a/b*", "a/*", False),
        ("a?", "ab", True),
        ("a?", "a?", True),
        ("a?", "a", False),
        ("a?", "abc", False),
        ("a?", "a*", False),
        ("a*", "a?", True),
        ("ab", "a?", False),
        ("a.c", "abc", False),
        ("a/${*}", "a/b", False),
        ("a/${*}", "a/*", False),
        ("a/${*}", "a/${*}", True),
        ("a/*", "a/${*}", True),
        ("a/?", "a/${*}", True),
        ("a/${?}", "a/b", False),
        ("a/${?}", "a/?", False),
        ("a/?", "a/${?}", True),
        ("a/${$}", "a/$", False),
        ("a/????", "a/${$}", False),
        ("a/?", "a/${$}", True),
        ("${hptc:data_bucket}/*", "${hptc:data_bucket}/x", True),
        ("${hptc:data_bucket}/*", "${hptc:artifact_bucket}/x", False),
    ],
)
def test_what_a_pattern_covers(pattern: str, other: str, expected: bool) -> None:
    assert covers(pattern, other) is expected


def grant(**limits: tuple[str, ...]) -> Grant:
    """A grant under conditions: `Operator__key=values`."""
    conditions = tuple(
        Condition(operator=operator, key=key, values=values)
        for name, values in limits.items()
        for operator, _, key in [name.partition("__")]
    )
    return Grant(action="s3:GetObject", resource="bucket/*", conditions=conditions)


def under(operator: str, *values: str) -> Grant:
    return replace(grant(), conditions=(Condition(operator=operator, key="k", values=values),))


CONDITIONS = [
    pytest.param(grant(), grant(), True, id="no conditions"),
    pytest.param(grant(), under("StringEquals", "a"), True, id="an additional condition"),
    pytest.param(under("StringEquals", "a"), grant(), False, id="a missing condition"),
    pytest.param(
        under("StringEquals", "a", "b"), under("StringEquals", "a"), True, id="fewer values"
    ),
    pytest.param(
        under("StringEquals", "a"), under("StringEquals", "a", "b"), False, id="a second value"
    ),
    pytest.param(
        under("StringEquals", "a"), under("StringEquals", "b", "a"), False, id="a first value"
    ),
    pytest.param(
        under("StringEquals", "a*"), under("StringEquals", "ab"), False, id="a star to StringEquals"
    ),
    pytest.param(
        under("StringLike", "ab"), under("StringEquals", "ab"), False, id="another operator"
    ),
    pytest.param(
        grant(StringEquals__k=("a",)), grant(StringEquals__j=("a",)), False, id="another key"
    ),
    pytest.param(
        grant(StringEquals__k=("a",)),
        grant(Bool__j=("true",), StringEquals__k=("a",)),
        True,
        id="the same among others",
    ),
    pytest.param(
        grant(Bool__j=("true",), StringEquals__k=("a",)),
        grant(StringEquals__k=("a",)),
        False,
        id="one of two conditions missing",
    ),
    pytest.param(under("Bool", "true"), under("Bool", "false"), False, id="a switched condition"),
    *(
        pytest.param(under(operator, "a*"), under(operator, "ab"), True, id=f"{operator}, narrower")
        for operator in (
            "ArnEquals", "ArnLike", "ArnLikeIfExists", "StringLike", "ForAnyValue:StringLike",
        )
    ),
    *(
        pytest.param(under(operator, "ab"), under(operator, "a*"), False, id=f"{operator}, wider")
        for operator in ("ArnEquals", "ArnLike", "StringLike", "StringEquals")
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wide", "narrow", "expected"), CONDITIONS)
def test_conditions(wide: Grant, narrow: Grant, expected: bool) -> None:
    assert is_covered(narrow, [wide]) is expected
    assert is_covered(narrow, []) is False


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"action": "s3:PutObject"}, False, id="another action"),
        pytest.param({"resource": "bucket/a"}, True, id="one object"),
        pytest.param({"resource": "*"}, False, id="every resource"),
    ],
)
def test_actions_and_resources(change: dict[str, Any], expected: bool) -> None:
    assert is_covered(replace(grant(), **change), [grant()]) is expected


def test_a_statement_grants_each_action_on_each_resource() -> None:
    statement = Statement(sid="S", actions=("a", "b"), resources=("x", "y"), reason="r")
    assert [(grant.action, grant.resource) for grant in grants(statement)] == [
        ("a", "x"),
        ("a", "y"),
        ("b", "x"),
        ("b", "y"),
    ]
    without = replace(statement, resources=())
    assert [(grant.action, grant.resource) for grant in grants(without)] == [("a", ""), ("b", "")]

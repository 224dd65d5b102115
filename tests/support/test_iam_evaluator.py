"""The evaluator itself, checked against IAM's documentation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.iam_evaluator import Call, is_allowed

BUCKET = "arn:aws:s3:::lake"


def statement(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | members


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def get(key: str, **context: Any) -> Call:
    return Call(action="s3:GetObject", resource=f"{BUCKET}/{key}", context=context)


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:Get?bject", True),
        ("s3:GetObjectAcl", False),
        ("s3:Get", False),
    ],
)
def test_actions_ignore_case_and_take_wildcards(action: str, allowed: bool) -> None:
    assert is_allowed(get("a"), document(statement(Action=["x:Y", action]))) is allowed


@pytest.mark.parametrize(
    ("resource", "key", "allowed"),
    [
        (f"{BUCKET}/a/*", "a/b/c", True),
        (f"{BUCKET}/a/*", "A/b", False),
        (f"{BUCKET}/a*", "ab", True),
        (f"{BUCKET}/a?c", "abc", True),
        (f"{BUCKET}/a${{*}}c", "abc", False),
        (f"{BUCKET}/a${{*}}c", "a*c", True),
        (f"{BUCKET}/${{aws:username}}/*", "${aws:username}/x", False),
        (f"{BUCKET}/${{$}}{{aws:username}}/*", "${aws:username}/x", True),
        ("arn:aws:s3:::*", "a", True),
        ("arn:*:a", "a", False),
        ("*", "a", True),
    ],
)
def test_resources_match_part_by_part(resource: str, key: str, allowed: bool) -> None:
    assert is_allowed(get(key), document(statement(Resource=resource))) is allowed


def test_a_wildcard_stays_within_its_part_of_an_arn() -> None:
    here = Call(action="s3:GetObject", resource="arn:aws:x:us-east-1:111122223333:y")
    assert is_allowed(here, document(statement(Resource="arn:aws:x:*:111122223333:y")))
    assert not is_allowed(here, document(statement(Resource="arn:aws:x:*:y")))


CONDITIONS: list[tuple[str, str | tuple[str, ...] | None, Any, bool]] = [
    # operator, the key's value (None: not in the request), wanted, matches
    ("StringEquals", "a", "a", True),
    ("StringEquals", "A", "a", False),
    ("StringEquals", "a", ["b", "a"], True),
    ("StringEquals", None, "a", False),
    ("StringEquals", "ab", "a*", False),
    ("StringEqualsIfExists", None, "a", True),
    ("StringNotEquals", None, "a", True),
    ("StringNotEquals", "a", ["a", "b"], False),
    ("StringNotLike", "ab", "a*", False),
    ("StringLike", "ab", "a*", True),
    ("StringLike", None, "*", False),
    ("ArnLike", "arn:aws:iam::1:role/a/b", "arn:aws:iam::1:role/a/*", True),
    ("ArnLike", "arn:aws:iam::2:role/a/b", "arn:aws:iam::1:role/a/*", False),
    ("Bool", "true", "true", True),
    ("Bool", "false", "true", False),
    ("Bool", None, "false", False),
    ("Null", None, "true", True),
    ("Null", None, "false", False),
    ("Null", "a", "false", True),
    ("Null", (), "false", False),
    ("NumericLessThanEquals", "10", "9", False),
    ("NumericLessThanEquals", "9", "9", True),
    ("NumericLessThanEquals", None, "9", False),
    ("NumericGreaterThan", "10", "9", True),
    ("ForAllValues:StringLike", ("ab", "ac"), "a*", True),
    ("ForAllValues:StringLike", ("ab", "b"), "a*", False),
    ("ForAllValues:StringLike", None, "a*", True),
    ("ForAllValues:StringLike", (), "a*", True),
    ("ForAnyValue:StringEquals", ("b", "a"), "a", True),
    ("ForAnyValue:StringEquals", None, "a", False),
]


@pytest.mark.parametrize(("operator", "actual", "wanted", "matches"), CONDITIONS)
def test_conditions(
    operator: str, actual: str | tuple[str, ...] | None, wanted: Any, matches: bool
) -> None:
    result = document(statement(Condition={operator: {"Some:Key": wanted}}))
    call = get("a", **({} if actual is None else {"some:key": actual}))
    assert is_allowed(call, result) is matches


def test_all_conditions_must_match() -> None:
    both = {"StringEquals": {"k": "a", "l": "b"}}
    assert is_allowed(get("a", k="a", l="b"), document(statement(Condition=both)))
    assert not is_allowed(get("a", k="a", l="c"), document(statement(Condition=both)))


def test_a_deny_wins_over_every_allow() -> None:
    deny = statement(Effect="Deny", Resource=f"{BUCKET}/secret/*")
    assert is_allowed(get("a"), document(statement()), document(deny))
    assert not is_allowed(get("secret/a"), document(statement()), document(deny))
    assert not is_allowed(get("a"), document())


@pytest.mark.parametrize(
    ("principal", "caller", "allowed"),
    [
        ({"Service": "sagemaker.amazonaws.com"}, "sagemaker.amazonaws.com", True),
        ({"Service": "sagemaker.amazonaws.com"}, "ec2.amazonaws.com", False),
        ({"AWS": "arn:aws:iam::1:root"}, "arn:aws:iam::1:role/a", True),
        ({"AWS": "arn:aws:iam::1:root"}, "arn:aws:iam::12:role/a", False),
        ("*", "arn:aws:iam::12:role/a", True),
    ],
)
def test_principals(principal: Any, caller: str, allowed: bool) -> None:
    call = Call(action="s3:GetObject", principal=caller)
    assert is_allowed(call, document(statement(Principal=principal))) is allowed


@pytest.mark.parametrize(
    "unknown",
    [
        statement(NotAction="s3:*"),
        statement(Condition={"DateLessThan": {"k": "2026"}}),
        statement(Condition={"ForSomeValues:StringLike": {"k": "a"}}),
        statement(Effect="Alow"),
    ],
    ids=["element", "operator", "quantifier", "effect"],
)
def test_an_unknown_element_is_an_error(unknown: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not know|unknown effect"):
        is_allowed(get("a", k="a"), document(unknown))


def test_a_plain_operator_on_a_multivalued_key_is_an_error() -> None:
    result = document(statement(Condition={"StringEquals": {"k": "a"}}))
    with pytest.raises(ValueError, match="multivalued"):
        is_allowed(get("a", k=("a",)), result)

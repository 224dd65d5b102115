"""Policy statements with the request paths that require them, and the IAM document they form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from hptc.diagnostics import RequestPath

VERSION = "2012-10-17"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a statement, which is met if any of its values matches."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is allowed, the reason, and the request paths that require it.

    `resources` may contain references. In a resource-based policy a statement has a principal (its
    type and value); in a trust policy it has no resources.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    principal: tuple[str, str] | None = None
    reason: str
    required_by: tuple[RequestPath, ...] = ()


def merge(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """One statement for each sid, in the order of the sids.

    Statements with one sid must allow the same actions under conditions on the same keys: merging
    combines resources, condition values and request paths, and never drops a condition.
    """
    merged: dict[str, Statement] = {}
    for statement in statements:
        known = merged.get(statement.sid)
        merged[statement.sid] = statement if known is None else _united(known, statement)
    return tuple(_in_order(merged[sid]) for sid in sorted(merged))


def _united(one: Statement, other: Statement) -> Statement:
    by_key = {(c.operator, c.key): c for c in other.conditions}
    if one.actions != other.actions or [(c.operator, c.key) for c in one.conditions] != [*by_key]:
        raise ValueError(f"the sid {one.sid} stands for two different permissions")
    return replace(
        one,
        resources=one.resources + other.resources,
        conditions=tuple(
            replace(c, values=c.values + by_key[c.operator, c.key].values) for c in one.conditions
        ),
        required_by=one.required_by + other.required_by,
    )


def _in_order(statement: Statement) -> Statement:
    return replace(
        statement,
        resources=tuple(sorted(set(statement.resources))),
        conditions=tuple(
            replace(each, values=tuple(sorted(set(each.values)))) for each in statement.conditions
        ),
        required_by=tuple(dict.fromkeys(statement.required_by)),
    )


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """The IAM policy document of statements."""
    return {"Version": VERSION, "Statement": [_statement(each) for each in statements]}


def _statement(statement: Statement) -> dict[str, Any]:
    entry: dict[str, Any] = {"Sid": statement.sid, "Effect": "Allow"}
    if statement.principal is not None:
        entry["Principal"] = {statement.principal[0]: statement.principal[1]}
    entry["Action"] = _one_or_all(statement.actions)
    if statement.resources:
        entry["Resource"] = _one_or_all(statement.resources)
    conditions: dict[str, dict[str, Any]] = {}
    for condition in statement.conditions:
        conditions.setdefault(condition.operator, {})[condition.key] = _one_or_all(condition.values)
    return entry | ({"Condition": conditions} if conditions else {})


def _one_or_all(texts: tuple[str, ...]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)

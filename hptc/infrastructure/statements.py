"""Policy statements with the request paths that require them, and the IAM document they form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hptc.diagnostics import RequestPath
from hptc.frozen import frozen

VERSION = "2012-10-17"


@frozen
class Condition:
    """One condition of a statement, which is met if any of its values matches."""

    operator: str
    key: str
    values: tuple[str, ...]


@frozen
class Statement:
    """The allowed actions, the reason, and the request paths that require them.

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
    by_sid: dict[str, list[Statement]] = {}
    for statement in statements:
        by_sid.setdefault(statement.sid, []).append(statement)
    return tuple(_merged(by_sid[sid]) for sid in sorted(by_sid))


def _merged(statements: list[Statement]) -> Statement:
    first, *others = statements
    keys = [(condition.operator, condition.key) for condition in first.conditions]
    for other in others:
        if other.actions != first.actions or keys != [
            (condition.operator, condition.key) for condition in other.conditions
        ]:
            raise ValueError(f"the sid {first.sid} is used for two different permissions")
    return replace(
        first,
        resources=_sorted(statement.resources for statement in statements),
        conditions=tuple(
            replace(
                condition,
                values=_sorted(statement.conditions[index].values for statement in statements),
            )
            for index, condition in enumerate(first.conditions)
        ),
        required_by=tuple(
            dict.fromkeys(path for statement in statements for path in statement.required_by)
        ),
    )


def _sorted(texts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({text for group in texts for text in group}))


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """The IAM policy document of statements."""
    return {"Version": VERSION, "Statement": [_statement(statement) for statement in statements]}


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

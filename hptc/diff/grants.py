"""Policy statements as their smallest parts, and whether one part allows all that another does.

A grant that can't be proven to be covered counts as new: a review may show too much, never too
little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hptc.frozen import frozen
from hptc.infrastructure.statements import Condition, Statement

_PATTERN_OPERATORS = frozenset(("ArnEquals", "ArnLike", "StringLike"))
"""Operators whose values may have wildcards; ArnEquals and ArnLike behave identically
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
"""
_ESCAPES = {"${*}": "\ue000", "${?}": "\ue001", "${$}": "\ue002"}
"""How a policy escapes `*`, `?` and `$`. Each matches one character."""
_WILDCARDS = {"*": ".*", "?": "[^*]"}
"""What each wildcard covers in another pattern: `?` is one character, so it can't cover `*`."""


@frozen
class Grant:
    """One action on one resource, under conditions: the smallest part of a statement."""

    action: str
    resource: str  # empty for a statement without resources
    conditions: tuple[Condition, ...]


def grants(statement: Statement) -> list[Grant]:
    """Every action of a statement on every resource."""
    return [
        Grant(action=action, resource=resource, conditions=statement.conditions)
        for action in statement.actions
        for resource in statement.resources or ("",)
    ]


def is_covered(grant: Grant, others: Iterable[Grant]) -> bool:
    """Whether one of the others allows everything that this grant allows."""
    return any(
        other.action == grant.action
        and covers(other.resource, grant.resource)
        and all(_implies(grant.conditions, limit) for limit in other.conditions)
        for other in others
    )


def _implies(conditions: tuple[Condition, ...], limit: Condition) -> bool:
    """Whether a request that meets all the conditions also meets `limit`."""
    return any(
        (condition.operator, condition.key) == (limit.operator, limit.key)
        and all(_matches(limit, value) for value in condition.values)
        for condition in conditions
    )


def _matches(limit: Condition, value: str) -> bool:
    # `ForAnyValue:StringLike` and `ArnLikeIfExists` compare as StringLike and ArnLike do.
    operator = limit.operator.rpartition(":")[2].removesuffix("IfExists")
    if operator in _PATTERN_OPERATORS:
        return any(covers(pattern, value) for pattern in limit.values)
    return value in limit.values


def covers(pattern: str, other: str) -> bool:
    """Whether an IAM pattern matches everything that another one matches."""
    pattern, other = _unescaped(pattern), _unescaped(other)
    expression = "".join(_WILDCARDS.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, other, re.DOTALL) is not None


def _unescaped(pattern: str) -> str:
    for escape, character in _ESCAPES.items():
        pattern = pattern.replace(escape, character)
    return pattern

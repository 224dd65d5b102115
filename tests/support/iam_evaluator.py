"""What IAM decides about one call, for the part of the policy language that hptc uses.

Independent of hptc: policy documents and calls in, a decision out. It raises an error for anything
it does not know instead of guessing. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Context = Mapping[str, str | tuple[str, ...]]
"""The condition keys of a call. A missing key is absent from the request; a tuple is a multivalued
key, which may be empty."""

_STATEMENT = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One API call as IAM sees it. `principal` is the caller: an ARN or the name of a service."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    principal: str = ""

    def __str__(self) -> str:
        context = ", ".join(f"{key}={value}" for key, value in self.context.items())
        return f"{self.action} on {self.resource}" + (f" with {context}" if context else "")


def is_allowed(call: Call, *documents: Mapping[str, Any]) -> bool:
    """Whether a statement allows the call and none denies it."""
    effects = _effects(call, *documents)
    return "Allow" in effects and "Deny" not in effects


def is_denied(call: Call, *documents: Mapping[str, Any]) -> bool:
    """Whether a statement denies the call, whatever the others allow."""
    return "Deny" in _effects(call, *documents)


def condition_keys(*documents: Mapping[str, Any]) -> set[str]:
    """The condition keys of the documents, in lower case."""
    return {
        key.lower()
        for document in documents
        for statement in _statements(document)
        for by_key in statement.get("Condition", {}).values()
        for key in by_key
    }


def _effects(call: Call, *documents: Mapping[str, Any]) -> set[str]:
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _statements(document)
        if _applies(statement, call)
    }
    if not effects <= {"Allow", "Deny"}:
        raise ValueError(f"unknown effect: {effects}")
    return effects


def sids_of(call: Call, document: Mapping[str, Any]) -> list[str]:
    """The Sids of the statements that apply to the call."""
    return [statement["Sid"] for statement in _statements(document) if _applies(statement, call)]


def _statements(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if document["Version"] != "2012-10-17":
        raise ValueError("variables and `*` have another meaning in other versions")
    for statement in document["Statement"]:
        if unknown := set(statement) - _STATEMENT:
            raise ValueError(f"the evaluator does not know {unknown}")
        yield statement


def _applies(statement: Mapping[str, Any], call: Call) -> bool:
    keys = {key.lower(): value for key, value in call.context.items()}
    if "Principal" in statement and not _is_principal(statement["Principal"], call.principal):
        return False
    if not any(
        _glob(action.lower(), call.action.lower(), {}) for action in _texts(statement["Action"])
    ):
        return False
    # A trust policy names no resource: it applies to its own role.
    resources = _texts(statement.get("Resource", "*"))
    if not any(_is_resource(pattern, call.resource, keys) for pattern in resources):
        return False
    return all(
        _matches(operator, keys.get(key.lower()), _texts(wanted), keys)
        for operator, by_key in statement.get("Condition", {}).items()
        for key, wanted in by_key.items()
    )


def _is_principal(allowed: str | Mapping[str, Any], principal: str) -> bool:
    """A principal matches in full; the root of an account matches all of its principals."""
    if allowed == "*":
        return True
    if isinstance(allowed, str):
        raise ValueError(f"unknown principal: {allowed}")
    names = [
        name for kind in ("AWS", "Federated", "Service") for name in _texts(allowed.get(kind, []))
    ]
    for name in names:
        root = name.removesuffix(":root")
        if name in ("*", principal) or (root != name and principal.startswith(f"{root}:")):
            return True
    return False


def _is_resource(pattern: str, resource: str, keys: Context) -> bool:
    return pattern == "*" or _arn_like(pattern, resource, keys)


def _arn_like(pattern: str, arn: str, keys: Context) -> bool:
    """Match the six parts of an ARN one by one: `*` never matches a colon between them."""
    marked = _VARIABLE.sub(lambda match: match[0].replace(":", "\0"), pattern)
    patterns = [part.replace("\0", ":") for part in marked.split(":", 5)]
    parts = arn.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(
        _glob(pattern, part, keys) for pattern, part in zip(patterns, parts, strict=True)
    )


def _glob(pattern: str, text: str, keys: Context) -> bool:
    """Match `*`, `?` and variables; `${*}`, `${?}` and `${$}` are literal characters."""
    expression, end = "", 0
    for variable in _VARIABLE.finditer(pattern):
        expression += _wild(pattern[end : variable.start()])
        value = _value(variable[1], keys)
        if value is None:
            return False
        expression += re.escape(value)
        end = variable.end()
    return re.fullmatch(expression + _wild(pattern[end:]), text, re.S) is not None


@cache
def _wild(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def _value(variable: str, keys: Context) -> str | None:
    if variable in ("*", "?", "$"):
        return variable
    value = keys.get(variable.lower())
    return value if isinstance(value, str) else None


def _matches(
    operator: str, actual: str | tuple[str, ...] | None, wanted: list[str], keys: Context
) -> bool:
    quantifier, _, plain = operator.rpartition(":")
    if plain == "Null":
        (is_null,) = wanted
        # A multivalued key without a value is null as well.
        return (actual in (None, ())) == (is_null == "true")
    is_optional = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    if actual is None and is_optional:
        return True

    def matches(value: str) -> bool:
        return any(_compare(plain, value, pattern, keys) for pattern in wanted)

    match quantifier:
        case "ForAllValues":  # also true for a missing key
            return all(matches(value) for value in _values(actual))
        case "ForAnyValue":
            return any(matches(value) for value in _values(actual))
        case "":
            if isinstance(actual, tuple):
                raise ValueError(f"{operator} is not defined for a multivalued key")
            if "Not" in plain:
                return actual is None or not any(
                    _compare(plain.replace("Not", ""), actual, pattern, keys) for pattern in wanted
                )
            return actual is not None and matches(actual)
        case _:
            raise ValueError(f"the evaluator does not know {operator}")


def _compare(operator: str, actual: str, wanted: str, keys: Context) -> bool:
    match operator:
        case "StringEquals":
            return _literal(wanted, keys) == actual
        case "StringLike":
            return _glob(wanted, actual, keys)
        case "ArnLike" | "ArnEquals":
            return _arn_like(wanted, actual, keys)
        case "Bool":
            return wanted.lower() == actual.lower()
        case "NumericEquals":
            return float(actual) == float(wanted)
        case "NumericLessThan":
            return float(actual) < float(wanted)
        case "NumericLessThanEquals":
            return float(actual) <= float(wanted)
        case "NumericGreaterThan":
            return float(actual) > float(wanted)
        case "NumericGreaterThanEquals":
            return float(actual) >= float(wanted)
        case _:
            raise ValueError(f"the evaluator does not know {operator}")


def _literal(text: str, keys: Context) -> str:
    return _VARIABLE.sub(lambda match: _value(match[1], keys) or "\0", text)


def _values(actual: str | tuple[str, ...] | None) -> Iterable[str]:
    if actual is None:
        return ()
    return (actual,) if isinstance(actual, str) else actual


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)

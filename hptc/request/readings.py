"""Reads a request with violations, so that the rules still check the rest of it.

A name that is too long or an ARN with a placeholder does not invalidate the other values. The
rules read such a request twice, with a different stand-in for each invalid value: a finding of only
one reading is a consequence of the stand-in, not a problem of the request.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from hptc.diagnostics import Finding, Path
from hptc.project.references import reference
from hptc.request.conformance import MAX_VIOLATIONS, Violation
from hptc.request.shapes import Shape
from hptc.spec.aliases import choice

_UNKNOWN = (reference("unknown"), reference("also_unknown"))
"""Stand-ins for a text that is missing or malformed. Rules don't check values with references."""

_MAX_CHOICES = 12
"""Enums up to this size are choices that rules compare with; longer ones are instance types."""

_DECISIVE = ("Name", "ChannelName", "InstanceGroupName")
"""Names that other values refer to, so nothing can stand for a missing one."""

_LARGEST = 2**31 - 1
_MAX_TIMES = 5  # the rules still read this many times the allowed number of entries


def readings(
    request: Mapping[str, Any], violations: tuple[Violation, ...]
) -> tuple[Mapping[str, Any], ...]:
    """Requests that `read_job` can read: the request itself if it has no violations, or else two.

    Empty if too much is missing or mistyped.
    """
    if not violations:
        return (request,)
    stand_ins = [_stand_ins(violation) for violation in violations]
    if len(violations) >= MAX_VIOLATIONS or None in stand_ins:
        return ()
    both = copy.deepcopy(request), copy.deepcopy(request)
    for violation, values in zip(violations, stand_ins, strict=True):
        for reading, value in zip(both, values or (), strict=False):
            _put(reading, violation.path, value)
    return both


def without_consequences(
    findings: list[list[Finding]], violations: tuple[Violation, ...]
) -> list[Finding]:
    """The findings that all readings have, without those at the place of a violation.

    A secret is reported whatever else is wrong with the value.
    """
    invalid = {violation.path for violation in violations}
    in_others = [frozenset(others) for others in findings[1:]]
    return [
        finding
        for finding in findings[0]
        if finding.is_secret
        or (
            all(finding in others for others in in_others)
            and not any(finding.path[:length] in invalid for length in range(len(finding.path) + 1))
        )
    ]


def _stand_ins(violation: Violation) -> tuple[Any, ...] | None:
    """Two values to read in place of an invalid one; empty if it is read as it is written.

    None if nothing can take its place.
    """
    shape, value = violation.shape, violation.value
    member = violation.path[-1] if violation.path else ""
    if member == "TrainingImage":  # it decides which algorithm's rules apply
        return None
    if member in _DECISIVE and violation.kind in ("missing", "type"):
        return None
    match violation.kind:
        case "maximum" if shape.type in _CONTAINERS and (
            len(value) > _MAX_TIMES * (shape.maximum or 0)
        ):
            return None  # the rules would take too long
        case "unknown":
            return ()
        case "missing":
            return _any_of(shape)
        case "type":
            converted = _converted(value, shape)
            if converted is None or (shape.enum and converted not in shape.enum):
                return _any_of(shape) if shape.type not in _CONTAINERS else None
            return converted, converted
        case "enum" if (meant := choice(value, shape.enum)) is not None:
            return meant, meant
    if shape.type == "string" and not shape.enum:
        return value, _UNKNOWN[0]
    return () if shape.type in _CONTAINERS else _any_of(shape)


_CONTAINERS = ("structure", "list", "map")


def _any_of(shape: Shape) -> tuple[Any, Any] | None:
    """Two valid values, as different as possible."""
    match shape.type:
        case "structure":
            members = {name: _any_of(shape.members[name]) for name in shape.required}
            if None in members.values() or not members.keys().isdisjoint(_DECISIVE):
                return None
            return (
                {name: values[0] for name, values in members.items() if values is not None},
                {name: values[1] for name, values in members.items() if values is not None},
            )
        case "boolean":
            return False, True
        case "string" if 0 < len(shape.enum) <= _MAX_CHOICES:
            return shape.enum[0], shape.enum[-1]
        case "string":
            return _UNKNOWN
        case "list" | "map":
            return None
    low = 0 if shape.minimum is None else shape.minimum
    return low, (_LARGEST if shape.maximum is None else shape.maximum)


def _converted(value: object, shape: Shape) -> object:
    """A scalar as the type that its text or number stands for: `"20"` is 20, and 20 is `"20"`."""
    match shape.type, value:
        case "string", bool():
            return str(value).lower()
        case "string", int() | float():
            return str(value)
        case "boolean", str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case "integer" | "long", str() if value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        case "integer" | "long", float() if value.is_integer():
            return int(value)
    return None


def _put(request: Any, path: Path, value: Any) -> None:
    *owners, last = path
    for part in owners:
        request = request[part]
    request[last] = value

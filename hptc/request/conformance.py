"""Compares a request with the API's shape, finds references, and orders members as the API does.

A single walk does all three, because each has to visit every value.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.project.references import by_example, names_in
from hptc.request.shapes import Shape, input_shape

MAX_VIOLATIONS = 1000
"""The maximum number of violations that are reported."""

KINDS = ("unknown", "missing", "type", "enum", "minimum", "maximum", "pattern")


@frozen
class Violation:
    """One constraint that a request does not meet. `kind` is one of KINDS."""

    kind: str
    path: RequestPath
    shape: Shape
    value: Any = None


@frozen
class Conformance:
    """The result of comparing a request with the API's shape."""

    request: Any  # a copy with each structure's members in the API's order
    violations: tuple[Violation, ...]
    references: frozenset[str]  # the names of `${hptc:name}`, known or not


def conformance(request: object) -> Conformance:
    """Compare a request with the shape of CreateHyperParameterTuningJob.

    The length of a value with a reference is not known yet; its form is, from an example.
    """
    walk = _Walk(violations=[], references=set(), path=[])
    ordered = walk.value(request, input_shape())
    return Conformance(
        request=ordered,
        violations=tuple(walk.violations[:MAX_VIOLATIONS]),
        references=frozenset(walk.references),
    )


def violations(request: object) -> list[Violation]:
    """Every violation of a request, at most MAX_VIOLATIONS."""
    return list(conformance(request).violations)


_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}


@frozen
class _Walk:
    """The state of one walk. `path` is the path of the current value."""

    violations: list[Violation]
    references: set[str]
    path: list[str | int]

    def value(self, value: Any, shape: Shape) -> object:
        """Check a value; return it with its structures in order."""
        # The class itself, since a bool is an int to isinstance.
        if type(value) not in _TYPES[shape.type]:
            self._add("type", shape, value)
            self.references.update(names_in(value))
            return value
        match shape.type:
            case "string":  # most values are
                self._check_text(value, shape)
            case "structure":
                return self._structure(value, shape)
            case "list":
                self._check_size(len(value), value, shape)
                return self._list(value, shape)
            case "map":
                self._check_size(len(value), value, shape)
                return self._map(value, shape)
            case "boolean":
                pass
            case _:
                self._check_size(value, value, shape)
        return value

    def _structure(self, value: dict[str, Any], shape: Shape) -> dict[str, Any]:
        for name in shape.required:
            if name not in value:
                self.path.append(name)
                self._add("missing", shape.members[name], None)
                self.path.pop()
        ordered = {}
        for name, member in shape.members.items():
            if name in value:
                inner = value[name]
                if not _is_met(inner, member):
                    self.path.append(name)
                    inner = self.value(inner, member)
                    self.path.pop()
                ordered[name] = inner
        if len(ordered) != len(value):
            for name, inner in value.items():
                if name not in ordered:
                    self.path.append(name)
                    self._add("unknown", shape, inner)
                    self.path.pop()
                    self.references.update(names_in(inner))
                    ordered[name] = inner
        return ordered

    def _list(self, value: list[Any], shape: Shape) -> list[Any]:
        item = shape.item
        if item is None:
            return value
        elements = []
        for index, inner in enumerate(value):
            if not _is_met(inner, item):
                self.path.append(index)
                inner = self.value(inner, item)
                self.path.pop()
            elements.append(inner)
        return elements

    def _map(self, value: dict[str, Any], shape: Shape) -> dict[str, Any]:
        key, item = shape.key, shape.item
        if key is None or item is None:
            return value
        for name, inner in value.items():
            if not (_is_met(name, key) and _is_met(inner, item)):
                self.path.append(name)
                self.value(name, key)
                self.value(inner, item)
                self.path.pop()
        return value

    def _check_text(self, text: str, shape: Shape) -> None:
        if "${hptc:" in text and (names := names_in(text)):
            self.references.update(names)
            form = by_example(text)
            if form is not None and not has_form(form, shape):
                self._add("enum" if shape.enum else "pattern", shape, text)
        elif fault := _fault(text, shape):
            self._add(fault, shape, text)

    def _check_size(self, size: float, value: object, shape: Shape) -> None:
        if fault := _fault_of_size(size, shape):
            self._add(fault, shape, value)

    def _add(self, kind: str, shape: Shape, value: object) -> None:
        path = RequestPath(self.path)
        self.violations.append(Violation(kind=kind, path=path, shape=shape, value=value))


def _is_met(value: object, shape: Shape) -> bool:
    """Whether a value is a text without references that a shape accepts: most values are."""
    return (
        type(value) is str
        and shape.type == "string"
        and "${hptc:" not in value
        and not _fault(value, shape)
    )


def _fault(text: str, shape: Shape) -> str:
    """The kind of the constraint that a text does not meet; empty if it meets all."""
    if shape.enum:
        return "" if text in shape.enum else "enum"
    if fault := _fault_of_size(len(text), shape):
        return fault
    # Only texts of a valid length are matched, so that patterns never run on long ones.
    return "" if has_form(text, shape) else "pattern"


def has_form(text: str, shape: Shape) -> bool:
    """Whether a text has the pattern of a shape, or is a value of its enum; of any length."""
    if shape.enum:
        return text in shape.enum
    return not shape.pattern or _compiled(shape.pattern).fullmatch(text) is not None


def _fault_of_size(size: float, shape: Shape) -> str:
    """The same for a number, or for the length of anything else."""
    if shape.minimum is not None and size < shape.minimum:
        return "minimum"
    if shape.maximum is not None and size > shape.maximum:
        return "maximum"
    return ""


_UNICODE_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a Java pattern in Python; ASCII only, unless it has Unicode classes."""
    flags = 0 if r"\p{" in pattern else re.ASCII
    for java, python in _UNICODE_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern, flags)

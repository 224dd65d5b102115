"""Valid values for members whose values are not known, from botocore's shapes.

A request with them can be written as a spec and compiled, to prove that all other values are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.diagnostics import Path, path_text
from hptc.project.references import NAMES, by_example, reference
from hptc.request.conformance import has_form
from hptc.request.emission import Request
from hptc.request.shapes import Shape, input_shape
from hptc.tool_formats.imported_job import OpenValue

_TEXTS = (
    # References meet every length, because theirs is not known.
    *(reference(name) for name in NAMES),
    f"s3://{reference('artifact_bucket')}",
    f"https://{reference('artifact_bucket')}",
    "name",
    "fs-0123456789abcdef0",
    "arn:aws:sagemaker:us-east-1:111122223333:training-plan/name",
    "arn:aws:sagemaker:us-east-1:111122223333:hub-content/hub/DataSet/name/1.0.0",
)
"""Texts of every format that the API has."""

_NUMBERS = ("integer", "long", "float", "double")


def sample_of(shape: Shape) -> Any:
    """A value that a spec accepts for a scalar of this shape."""
    if shape.enum:
        return shape.enum[0]
    if shape.type == "boolean":
        return False
    if shape.type in _NUMBERS:
        return shape.minimum or 1
    return next(text for text in _TEXTS if has_form(by_example(text) or "", shape))


def with_samples(request: Request) -> tuple[Request, tuple[str, ...]]:
    """A request with samples for open values and missing members, and the missing ones' names."""
    missing: list[str] = []
    return _filled(request, input_shape(), (), missing), tuple(missing)


def _filled(value: object, shape: Shape | None, path: Path, missing: list[str]) -> Any:
    if isinstance(value, OpenValue):
        return value.sample
    if isinstance(value, list):
        element_shape = shape.item if shape is not None else None
        return [
            _filled(element, element_shape, (*path, index), missing)
            for index, element in enumerate(value)
        ]
    if not isinstance(value, Mapping):
        return value
    members = shape.members if shape is not None else {}
    filled = {
        key: _filled(member, members.get(key), (*path, key), missing)
        for key, member in value.items()
    }
    for member in shape.required if shape is not None else ():
        if member not in filled and (*path, member) != ("HyperParameterTuningJobName",):
            missing.append(path_text((*path, member)))
            filled[member] = _empty(members[member])
    return filled


def _empty(shape: Shape) -> object:
    """The smallest value with all required members, and in each list and structure at least one."""
    match shape.type:
        case "structure":
            names = shape.required or tuple(shape.members)[:1]
            return {name: _empty(shape.members[name]) for name in names}
        case "list":
            return [_empty(shape.item)] if shape.item is not None else []
        case "map":
            return {}
        case _:
            return sample_of(shape)

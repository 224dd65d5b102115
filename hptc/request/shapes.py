"""What the API's own model demands of a request: types, required members, enums, bounds, patterns.

The model is the installed botocore's, read as data: every bound is AWS's, none is copied here.
botocore itself checks only types, required members and minima before it sends
(https://github.com/boto/botocore/issues/3337); the rest comes back from the service.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from hptc.diagnostics import Path, RequestPath
from hptc.errors import OperationError, UsageError
from hptc.files import write_whole
from hptc.project.references import has_reference

OPERATION = "CreateHyperParameterTuningJob"
MAX_VIOLATIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One node of an operation's input, as far as a request must meet it."""

    name: str
    type: str  # structure, list, map, string, integer, long, float, double, boolean, timestamp
    members: Mapping[str, Shape]  # of a structure
    required: tuple[str, ...] = ()
    item: Shape | None = None  # of a list, or a map's values
    key: Shape | None = None  # of a map
    enum: tuple[str, ...] = ()
    minimum: int | None = None  # of a number; of the length of anything else
    maximum: int | None = None
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One demand that a request does not meet. `kind` is one of KINDS."""

    kind: str
    path: RequestPath
    shape: Shape
    value: Any = None


KINDS = ("unknown", "missing", "type", "enum", "minimum", "maximum", "pattern")

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


@cache
def input_shape() -> Shape:
    """The input of CreateHyperParameterTuningJob. Raises OperationError without botocore's data."""
    operation = _operation()
    return _shape(operation["input"], operation["shapes"], {})


def _operation() -> Any:
    """The operation's part of botocore's model, from a cache where the model has not changed.

    The whole model is megabytes, and reading it would be a third of the time of a cold
    `hptc check`. Importing botocore would cost more than all of it; finding its file costs nothing.
    """
    path = _model_path()
    state = path.stat()
    kept = _cache_folder() / f"shapes-{state.st_size}-{state.st_mtime_ns}.json"
    try:
        return json.loads(kept.read_bytes())
    except (OSError, ValueError):
        pass
    import gzip

    raw = path.read_bytes()
    model = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    top = model["operations"][OPERATION]["input"]["shape"]
    reached: dict[str, Any] = {}
    _reach(top, model["shapes"], reached)
    operation = {"input": top, "shapes": reached}
    if kept.is_absolute():
        with contextlib.suppress(UsageError):  # a cache that can't be written is only slower
            write_whole(kept, json.dumps(operation))
    return operation


def _model_path() -> FilePath:
    spec = importlib.util.find_spec("botocore")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = FilePath(location, "data", "sagemaker")
        for path in sorted(folder.glob("*/service-2.json*"), reverse=True):
            return path
    raise OperationError(
        "botocore's SageMaker model was not found", help="reinstall hptc: `pip install hptc`"
    )


def _cache_folder() -> FilePath:
    # Path.home() raises where there is no home; this leaves the `~` and so no cache.
    home = os.path.expanduser("~/.cache")  # noqa: PTH111
    return FilePath(os.environ.get("XDG_CACHE_HOME") or home, "hptc")


def _reach(name: str, shapes: Mapping[str, Any], reached: dict[str, Any]) -> None:
    if name in reached:
        return
    raw = {key: value for key, value in shapes[name].items() if key != "documentation"}
    reached[name] = raw
    inner = (*raw.get("members", {}).values(), raw.get("member"), raw.get("key"), raw.get("value"))
    for reference in inner:
        if reference:
            _reach(reference["shape"], shapes, reached)


def _shape(name: str, shapes: Mapping[str, Any], made: dict[str, Shape]) -> Shape:
    if name in made:
        return made[name]
    raw = shapes[name]
    made[name] = Shape(
        name=name,
        type=raw["type"],
        members={
            member: _shape(reference["shape"], shapes, made)
            for member, reference in raw.get("members", {}).items()
        },
        required=tuple(raw.get("required", ())),
        item=_referenced(raw.get("member") or raw.get("value"), shapes, made),
        key=_referenced(raw.get("key"), shapes, made),
        enum=tuple(raw.get("enum", ())),
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        pattern=raw.get("pattern", ""),
    )
    return made[name]


def _referenced(reference: Any, shapes: Mapping[str, Any], made: dict[str, Shape]) -> Shape | None:
    return _shape(reference["shape"], shapes, made) if reference else None


def violations(request: Any) -> list[Violation]:
    """Everything in which a request differs from the shape, in the request's order.

    After MAX_VIOLATIONS the rest waits for the next run: nobody reads so many.
    A value that only a deployment can tell (`${hptc:…}`) meets patterns and lengths.
    """
    found: list[Violation] = []
    _walk(request, input_shape(), (), found)
    return found[:MAX_VIOLATIONS]


def _walk(value: Any, shape: Shape, path: Path, found: list[Violation]) -> None:
    fault = _fault(value, shape)
    if fault is not None:
        found.append(Violation(kind=fault, path=RequestPath(path), shape=shape, value=value))
        if fault == "type":
            return
    match shape.type:
        case "structure":
            for name in shape.required:
                if name not in value:
                    missing = shape.members[name]
                    found.append(
                        Violation(kind="missing", path=RequestPath((*path, name)), shape=missing)
                    )
            for name, inner in value.items():
                member = shape.members.get(name)
                here = (*path, name)
                if member is None:
                    found.append(
                        Violation(kind="unknown", path=RequestPath(here), shape=shape, value=inner)
                    )
                else:
                    _walk(inner, member, here, found)
        case "list" if shape.item is not None:
            for index, inner in enumerate(value):
                _walk(inner, shape.item, (*path, index), found)
        case "map" if shape.item is not None and shape.key is not None:
            for name, inner in value.items():
                _walk(name, shape.key, (*path, name), found)
                _walk(inner, shape.item, (*path, name), found)


def _fault(value: Any, shape: Shape) -> str | None:
    """The kind of demand that a value itself does not meet; None if it meets all."""
    types = _TYPES.get(shape.type)
    if types is not None and type(value) not in types:  # by its class itself: a bool is no integer
        return "type"
    match value:
        case str():
            if has_reference(value):
                return None
            if shape.enum:
                return None if value in shape.enum else "enum"
            size: float = len(value)
        case dict() | list():
            size = len(value)
        case int() | float():
            size = value
        case _:
            return None
    if shape.minimum is not None and size < shape.minimum:
        return "minimum"
    if shape.maximum is not None and size > shape.maximum:
        return "maximum"
    # A text of the wrong length is not matched: patterns are matched on short texts only.
    if shape.pattern and not _compiled(shape.pattern).fullmatch(value):
        return "pattern"
    return None


_UNICODE_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\w",
    r"\p{Z}": " \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A Java pattern as Python's: for a whole match, and ASCII unless it names Unicode classes."""
    flags = 0 if r"\p{" in pattern else re.ASCII
    for java, python in _UNICODE_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern, flags)


def leaves(shape: Shape | None = None, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Every leaf of the input, lists as `[]` and maps as `{}` in its path."""
    shape = shape or input_shape()
    if shape.type == "structure":
        for name, member in shape.members.items():
            yield from leaves(member, (*path, name))
    elif shape.item is not None:
        yield from leaves(shape.item, (*path, "[]" if shape.type == "list" else "{}"))
    else:
        yield path, shape

"""The shape of CreateHyperParameterTuningJob: types, required members, enums, bounds, patterns.

It is read from the installed botocore's model, so no bound is copied here.
botocore itself checks only types, required members and minima before it sends a request
(https://github.com/boto/botocore/issues/3337); the service rejects the rest.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from hptc.diagnostics import Path
from hptc.errors import OperationError, UsageError
from hptc.files import write_whole
from hptc.frozen import frozen

OPERATION = "CreateHyperParameterTuningJob"


@frozen
class Shape:
    """One node of the operation's input, with the constraints on its values."""

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


@cache
def input_shape() -> Shape:
    """The input of CreateHyperParameterTuningJob. Raises OperationError without botocore's data."""
    operation = _operation()
    return _shape(operation["input"], operation["shapes"], {})


def _operation() -> Any:
    """The operation's part of botocore's model, cached until the model changes.

    The whole model is megabytes: reading it would take a third of a cold `hptc check`, and
    importing botocore even more. Finding its file takes no time.
    """
    path = _model_path()
    state = path.stat()
    cache_file = _cache_folder() / f"shapes-{state.st_size}-{state.st_mtime_ns}.json"
    try:
        return json.loads(cache_file.read_bytes())
    except (OSError, ValueError):
        pass
    import gzip

    raw = path.read_bytes()
    model = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    top = model["operations"][OPERATION]["input"]["shape"]
    reached: dict[str, Any] = {}
    _reach(top, model["shapes"], reached)
    operation = {"input": top, "shapes": reached}
    if cache_file.is_absolute():
        with contextlib.suppress(UsageError):  # without a cache, the next run is only slower
            write_whole(cache_file, json.dumps(operation))
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
    # Path.home() raises without a home; expanduser keeps the `~`, which means no cache.
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


def _shape(name: str, shapes: Mapping[str, Any], known: dict[str, Shape]) -> Shape:
    if name in known:
        return known[name]
    raw = shapes[name]
    known[name] = Shape(
        name=name,
        type=raw["type"],
        members={
            member: _shape(reference["shape"], shapes, known)
            for member, reference in raw.get("members", {}).items()
        },
        required=tuple(raw.get("required", ())),
        item=_referenced(raw.get("member") or raw.get("value"), shapes, known),
        key=_referenced(raw.get("key"), shapes, known),
        enum=tuple(raw.get("enum", ())),
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        pattern=raw.get("pattern", ""),
    )
    return known[name]


def _referenced(reference: Any, shapes: Mapping[str, Any], known: dict[str, Shape]) -> Shape | None:
    return _shape(reference["shape"], shapes, known) if reference else None


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

"""Maps a path in the request to the key of the spec that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.diagnostics import Path, RequestPath, SpecPath
from hptc.request.job_facts import PROGRAM, SUBMIT_DIRECTORY
from hptc.request.names import (
    RANGE_MEMBERS,
    TABLE,
    Each,
    Group,
    Hyperparameters,
    Leaf,
    Named,
    Names,
    Node,
    Pairs,
)


def spec_path(path: RequestPath, request: Mapping[str, Any]) -> SpecPath:
    """The key of the spec that a path in the request comes from, or the nearest one above it."""
    return spec_paths(path, request)[0]


def spec_paths(path: RequestPath, request: Mapping[str, Any]) -> list[SpecPath]:
    """Like `spec_path`, in every notation of the spec language; at least one path."""
    candidates = list(_candidates(TABLE, path, request, (), ()))
    longest = max((length for length, _ in candidates), default=0)
    nearest = [SpecPath(found) for length, found in candidates if length == longest]
    return nearest or [SpecPath()]


def exact_spec_paths(path: RequestPath, request: Mapping[str, Any]) -> list[SpecPath]:
    """The keys of the spec that stand for a path in the request, in every notation; maybe none."""
    return [
        SpecPath(found)
        for length, found in _candidates(TABLE, path, request, (), ())
        if length == len(path)
    ]


def _candidates(
    members: Mapping[str, Node], path: Path, request: Any, base: Path, spec: Path
) -> Iterator[tuple[int, Path]]:
    is_inside = path[: len(base)] == base
    for key, node in members.items():
        if not is_inside and isinstance(node, Leaf) and not node.api.startswith("/"):
            continue  # most nodes are in other structures
        here = (*spec, key)
        if isinstance(node, Hyperparameters):
            yield from _hyperparameter_candidates(node, path, request, base, here)
            yield from _source_candidates(node, path, base, (*spec, "source"))
            continue
        at = _api_path(base, node.api)
        if at[: len(path)] == path and len(at) > len(path):
            continue  # the path is above this node
        inside = path[: len(at)] == at
        if inside:
            yield len(at), here
        rest = path[len(at) :] if inside else ()
        match node:
            case Group(_, inner, turns_on):
                if turns_on is not None and path == _api_path(base, turns_on):
                    yield len(path), here
                yield from _candidates(inner, path, request, at, here)
            case Leaf() if rest:
                yield len(path), (*here, *rest)
            case Each(_, inner) if rest:
                index = rest[0]
                yield len(at) + 1, (*here, index)
                yield from _candidates(inner, path, request, (*at, index), (*here, index))
            case Named(_, name, inner, _) if rest:
                entry = value_at(request, (*at, rest[0]))
                label = entry.get(name) if isinstance(entry, Mapping) else None
                if isinstance(label, str):
                    yield len(at) + 1, (*here, label)
                    yield from _candidates(inner, path, request, (*at, rest[0]), (*here, label))
                    if (key, label) == ("inputs", "code"):
                        yield len(path), (*spec, "source", "directory")
            case Pairs(_, name, _) | Names(_, name) if rest:
                entry = value_at(request, (*at, rest[0]))
                label = entry.get(name) if isinstance(entry, Mapping) else None
                if isinstance(node, Names):
                    yield len(path), (*here, rest[0])
                elif isinstance(label, str):
                    yield len(path), (*here, label)


def _hyperparameter_candidates(
    node: Hyperparameters, path: Path, request: Any, base: Path, spec: Path
) -> Iterator[tuple[int, Path]]:
    static = _api_path(base, node.static)
    if path[: len(static)] == static:
        yield len(path), (*spec, *path[len(static) :])
    ranges = _api_path(base, node.ranges)
    if path[: len(ranges)] != ranges:
        return
    yield len(ranges), spec
    rest = path[len(ranges) :]
    if len(rest) < 2:
        return
    entry = value_at(request, path[: len(ranges) + 2])
    if not isinstance(entry, Mapping) or not isinstance(entry.get("Name"), str):
        return
    keys = {api: key for key, api in RANGE_MEMBERS.items()}
    member = (keys[rest[2]], *rest[3:]) if len(rest) > 2 and rest[2] in keys else ()
    yield len(path), (*spec, entry["Name"], *member)


def _source_candidates(
    node: Hyperparameters, path: Path, base: Path, spec: Path
) -> Iterator[tuple[int, Path]]:
    """The keys of `source`, which sets two static hyperparameters for the author."""
    for name, key in ((PROGRAM, "entry_point"), (SUBMIT_DIRECTORY, "directory")):
        if path == (*_api_path(base, node.static), name):
            yield len(path), (*spec, key)


def _api_path(base: Path, api: str) -> Path:
    if api.startswith("/"):
        base, api = (), api[1:]
    return (*base, *api.split(".")) if api else base


def value_at(value: Any, path: Path) -> Any:
    """The value at a path in a request; None if there is none."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value

"""Maps a path in the request to the keys of the spec that it comes from.

The table of names says what each key of a spec becomes. Here, it is inverted once: each path that a
request can have, to the keys that become it. Some values have two notations in a spec, such as
`stopping.max_wait_time` and `spot.max_wait_time`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from hptc.diagnostics import Path, RequestPath, SpecPath
from hptc.frozen import frozen
from hptc.request.job_facts import CODE_CHANNEL, PROGRAM, SUBMIT_DIRECTORY
from hptc.request.names import (
    RANGE_LISTS,
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

_INDEX = 0
"""Stands for every index in the paths of the inverted table."""
_SOURCE_KEYS = {PROGRAM: "entry_point", SUBMIT_DIRECTORY: "directory"}
"""The static hyperparameters that keys of `source` set."""


class _Entry(NamedTuple):
    """The part of a key that stands for an entry of a list in the request.

    It is the text of the entry's member `name`, or the entry's index if `name` is empty.
    """

    list_length: int  # how many parts the path of the list has
    name: str = ""


_Parts = tuple[str | _Entry, ...]


@frozen
class _Key:
    """A key of the spec. What is below a value has the same path in the spec and the request."""

    parts: _Parts
    is_value: bool = False


def spec_path(path: RequestPath, request: Mapping[str, Any]) -> SpecPath:
    """The key of the spec that a path in the request comes from, or the nearest one above it."""
    return spec_paths(path, request)[0]


def spec_paths(path: RequestPath, request: Mapping[str, Any]) -> list[SpecPath]:
    """Like `spec_path`, in every notation of the spec language; at least one path."""
    for length in range(len(path), 0, -1):
        if keys := exact_spec_paths(RequestPath(path[:length]), request):
            return keys
    return [SpecPath()]


def exact_spec_paths(path: RequestPath, request: Mapping[str, Any]) -> list[SpecPath]:
    """The keys of the spec that stand for a path in the request, in every notation; maybe none."""
    return [*_paths_in_table(path, request), *_paths_in_source(path, request)]


def _paths_in_table(path: RequestPath, request: Mapping[str, Any]) -> Iterator[SpecPath]:
    inverted = _inverted_table()
    general = tuple(_INDEX if isinstance(part, int) else part for part in path)
    for length in range(len(path), 0, -1):
        keys = inverted.get(general[:length])
        if keys is None:
            continue
        below = path[length:]
        for key in keys:
            if below and not key.is_value:
                continue
            parts = _resolved(key.parts, path, request)
            if parts is not None:
                yield SpecPath((*parts, *below))
        return


def _resolved(parts: _Parts, path: RequestPath, request: Mapping[str, Any]) -> Path | None:
    """The parts of a key for the entries on a path; None if one of them has no name."""
    resolved: list[str | int] = []
    for part in parts:
        if isinstance(part, str):
            resolved.append(part)
        elif not part.name:
            resolved.append(path[part.list_length])
        else:
            entry = value_at(request, path[: part.list_length + 1])
            name = entry.get(part.name) if isinstance(entry, Mapping) else None
            if not isinstance(name, str):
                return None
            resolved.append(name)
    return tuple(resolved)


def _paths_in_source(path: RequestPath, request: Mapping[str, Any]) -> Iterator[SpecPath]:
    """The keys of `source`, which sets two static hyperparameters, or one and an input channel."""
    definition = path[:2] if path[:1] == ("TrainingJobDefinitions",) else path[:1]
    members = path[len(definition) :]
    match members:
        case ("StaticHyperParameters", str(hyperparameter)):
            key = _SOURCE_KEYS.get(hyperparameter)
        case ("InputDataConfig", int(), *_):
            channel = value_at(request, (*definition, *members[:2]))
            is_code = isinstance(channel, Mapping) and channel.get("ChannelName") == CODE_CHANNEL
            key = "directory" if is_code else None
        case _:
            key = None
    if key is None:
        return
    training_job = next(_paths_in_table(RequestPath(definition), request), None)
    if training_job is not None:
        yield training_job / "source" / key


@cache
def _inverted_table() -> Mapping[Path, list[_Key]]:
    """The keys that become each path of a request, in the order of the table of names."""
    inverted: dict[Path, list[_Key]] = {}
    for path, key in _inverted(TABLE, (), ()):
        inverted.setdefault(path, []).append(key)
    return inverted


def _inverted(
    members: Mapping[str, Node], structure: Path, owner: _Parts
) -> Iterator[tuple[Path, _Key]]:
    """The keys in the mapping `owner` of a spec, which becomes `structure`, with their paths."""
    for name, node in members.items():
        parts = (*owner, name)
        if isinstance(node, Hyperparameters):
            yield from _inverted_hyperparameters(node, structure, parts)
            continue
        path = _api_path(structure, node.api)
        yield path, _Key(parts=parts, is_value=isinstance(node, Leaf))
        match node:
            case Group(_, inner, turns_on):
                if turns_on is not None:
                    yield _api_path(structure, turns_on), _Key(parts=parts)
                yield from _inverted(inner, path, parts)
            case Each() | Named() | Names() | Pairs():
                yield from _inverted_entries(node, path, parts)


def _inverted_entries(
    node: Each | Named | Names | Pairs, path: Path, parts: _Parts
) -> Iterator[tuple[Path, _Key]]:
    """The keys that become the entries of a list in the request."""
    entry, indexed = (*path, _INDEX), (*parts, _Entry(len(path)))
    match node:
        case Each(_, inner):
            yield entry, _Key(parts=indexed)
            yield from _inverted(inner, entry, indexed)
        case Names(_, member):
            yield entry, _Key(parts=indexed)
            yield (*entry, member), _Key(parts=indexed)
        case Named(_, member, inner, _):
            named = (*parts, _Entry(len(path), member))
            yield entry, _Key(parts=named)
            yield (*entry, member), _Key(parts=named)
            yield from _inverted(inner, entry, named)
        case Pairs(_, member, value_member):
            named = (*parts, _Entry(len(path), member))
            yield entry, _Key(parts=named)
            yield (*entry, member), _Key(parts=named)
            yield (*entry, value_member), _Key(parts=named)


def _inverted_hyperparameters(
    node: Hyperparameters, structure: Path, parts: _Parts
) -> Iterator[tuple[Path, _Key]]:
    yield _api_path(structure, node.static), _Key(parts=parts, is_value=True)
    ranges = _api_path(structure, node.ranges)
    yield ranges, _Key(parts=parts)
    for list_name in RANGE_LISTS.values():
        path = (*ranges, list_name)
        entry, range_ = (*path, _INDEX), (*parts, _Entry(len(path), "Name"))
        yield entry, _Key(parts=range_)
        yield (*entry, "Name"), _Key(parts=range_)
        for key, member in RANGE_MEMBERS.items():
            yield (*entry, member), _Key(parts=(*range_, key), is_value=True)


def _api_path(structure: Path, api: str) -> Path:
    """The path of a member of a structure; one that begins with "/" starts at the root."""
    if api.startswith("/"):
        structure, api = (), api[1:]
    return (*structure, *api.split(".")) if api else structure


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

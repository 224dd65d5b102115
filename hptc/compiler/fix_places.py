"""Finds the file and the path of each change that a finding's fixes make.

A fix has the paths of the request or of the merged spec; here, it gets those of the document that
the value is written in: the spec, or a layer of hptc.yaml. What is missing is added to the spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from yaml.nodes import ScalarNode

from hptc.compiler.outcome import Origin
from hptc.diagnostics import (
    Change,
    Finding,
    Fix,
    ProjectPath,
    Remove,
    Rename,
    RequestPath,
    SetValue,
    SpecPath,
)
from hptc.request.names import RANGE_LISTS, TABLE, Each, Group, Named, Names, Node, Pairs
from hptc.request.spec_paths import exact_spec_paths, value_at
from hptc.source.document import Document, fix_in, is_of_path
from hptc.source.scalars import resolve_plain

_Place = tuple[Document, Change]
_DEFAULTS = "defaults"
_IMAGE = "training_image"
_SHORT_FOR = {"s3": "s3_uri"}
"""The keys of a spec that may have a single value, and the key that this value stands for."""


def located_fixes(
    finding: Finding, origin: Origin, request: Mapping[str, Any], *, is_spec: bool
) -> tuple[Fix, ...]:
    """The fixes of a finding that can be made in one file.

    `request` is what a RequestPath refers to, and `is_spec` whether it was compiled from a spec.
    """
    return tuple(_located(finding, origin, request, is_spec=is_spec))


def _located(
    finding: Finding, origin: Origin, request: Mapping[str, Any], *, is_spec: bool
) -> Iterator[Fix]:
    for fix in finding.fixes:
        places = [_place(change, origin, request, is_spec=is_spec) for change in fix.changes]
        is_of_span = is_of_path(fix, finding)
        yield from _usable(replace(fix, is_of_span=is_of_span), places, finding.message)
        if not fix.is_safe and any(place and _is_default(place, origin) for place in places):
            own = [_instead_of_default(place, origin) for place in places]
            yield from _usable(fix, own, finding.message)


def _usable(fix: Fix, places: list[_Place | None], message: str) -> Iterator[Fix]:
    """The fix with its changes in one document, if they are all in one."""
    found = [place for place in places if place is not None]
    if len(found) < len(places) or len({document.file for document, _ in found}) != 1:
        return
    located = replace(fix, changes=tuple(change for _, change in found))
    usable = fix_in(found[0][0], located, message)
    if usable is not None:
        yield usable


def _is_default(place: _Place, origin: Origin) -> bool:
    """Whether a change is of the defaults that the project's specs share."""
    document, change = place
    return document is not origin.document and change.path[:1] == (_DEFAULTS,)


def _instead_of_default(place: _Place | None, origin: Origin) -> _Place | None:
    """The same change in the spec alone, which overrides the default."""
    if place is None or not _is_default(place, origin):
        return place
    change = place[1]
    path = change.path[1:]
    if path[0] == "training_job" and origin.document.has(("training_jobs",)):
        return None  # the default is of each of them
    match change:
        case Remove():
            return origin.document, SetValue(path=path, value=None)
        case SetValue():
            return origin.document, replace(change, path=path)
    return None


def _place(
    change: Change, origin: Origin, request: Mapping[str, Any], *, is_spec: bool
) -> _Place | None:
    """The document and the change in it; None if nothing in a file stands for its path."""
    match change.path:
        case ProjectPath() as path:
            document = origin.project.document if origin.project else origin.document
            return document, change
        case RequestPath() as path if not is_spec:
            return origin.document, _in_request(change, path, request)
        case RequestPath() as path:
            paths = exact_spec_paths(path, request)
            if not paths:
                return None
            spec_path = origin.layers.nearest(paths)
            return _in_layers(_in_spec(change, path, spec_path, request), spec_path, origin)
        case path:
            return _in_layers(change, SpecPath(path), origin)


def _in_request(change: Change, path: RequestPath, request: Mapping[str, Any]) -> Change:
    """A change in the API's own form, where the name of a structure is one of its members."""
    value = value_at(request, path)
    match change:
        case Rename(name=name) if isinstance(value, dict):
            key = next((key for key in _NAMES if key in value), "")
            return SetValue(path=(*path, key), value=name)
        case Rename(name=name) if _is_name(path):
            return SetValue(path=path, value=name)
        case Remove() if _is_name(path):
            return Remove(path=path[:-1])
        case Remove() if path[-2:-1] and path[-2] in RANGE_LISTS.values():
            owner = value_at(request, RequestPath(path[:-1]))
            return replace(change, path=path[:-1]) if len(owner) == 1 else change
    return change


def _is_name(path: RequestPath) -> bool:
    """Whether a path is the name of a structure in a list, which is removed with its name."""
    return len(path) > 1 and isinstance(path[-2], int) and path[-1] in _NAMES


def _in_spec(
    change: Change, path: RequestPath, spec_path: SpecPath, request: Mapping[str, Any]
) -> Change:
    """A change in a spec, where a name is a key."""
    value = value_at(request, path)
    if isinstance(change, Remove):
        return change
    if isinstance(change, SetValue) and spec_path[-1] == value:
        return Rename(path=spec_path, name=str(change.value))
    return change


def _in_layers(change: Change, path: SpecPath, origin: Origin) -> _Place | None:
    """The change at the place that determines the value; a new key is added to the spec."""
    if isinstance(change, SetValue) and "hyperparameters" in path[:-1]:
        text = str(change.value)  # of the API, which takes numbers as text too
        change = replace(change, value=text, is_number=not isinstance(resolve_plain(text), str))
    written = origin.layers.written(path)
    if not written and len(path) > 1 and _SHORT_FOR.get(str(path[-2])) == path[-1]:
        written = [
            (document, full)
            for document, full in origin.layers.written(SpecPath(path[:-1]))
            if isinstance(document.node_at(full), ScalarNode)
        ]
    if isinstance(change, Remove) and len(written) > 1:
        document, full = written[0]  # without it, the layer below would count
        return document, SetValue(path=full, value=None)
    if written:
        document, full = written[0]
        return document, replace(change, path=full)
    if isinstance(change, SetValue) and path[-1] != _IMAGE:  # `built_in` and `framework` set it
        short_for = _SHORT_FOR.get(str(path[-2]), "") if len(path) > 1 else ""
        return origin.document, replace(change, path=path, short_for=short_for)
    return None


def _names(members: Mapping[str, Node]) -> Iterator[str]:
    for node in members.values():
        if isinstance(node, (Named, Pairs, Names)):
            yield node.name
        if isinstance(node, (Named, Group, Each)):
            yield from _names(node.members)


_NAMES = tuple(dict.fromkeys(_names(TABLE)))
"""The members of the API that name a structure in a list: Name, ChannelName, Key, …"""

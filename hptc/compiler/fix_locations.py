"""Finds the file and the path of each change that a finding's fixes make.

A fix has the paths of the request or of the merged spec; here, it gets those of the document that
the value is written in: the spec, or a layer of hptc.yaml. What is missing is added to the spec.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from yaml.nodes import ScalarNode

from hptc.compiler.layers import Layers, Place
from hptc.compiler.outcome import FileRequest, Origin
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
from hptc.frozen import frozen
from hptc.request.names import RANGE_LISTS, TABLE, Each, Group, Named, Names, Node, Pairs
from hptc.request.spec_paths import exact_spec_paths, value_at
from hptc.source.document import Document, fix_in, is_of_path
from hptc.source.scalars import resolve_plain

_DEFAULTS = "defaults"
_IMAGE = "training_image"
_SHORT_FOR = {"s3": "s3_uri"}
"""The keys of a spec that may have a single value, and the key that this value stands for."""


@frozen
class _LocatedChange:
    """A change of a document, with the path in that document."""

    document: Document
    change: Change


def located_fixes(finding: Finding, file: FileRequest) -> tuple[Fix, ...]:
    """The fixes of a finding that can be made in one document.

    A fix of a default, which the project's specs share, is followed by one that overrides it in
    the spec.
    """
    fixes: list[Fix | None] = []
    for fix in finding.fixes:
        fix_at_span = replace(fix, is_of_span=is_of_path(fix, finding))
        changes = _complete(_located(change, file) for change in fix.changes)
        fixes.append(_in_one_document(fix_at_span, changes, finding.message))
        if not fix.is_safe and any(_is_of_default(change, file.origin) for change in changes):
            overrides = _complete(_override(change, file.origin) for change in changes)
            fixes.append(_in_one_document(fix, overrides, finding.message))
    return tuple(fix for fix in fixes if fix is not None)


def _complete(changes: Iterable[_LocatedChange | None]) -> list[_LocatedChange]:
    """The changes of a fix; empty if one of them can't be made."""
    possible = list(changes)
    located = [change for change in possible if change is not None]
    return located if len(located) == len(possible) else []


def _in_one_document(fix: Fix, changes: list[_LocatedChange], message: str) -> Fix | None:
    """The fix with located changes; None unless all of them are in one document."""
    if len({located.document.file for located in changes}) != 1:
        return None
    changed = replace(fix, changes=tuple(located.change for located in changes))
    return fix_in(changes[0].document, changed, message)


def _is_of_default(located: _LocatedChange, origin: Origin) -> bool:
    """Whether a change is of the defaults that the project's specs share."""
    is_own = located.document is origin.document
    return not is_own and located.change.path[:1] == (_DEFAULTS,)


def _override(located: _LocatedChange, origin: Origin) -> _LocatedChange | None:
    """The change of a default in the spec alone; None if the spec can't override it."""
    if not _is_of_default(located, origin):
        return located
    change, path = located.change, located.change.path[1:]
    if path[0] == "training_job" and origin.document.has(("training_jobs",)):
        return None  # the default applies to each of them
    match change:
        case Remove():
            change = SetValue(path=path, value=None)
        case SetValue():
            change = replace(change, path=path)
        case Rename():
            return None
    return _LocatedChange(document=origin.document, change=change)


def _located(change: Change, file: FileRequest) -> _LocatedChange | None:
    """A change in the document where its path is written; None if no document has its path."""
    origin, request = file.origin, file.request
    match change.path:
        case ProjectPath():
            document = origin.project.document if origin.project else origin.document
            return _LocatedChange(document=document, change=change)
        case RequestPath() as path if file.spec is None:
            in_api_form = _in_api_form(change, path, request)
            return _LocatedChange(document=origin.document, change=in_api_form)
        case RequestPath() as path:
            keys = exact_spec_paths(path, request)
            if not keys:
                return None
            key = origin.layers.nearest(keys)
            return _in_layers(_in_spec(change, key, value_at(request, path)), key, origin)
        case path:
            return _in_layers(change, SpecPath(path), origin)


def _in_api_form(change: Change, path: RequestPath, request: Mapping[str, Any]) -> Change:
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


def _in_spec(change: Change, key: SpecPath, value: object) -> Change:
    """A change of a value of the request in a spec, where the name of a structure is its key."""
    if isinstance(change, SetValue) and key[-1] == value:
        return Rename(path=key, name=str(change.value))
    return change


def _in_layers(change: Change, key: SpecPath, origin: Origin) -> _LocatedChange | None:
    """The change in the layer that determines the value; a new key is added to the spec."""
    if isinstance(change, SetValue) and "hyperparameters" in key[:-1]:
        text = str(change.value)  # of the API, which takes numbers as text too
        change = replace(change, value=text, is_number=not isinstance(resolve_plain(text), str))
    places = origin.layers.written(key) or _short_forms(key, origin.layers)
    if isinstance(change, Remove) and len(places) > 1:  # the value in the layer below would count
        null = SetValue(path=places[0].path, value=None)
        return _LocatedChange(document=places[0].document, change=null)
    if places:
        moved = replace(change, path=places[0].path)
        return _LocatedChange(document=places[0].document, change=moved)
    if isinstance(change, SetValue) and key[-1] != _IMAGE:  # `built_in` and `framework` set it
        short_for = _SHORT_FOR.get(str(key[-2]), "") if len(key) > 1 else ""
        added = replace(change, path=key, short_for=short_for)
        return _LocatedChange(document=origin.document, change=added)
    return None


def _short_forms(key: SpecPath, layers: Layers) -> list[Place]:
    """The places where a single value stands for a mapping with only this key."""
    if len(key) < 2 or _SHORT_FOR.get(str(key[-2])) != key[-1]:
        return []
    mappings = layers.written(SpecPath(key[:-1]))
    return [
        place for place in mappings if isinstance(place.document.node_at(place.path), ScalarNode)
    ]


def _names(members: Mapping[str, Node]) -> Iterator[str]:
    for node in members.values():
        if isinstance(node, (Named, Pairs, Names)):
            yield node.name
        if isinstance(node, (Named, Group, Each)):
            yield from _names(node.members)


_NAMES = tuple(dict.fromkeys(_names(TABLE)))
"""The members of the API that name a structure in a list: Name, ChannelName, Key, …"""

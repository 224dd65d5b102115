"""Converts a request to plain data with the keys of a spec: the inverse of emission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def spec_data(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request as plain data with the spec's keys, in their long form.

    Members that are not in the table are omitted. To detect them, compare the request of the result
    with the original request.
    """
    return _read(TABLE, request, request)


def _read(
    members: Mapping[str, Node], structure: object, root: Mapping[str, Any]
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, node in members.items():
        if isinstance(node, Hyperparameters):
            value: Any = _read_hyperparameters(node, structure, root) or None
        elif isinstance(node, Group) and node.turns_on is not None:
            value = None  # a short form, whose members the long form has too
        else:
            value = _read_node(node, _get(structure, root, node.api), root)
        if value is not None and not (value in ({}, []) and not isinstance(node, Group)):
            data[key] = value  # AWS may require an empty structure, but never a list
    return data


def _read_node(node: Node, value: object, root: Mapping[str, Any]) -> object:
    match node:
        case Group(_, inner) if isinstance(value, Mapping):
            return _read(inner, value, root)
        case Named(_, name, inner, _) if isinstance(value, list):
            return {
                entry[name]: _read(inner, _without(entry, name), root)
                for entry in _named(value, name)
            }
        case Pairs(_, name, value_name) if isinstance(value, list):
            pairs: dict[str, list[str]] = {}
            for entry in _named(value, name):
                pairs.setdefault(entry[name], []).append(entry.get(value_name, ""))
            return {key: texts[0] if len(texts) == 1 else texts for key, texts in pairs.items()}
        case Each(_, inner) if isinstance(value, list):
            return [_read(inner, entry, root) for entry in value]
        case Names(_, name) if isinstance(value, list):
            return [entry[name] for entry in value if isinstance(entry, Mapping) and name in entry]
        case Leaf():
            return value
        case _:
            return None  # a value of the wrong type


def _named(entries: list[Any], name: str) -> list[Mapping[str, Any]]:
    return [
        entry
        for entry in entries
        if isinstance(entry, Mapping) and isinstance(entry.get(name), str)
    ]


def _without(entry: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


def _read_hyperparameters(node: Hyperparameters, structure: object, root: object) -> dict[str, Any]:
    data: dict[str, Any] = {}
    static = _get(structure, root, node.static)
    if isinstance(static, Mapping):
        data.update({name: {"value": text} for name, text in static.items()})
    ranges = _get(structure, root, node.ranges)
    for kind, member in RANGE_LISTS.items():
        entries = ranges.get(member) if isinstance(ranges, Mapping) else None
        for entry in _named(entries if isinstance(entries, list) else [], "Name"):
            parts = {key: entry[api] for key, api in RANGE_MEMBERS.items() if api in entry}
            data[entry["Name"]] = {"type": kind, **parts}
    return data


def _get(structure: object, root: object, api: str) -> object:
    if api.startswith("/"):
        structure, api = root, api[1:]
    for member in api.split("."):
        if not isinstance(structure, Mapping):
            return None
        structure = structure.get(member)
    return structure

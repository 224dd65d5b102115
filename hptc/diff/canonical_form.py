"""The canonical form of a request, with the keys of a spec: what `compare` walks through.

Lists of named entries become mappings by name, a hyperparameter is one entry whether it is static
or tuned, and an objective belongs to its training job definition. Nothing is lost: members without
a name in specs keep the API's name, and entries with the same name become a list. Two requests mean
the same if and only if their canonical forms are equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hptc.request.identity import canonical
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

Form = dict[str, Any]


def canonical_form(request: Mapping[str, Any]) -> Form:
    """The canonical form of a request, without its name."""
    rest = canonical({k: v for k, v in request.items() if k != "HyperParameterTuningJobName"})
    taken = _take(TABLE, rest, rest)
    return {**taken, **_pruned(rest)}


def _take(members: Mapping[str, Node], structure: Form, root: Form) -> Form:
    """Move the members that the table names out of a structure."""
    data: Form = {}
    for key, node in members.items():
        if isinstance(node, Hyperparameters):
            value: Any = _hyperparameters(node, structure, root)
        elif isinstance(node, Group) and node.turns_on is not None:
            continue  # a short form; the long form has the same members
        elif isinstance(node, Group):
            inner = _value_at(structure, root, node.api)
            value = _take(node.members, inner, root) if isinstance(inner, dict) else {}
        else:
            value = _taken(node, structure, root)
        if value is not None and value != {}:
            data[key] = value
    return data


def _taken(node: Leaf | Named | Pairs | Each | Names, structure: Form, root: Form) -> object:
    *parents, member = node.api.split(".")
    owner = _value_at(structure, root, ".".join(parents))
    if not isinstance(owner, dict) or member not in owner:
        return None
    value = owner[member]
    if not isinstance(node, Leaf) and not isinstance(value, list):
        return None
    del owner[member]
    match node:
        case Leaf():
            return value
        case Named(_, name, inner, _):
            return _by_name((_name(entry, name), _read(inner, entry, root)) for entry in value)
        case Pairs(_, name, text):
            return _by_name((_name(entry, name), _only(entry, text)) for entry in value)
        case Each(_, inner):
            return [_read(inner, entry, root) for entry in value]
        case Names(_, name):
            return [_only(entry, name) for entry in value]


def _read(members: Mapping[str, Node], entry: object, root: Form) -> object:
    if not isinstance(entry, dict):
        return entry
    taken = _take(members, entry, root)
    return {**taken, **_pruned(entry)}


def _hyperparameters(node: Hyperparameters, structure: Form, root: Form) -> Form:
    entries: list[tuple[str, Any]] = []
    static = structure.pop(node.static, {})
    entries += [(name, {"value": text}) for name, text in static.items()]
    ranges = _value_at(structure, root, node.ranges)
    for kind, member in RANGE_LISTS.items() if isinstance(ranges, dict) else ():
        for entry in ranges.pop(member, ()):
            name = _name(entry, "Name")
            parts = {key: entry.pop(api) for key, api in RANGE_MEMBERS.items() if api in entry}
            entries.append((name, {"type": kind, **parts, **entry}))
    return _by_name(entries)


def _by_name(entries: Iterable[tuple[str, Any]]) -> Form:
    named: dict[str, list[Any]] = {}
    for name, entry in entries:
        named.setdefault(name, []).append(entry)
    return {
        name: same_name[0] if len(same_name) == 1 else same_name
        for name, same_name in named.items()
    }


def _name(entry: object, member: str) -> str:
    """Remove and return an entry's name; empty, and nothing removed, if it has none."""
    if isinstance(entry, dict) and isinstance(entry.get(member), str) and entry[member]:
        return str(entry.pop(member))
    return ""


def _only(entry: Any, member: str) -> object:
    is_alone = (
        isinstance(entry, dict) and list(entry) == [member] and isinstance(entry[member], str)
    )
    return entry[member] if is_alone else entry


def _value_at(structure: Form, root: Form, api: str) -> Any:
    value: Any = structure
    if api.startswith("/"):
        value, api = root, api[1:]
    for member in api.split(".") if api else ():
        value = value.get(member) if isinstance(value, dict) else None
    return value


def _pruned(form: Form) -> Form:
    """The remaining members, without empty structures."""
    kept = {k: _pruned(v) if isinstance(v, dict) else v for k, v in form.items()}
    return {key: value for key, value in kept.items() if value != {}}

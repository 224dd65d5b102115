"""Every key of the spec language in one tree: what the model says of it, and what AWS demands.

It joins spec.py (descriptions, examples), names.py (the API's names) and shapes.py (enums, bounds,
patterns). The JSON Schema, the skeleton and the docs page are three views of this tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from hptc.names import (
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
from hptc.shapes import Shape, input_shape
from hptc.spec import Hyperparameter, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    `shape` is AWS's for the value as the spec writes it: a map by name where the API has a list of
    named structures. A key that the API does not know has none, and no `api`.
    """

    path: str  # as docs write it: training_job.inputs.<name>.s3
    description: str
    examples: tuple[Any, ...]
    node: Node | None
    shape: Shape | None
    api: str  # the member's full path: TrainingJobDefinition.InputDataConfig[].ContentType
    owner: str  # the API page of the structure that has the member: Channel
    model: type[BaseModel] | None  # of the mapping, or of each entry
    members: tuple[Key, ...]

    @property
    def name(self) -> str:
        """The key itself."""
        return self.path.rpartition(".")[2]

    @property
    def inner_path(self) -> str:
        """Where the members stand: below the key, or below each of its entries."""
        match self.node:
            case Named() | Hyperparameters():
                return f"{self.path}.<name>"
            case Each():
                return f"{self.path}[]"
            case _:
                return self.path

    @property
    def default(self) -> str | None:
        """What the spec language says when the author says nothing."""
        return self.node.default if isinstance(self.node, Leaf) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One kind of range of a hyperparameter: its keys, each with AWS's shape."""

    kind: str
    api: str
    structure: Shape
    keys: Mapping[str, Shape]


@cache
def language() -> tuple[Key, ...]:
    """The keys of a spec, in the table's order."""
    root = input_shape()
    return tuple(_keys(Spec, TABLE, root, "", "", root))


def every_key(keys: tuple[Key, ...] | None = None) -> Iterator[Key]:
    """Every key of the tree, each before what is in it."""
    for key in language() if keys is None else keys:
        yield key
        yield from every_key(key.members)


def ranges(key: Key) -> tuple[Range, ...]:
    """The kinds of ranges that a `hyperparameters` key takes."""
    if not isinstance(key.node, Hyperparameters):
        return ()
    base = key.api.rpartition(".")[0]
    api = _joined(base, key.node.ranges)
    holder = _shape_at(input_shape(), api.replace("[]", ".[]"))
    found = []
    for kind, member in RANGE_LISTS.items():
        structure = _item(holder.members[member])
        keys = {k: structure.members[m] for k, m in RANGE_MEMBERS.items() if m in structure.members}
        found.append(Range(kind=kind, api=f"{api}.{member}[]", structure=structure, keys=keys))
    return tuple(found)


def range_description(name: str) -> str:
    """What the model says of a key of a range."""
    return Hyperparameter.model_fields[name].description or ""


def _keys(
    model: type[BaseModel],
    table: Mapping[str, Node],
    structure: Shape,
    base: str,
    path: str,
    root: Shape,
) -> Iterator[Key]:
    for name in _in_order(model, table):
        node = table.get(name)
        field = model.model_fields[name]
        here = f"{path}.{name}" if path else name
        inner = _model_in(field.annotation)
        made = Key(
            path=here,
            description=field.description or "",
            examples=tuple(field.examples or ()),
            node=node,
            shape=None,
            api="",
            owner="",
            model=inner,
            members=(),
        )
        if node is None:
            yield replace(made, shape=_name_shape(root)) if here == "name" else made
            continue
        api_name = node.static if isinstance(node, Hyperparameters) else node.api
        start = root if api_name.startswith("/") else structure
        parents, _, _ = api_name.removeprefix("/").rpartition(".")
        target = _shape_at(start, api_name.removeprefix("/"))
        made = replace(
            made,
            shape=_value_shape(node, target),
            api=_joined(base, api_name),
            owner=_shape_at(start, parents).name.removesuffix("Request"),
        )
        match node:
            case Group(_, members, turns_on):
                if turns_on is not None:
                    made = replace(made, api=_joined(base, turns_on), owner=structure.name)
                below = _joined(base, node.api)
            case Named(_, _, members) | Each(_, members):
                target, below = _item(target), f"{made.api}[]"
            case _:
                members = {}
        if inner is None or not members:
            yield made
            continue
        nested = _keys(inner, members, target, below, made.inner_path, root)
        yield replace(made, members=tuple(k for k in nested if not _names_entry(node, k.node)))


def _in_order(model: type[BaseModel], table: Mapping[str, Node]) -> list[str]:
    """The table's keys; one that the table does not have stands behind its predecessor."""
    order = [name for name in table if name in model.model_fields]
    before = ""
    for name in model.model_fields:
        if name not in table:
            order.insert(order.index(before) + 1 if before else 0, name)
        before = name
    return order


def _names_entry(node: Node, member: Node | None) -> bool:
    """Whether a member of a named structure is its name, which the map's key says already."""
    return isinstance(node, Named) and isinstance(member, Leaf) and member.api == node.name


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _value_shape(node: Node, target: Shape) -> Shape:
    match node:
        case Named(_, name, _):
            item = _item(target)
            return replace(target, type="map", key=item.members[name])
        case Pairs(_, name, value):
            item = _item(target)
            return replace(target, type="map", key=item.members[name], item=item.members[value])
        case Names(_, name):
            return replace(target, item=_item(target).members[name])
        case _:
            return target


def _name_shape(root: Shape) -> Shape:
    """A spec's name: a job's name that may be longer, since it is cut to fit."""
    job_name = root.members["HyperParameterTuningJobName"]
    pattern = re.sub(r"\{0,\d+\}", "*", job_name.pattern)
    return replace(job_name, name="SpecName", maximum=None, pattern=pattern)


def _shape_at(shape: Shape, api: str) -> Shape:
    for part in api.split(".") if api else ():
        shape = _item(shape) if part == "[]" else shape.members[part]
    return shape


def _item(shape: Shape) -> Shape:
    """The shape of a list's or map's entries."""
    if shape.item is None:
        raise TypeError(f"{shape.name} has no entries")
    return shape.item


def _joined(base: str, api: str) -> str:
    if api.startswith("/"):
        return api[1:]
    return ".".join(part for part in (base, api) if part)

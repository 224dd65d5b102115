"""Every key of the spec language in one tree, with its description and AWS's constraints.

It joins the models of hptc.spec (descriptions, examples), names.py (the API's names) and shapes.py
(enums, bounds, patterns). The JSON Schema, the skeleton and docs/names.md are views of this tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from hptc.catalog.frameworks import framework_names as sdk_names
from hptc.catalog.images import algorithm_names, framework_names
from hptc.frozen import frozen
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
from hptc.request.shapes import Shape, input_shape
from hptc.spec.hyperparameter import Hyperparameter
from hptc.spec.tuning_spec import Spec

_MAX_LISTED = 12


@frozen
class Key:
    """One key of a spec.

    `shape` is AWS's shape for the value in the spec's form: a map by name where the API has a list
    of named structures. A key that is not in the API has neither a `shape` nor an `api`.
    """

    path: str  # such as training_job.inputs.<name>.s3
    description: str
    examples: tuple[Any, ...]
    choices: tuple[str, ...]  # the valid values; empty when they are not enumerated
    node: Node | None
    shape: Shape | None
    api: str  # the member's full path: TrainingJobDefinition.InputDataConfig[].ContentType
    owner: str  # the API structure with the member: Channel
    model: type[BaseModel] | None  # of the mapping or of each entry
    members: tuple[Key, ...]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def inner_path(self) -> str:
        """The path below which the members are: the key's own, or that of each of its entries."""
        match self.node:
            case Named() | Hyperparameters():
                return f"{self.path}.<name>"
            case Each():
                return f"{self.path}[]"
            case _:
                return self.path

    @property
    def default(self) -> str | None:
        """The value that the spec language sets when the key is absent."""
        return self.node.default if isinstance(self.node, Leaf) else None

    @property
    def is_duration(self) -> bool:
        """Whether the value is a duration, which the API takes in seconds."""
        return self.api.endswith("InSeconds")


@frozen
class Range:
    """One type of hyperparameter range: its keys, each with AWS's shape."""

    kind: str
    api: str
    structure: Shape
    keys: Mapping[str, Shape]


@cache
def language() -> tuple[Key, ...]:
    """The keys of a spec in the order of the name table."""
    root = input_shape()
    return tuple(_keys(Spec, TABLE, root, "", "", root))


def every_key(keys: tuple[Key, ...] | None = None) -> Iterator[Key]:
    """Every key of the tree, parents before their members."""
    for key in language() if keys is None else keys:
        yield key
        yield from every_key(key.members)


def ranges(key: Key) -> tuple[Range, ...]:
    """The types of ranges that a `hyperparameters` key takes."""
    if not isinstance(key.node, Hyperparameters):
        return ()
    base = key.api.rpartition(".")[0]
    api = _joined(base, key.node.ranges)
    holder = _shape_at(input_shape(), api.replace("[]", ".[]"))
    kinds = []
    for kind, member in RANGE_LISTS.items():
        structure = _item(holder.members[member])
        keys = {k: structure.members[m] for k, m in RANGE_MEMBERS.items() if m in structure.members}
        kinds.append(Range(kind=kind, api=f"{api}.{member}[]", structure=structure, keys=keys))
    return tuple(kinds)


def allowed(key: Key) -> str:
    """The constraints of a key as text: its choices or AWS's bounds; "" when there are none."""
    if key.choices:
        return _listed(key.choices)
    return "" if key.shape is None else limits(key.shape, "seconds" if key.is_duration else "")


def limits(shape: Shape, unit: str = "") -> str:
    """The choices or bounds of a shape as text."""
    if shape.enum:
        return _listed(shape.enum)
    unit = {"string": "characters", "list": "entries", "map": "entries"}.get(shape.type, unit)
    minimum = None if shape.minimum == 0 and unit in ("characters", "entries") else shape.minimum
    match minimum, shape.maximum:
        case None, None:
            return ""
        case None, maximum:
            words = f"at most {maximum}"
        case minimum, None if unit == "characters" and minimum == 1:
            return ""
        case 1, None if unit:
            return "at least 1 " + {"entries": "entry"}.get(unit, unit.removesuffix("s"))
        case minimum, None:
            words = f"at least {minimum}"
        case minimum, maximum:
            words = f"{minimum}" if minimum == maximum else f"{minimum} to {maximum}"
    return f"{words} {unit}".strip()


def _listed(choices: tuple[str, ...]) -> str:
    if len(choices) <= _MAX_LISTED:
        return ", ".join(choices)
    return f"{len(choices)} values, such as {', '.join(choices[:3])}"


def places() -> Iterator[tuple[str, str]]:
    """Every leaf of the API that a spec can set, with the path of the key that sets it.

    Paths of leaves are those of shapes.leaves(): `[]` for list items, `{}` for map values.
    """
    for key in every_key():
        match key.node:
            case Leaf():
                suffix = {"list": "[]", "map": "{}"}.get(key.shape.type if key.shape else "", "")
                yield key.api + suffix, key.path
            case Group(turns_on=str()):
                yield key.api, key.path
            case Named(_, name) | Pairs(_, name):
                yield f"{key.api}[].{name}", f"{key.path}.<name>"
                if isinstance(key.node, Pairs):
                    yield f"{key.api}[].{key.node.value}", f"{key.path}.<name>"
            case Names(_, name):
                yield f"{key.api}[].{name}", f"{key.path}[]"
            case Hyperparameters():
                yield f"{key.api}{{}}", key.inner_path
                for kind in ranges(key):
                    yield f"{kind.api}.Name", key.inner_path
                    for name, shape in kind.keys.items():
                        suffix = "[]" if shape.type == "list" else ""
                        yield (
                            f"{kind.api}.{RANGE_MEMBERS[name]}{suffix}",
                            f"{key.inner_path}.{name}",
                        )
            case _:
                pass


def range_description(name: str) -> str:
    """The description of a key of a range."""
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
        key = _key_of_model(model, name, node, path)
        if node is None:
            yield _with_members(key, structure, base, root)
        else:
            yield _with_api(key, node, structure, base, root)


def _key_of_model(model: type[BaseModel], name: str, node: Node | None, path: str) -> Key:
    """What the model alone says about a key."""
    field = model.model_fields[name]
    return Key(
        path=f"{path}.{name}" if path else name,
        description=field.description or "",
        examples=tuple(field.examples or ()),
        choices=_literals(field.annotation) if name not in _CHOICES else _CHOICES[name](),
        node=node,
        shape=None,
        api="",
        owner="",
        model=_model_in(field.annotation),
        members=(),
    )


def _with_members(key: Key, structure: Shape, base: str, root: Shape) -> Key:
    """A key that has no member of the API, with the keys below it."""
    members: Iterable[Key] = ()
    if key.model is not None:
        members = _keys(key.model, {}, structure, base, key.path, root)
    return replace(
        key,
        shape=_name_shape(root) if key.path == "name" else None,
        examples=_fitting(key.examples, key.choices),
        members=tuple(members),
    )


def _with_api(key: Key, node: Node, structure: Shape, base: str, root: Shape) -> Key:
    """A key with its member of the API, and with the keys below it."""
    api_name = node.static if isinstance(node, Hyperparameters) else node.api
    start = root if api_name.startswith("/") else structure
    parents, _, _ = api_name.removeprefix("/").rpartition(".")
    target = _shape_at(start, api_name.removeprefix("/"))
    choices = target.enum if isinstance(node, Leaf) else ()
    key = replace(
        key,
        choices=choices,
        examples=_fitting(key.examples, choices),
        shape=_value_shape(node, target),
        api=_joined(base, api_name),
        owner=_shape_at(start, parents).name.removesuffix("Request"),
    )
    match node:
        case Group(_, members, turns_on):
            if turns_on is not None:
                key = replace(key, api=_joined(base, turns_on), owner=structure.name)
            below = _joined(base, node.api)
        case Named(_, _, members) | Each(_, members):
            target, below = _item(target), f"{key.api}[]"
        case _:
            return key
    if key.model is None or not members:
        return key
    nested = _keys(key.model, members, target, below, key.inner_path, root)
    return replace(
        key, members=tuple(inner for inner in nested if not _names_entry(node, inner.node))
    )


_CHOICES: Mapping[str, Callable[[], tuple[str, ...]]] = {
    "built_in": algorithm_names,
    "framework": lambda: tuple(dict.fromkeys((*sdk_names(), *framework_names()))),
}
"""The valid values of keys that are not in the API."""


def _literals(annotation: object) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((values for part in get_args(annotation) if (values := _literals(part))), ())


def _fitting(examples: tuple[Any, ...], choices: tuple[str, ...]) -> tuple[Any, ...]:
    """The examples that are valid choices, or else the first choice."""
    if not choices:
        return examples
    return tuple(example for example in examples if example in choices) or choices[:1]


def _in_order(model: type[BaseModel], table: Mapping[str, Node]) -> list[str]:
    """The keys of the table in its order; other keys follow their predecessor in the model."""
    order = [name for name in table if name in model.model_fields]
    before = ""
    for name in model.model_fields:
        if name not in table:
            order.insert(order.index(before) + 1 if before else 0, name)
        before = name
    return order


def _names_entry(node: Node, member: Node | None) -> bool:
    """Whether a member of a named structure is its name, which is the map's key in a spec."""
    return isinstance(node, Named) and isinstance(member, Leaf) and member.api == node.name


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in models if model is not None), None)


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
    """The shape of a spec's name: a job name without a maximum, because job names are truncated."""
    job_name = root.members["HyperParameterTuningJobName"]
    pattern = re.sub(r"\{0,\d+\}", "*", job_name.pattern)
    return replace(job_name, name="SpecName", maximum=None, pattern=pattern)


def _shape_at(shape: Shape, api: str) -> Shape:
    for part in api.split(".") if api else ():
        shape = _item(shape) if part == "[]" else shape.members[part]
    return shape


def _item(shape: Shape) -> Shape:
    """The shape of the entries of a list or map."""
    if shape.item is None:
        raise TypeError(f"{shape.name} has no entries")
    return shape.item


def _joined(base: str, api: str) -> str:
    if api.startswith("/"):
        return api[1:]
    return ".".join(part for part in (base, api) if part)

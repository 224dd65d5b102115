"""Every key of the spec language in one tree: what the model says of it, and what AWS demands.

It joins spec.py (descriptions, examples), names.py (the API's names) and shapes.py (enums, bounds,
patterns). The JSON Schema, the skeleton and the docs page are three views of this tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from hptc.catalog.images import algorithm_names, framework_names
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    `shape` is AWS's for the value as the spec writes it: a map by name where the API has a list of
    named structures. A key that the API does not know has none, and no `api`.
    """

    path: str  # as docs write it: training_job.inputs.<name>.s3
    description: str
    examples: tuple[Any, ...]
    choices: tuple[str, ...]  # the words that it takes, when it takes no others
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

    @property
    def is_duration(self) -> bool:
        """Whether it is a time, which the API counts in seconds."""
        return self.api.endswith("InSeconds")


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


def allowed(key: Key) -> str:
    """What a key takes, in a few words: its choices, or AWS's bounds; "" when nothing limits it."""
    if key.choices:
        return _listed(key.choices)
    return "" if key.shape is None else limits(key.shape, "seconds" if key.is_duration else "")


def limits(shape: Shape, unit: str = "") -> str:
    """A shape's choices or bounds in a few words."""
    if shape.enum:
        return _listed(shape.enum)
    unit = {"string": "characters", "list": "entries", "map": "entries"}.get(shape.type, unit)
    least = None if shape.minimum == 0 and unit in ("characters", "entries") else shape.minimum
    match least, shape.maximum:
        case None, None:
            return ""
        case None, most:
            words = f"at most {most}"
        case least, None if unit == "characters" and least == 1:
            return ""
        case 1, None if unit:
            return "at least 1 " + {"entries": "entry"}.get(unit, unit.removesuffix("s"))
        case least, None:
            words = f"at least {least}"
        case least, most:
            words = f"{least}" if least == most else f"{least} to {most}"
    return f"{words} {unit}".strip()


_MOST_LISTED = 12


def _listed(choices: tuple[str, ...]) -> str:
    if len(choices) <= _MOST_LISTED:
        return ", ".join(choices)
    return f"one of {len(choices)}, such as {', '.join(choices[:3])}"


def places() -> Iterator[tuple[str, str]]:
    """Every leaf of the API that a spec can set, with the spec path that sets it.

    A leaf's path is that of shapes.leaves(): `[]` for a list's items, `{}` for a map's values.
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
            choices=_literals(field.annotation) if name not in _CHOICES else _CHOICES[name](),
            node=node,
            shape=None,
            api="",
            owner="",
            model=inner,
            members=(),
        )
        if node is None:
            shape = _name_shape(root) if here == "name" else None
            own = _keys(inner, {}, structure, base, here, root) if inner is not None else ()
            yield replace(
                made,
                shape=shape,
                examples=_fitting(made.examples, made.choices),
                members=tuple(own),
            )
            continue
        api_name = node.static if isinstance(node, Hyperparameters) else node.api
        start = root if api_name.startswith("/") else structure
        parents, _, _ = api_name.removeprefix("/").rpartition(".")
        target = _shape_at(start, api_name.removeprefix("/"))
        choices = target.enum if isinstance(node, Leaf) else ()
        made = replace(
            made,
            choices=choices,
            examples=_fitting(made.examples, choices),
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


_CHOICES: Mapping[str, Callable[[], tuple[str, ...]]] = {
    "built_in": algorithm_names,
    "framework": framework_names,
}
"""Keys that the API does not know, and the words that hptc knows for them."""


def _literals(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for part in get_args(annotation) if (found := _literals(part))), ())


def _fitting(examples: tuple[Any, ...], choices: tuple[str, ...]) -> tuple[Any, ...]:
    """Examples that are among the choices; the first choice when none is."""
    if not choices:
        return examples
    return tuple(example for example in examples if example in choices) or choices[:1]


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

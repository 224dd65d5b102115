"""Converts a Spec to the CreateHyperParameterTuningJob request that it describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

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
from hptc.source.scalars import Scalar

if TYPE_CHECKING:
    from hptc.spec.hyperparameter import Hyperparameter
    from hptc.spec.tuning_spec import Spec

Request = dict[str, Any]
"""A request in the API's own form, as the AWS CLI's `--cli-input-json` takes it."""


def emit(spec: Spec) -> Request:
    """Convert a spec to its request, without the values that its environment adds.

    Lists keep the order of the names in the spec; members are in the order of the table.
    """
    request: Request = {}
    _emit_members(TABLE, spec.__dict__, request, request)
    return request


def _emit_members(
    members: Mapping[str, Node], values: Mapping[str, Any], target: Request, root: Request
) -> None:
    for key, node in members.items():
        value = values.get(key)
        if value is None:
            if isinstance(node, Leaf) and node.default is not None:
                _put(target, root, node.api, node.default)
            continue
        if isinstance(node, Leaf):  # most are, and a class pattern costs more
            _put(target, root, node.api, value)
            continue
        match node:
            case Group(api, inner, turns_on):
                _emit_members(inner, value.__dict__, _structure(target, root, api), root)
                if turns_on is not None:
                    target[turns_on] = True
            case Named():
                _put(target, root, node.api, _named(node, value, root))
            case Pairs():
                _put(target, root, node.api, _pairs(node, value))
            case Each(api, inner):
                structures: list[Request] = [{} for _ in value]
                for entry, structure in zip(value, structures, strict=True):
                    _emit_members(inner, entry.__dict__, structure, root)
                _put(target, root, api, structures)
            case Names(api, name):
                _put(target, root, api, [{name: text} for text in value])
            case Hyperparameters():
                as_json = encodes_json(values)
                _emit_hyperparameters(node, value, target, root, as_json=as_json)


def _named(node: Named, entries: Mapping[str, Any], root: Request) -> list[Request]:
    """A list of structures, each with its name as a member."""
    structures: list[Request] = []
    for name, entry in entries.items():
        structure: Request = {node.name: name}
        if node.holder is not None:
            structure[node.holder] = {}
        _emit_members(node.members, entry.__dict__, structure, root)
        structures.append(structure)
    return structures


def _pairs(node: Pairs, entries: Mapping[str, Any]) -> list[Request]:
    """A list of names and values. Several values of one name are as many pairs."""
    return [
        {node.name: name, node.value: text}
        for name, texts in entries.items()
        for text in (texts if isinstance(texts, list) else (texts,))
    ]


def encodes_json(training_job: Mapping[str, Any]) -> bool:
    """Whether a training job's hyperparameters are encoded as JSON.

    The SageMaker training toolkit in script-mode containers parses each value as JSON
    (https://github.com/aws/sagemaker-training-toolkit); built-in algorithms read plain text.
    The toolkit's own hyperparameter `sagemaker_program` distinguishes them, which `source` sets.
    """
    encoding = training_job.get("hyperparameter_encoding")
    if encoding is not None:
        return bool(encoding == "json")
    if training_job.get("source") is not None:
        return True
    return "sagemaker_program" in (training_job.get("hyperparameters") or {})


def _emit_hyperparameters(
    node: Hyperparameters,
    values: Mapping[str, Hyperparameter],
    target: Request,
    root: Request,
    *,
    as_json: bool,
) -> None:
    static: dict[str, str] = {}
    ranges: dict[str, list[Request]] = {}
    for name, value in values.items():
        if value.type is None:
            static[name] = value_text(value.value, as_json=as_json)
            continue
        entry: Request = {"Name": name}
        for key, member in RANGE_MEMBERS.items():
            part = getattr(value, key)
            if part is None:
                continue
            if key == "values":
                part = [value_text(element, as_json=as_json) for element in part]
            entry[member] = part
        ranges.setdefault(RANGE_LISTS[value.type], []).append(entry)
    if static:
        _put(target, root, node.static, static)
    if ranges:
        structure = _structure(target, root, node.ranges)
        for member in RANGE_LISTS.values():
            if member in ranges:
                structure[member] = ranges[member]


def value_text(value: object, *, as_json: bool) -> str:
    """A hyperparameter's value as the string that the container reads."""
    if not as_json:
        if isinstance(value, Scalar):
            return value.text
        return value if isinstance(value, str) else json.dumps(unwrapped(value), ensure_ascii=False)
    if isinstance(value, Scalar) and _is_json(value.text):
        return value.text
    return json.dumps(unwrapped(value), ensure_ascii=False)


def unwrapped(value: object) -> Any:
    """Plain data with values instead of Scalars, without the text that the author wrote."""
    match value:
        case Scalar():
            return value.value
        case dict():
            return {key: unwrapped(element) for key, element in value.items()}
        case list():
            return [unwrapped(element) for element in value]
    return value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _structure(target: Request, root: Request, api: str) -> Request:
    """The structure at `api`, created if it is missing."""
    is_of_root, members = _place(api)
    return _below(root if is_of_root else target, members)


def _put(target: Request, root: Request, api: str, value: object) -> None:
    is_of_root, (*structures, member) = _place(api)
    _below(root if is_of_root else target, structures)[member] = value


@cache
def _place(api: str) -> tuple[bool, tuple[str, ...]]:
    """Whether a place in the table starts at the request's root, and its members."""
    return api.startswith("/"), tuple(api.removeprefix("/").split(".")) if api else ()


def _below(structure: Request, members: Iterable[str]) -> Request:
    for member in members:
        structure = structure.setdefault(member, {})
    return structure

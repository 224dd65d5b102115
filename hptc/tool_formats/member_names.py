"""Converts the names and types of other tools to the API's, guided by botocore's shapes.

The same members are `TrainingJobDefinition` in the API, `trainingJobDefinition` in Kubernetes and
`training_job_definition` in Terraform. The shape says which member is meant, so there is no table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hptc.diagnostics import Path, fold, path_text
from hptc.request.emission import Request
from hptc.request.shapes import Shape, input_shape
from hptc.text import listed_code
from hptc.tool_formats.imported_job import OpenMember, OpenValue
from hptc.tool_formats.samples import sample_of

Open = tuple[str, str]
"""A template, "" for a new variable, and what the other tool has in its place."""

_PREFIX = "hyperparametertuningjob"
_NAME_MEMBERS = frozenset({"Name", "Key", "ChannelName", "DefinitionName", "InstanceGroupName"})
_NUMBERS = ("integer", "long", "float", "double")
_WHOLE_NUMBER = re.compile(r"-?\d{1,18}")


def member_named(key: str, shape: Shape) -> str | None:
    """The member of a structure that another tool calls `key`; None if there is none.

    Case, underscores and a hyphen don't count: Go's conventions make `s3URI` and `roleARN` of
    `S3Uri` and `RoleArn`, and ACK renames `type` to `type_`. Terraform also drops the words
    HyperParameterTuningJob: its `config` is HyperParameterTuningJobConfig.
    https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sagemaker_hyper_parameter_tuning_job
    """
    if key in shape.members:
        return key
    word = fold(key)
    folded = {fold(member): member for member in shape.members}
    return folded.get(word) or folded.get(_PREFIX + word)


class Conversion:
    """Converts one tuning job, and collects what it can't convert.

    `open_key` returns the member's own name if the key's value is an expression of the other tool.
    `open_text` returns the template and the expression of such a text. Both return None otherwise.
    """

    def __init__(
        self,
        open_key: Callable[[str], str | None] = lambda key: None,  # noqa: ARG005
        open_text: Callable[[str, Path], Open | None] = lambda text, path: None,  # noqa: ARG005
    ) -> None:
        self._open_key = open_key
        self._open_text = open_text
        self._variables: dict[str, str] = {}  # each variable's expression
        self.unknown: list[str] = []
        self.open_members: list[OpenMember] = []

    def request(self, data: Mapping[str, Any]) -> Request:
        """The request of a mapping with all its members."""
        return self._structure(data, input_shape(), ())

    def notes(self) -> tuple[str, ...]:
        """What was left out, for a person to read."""
        if not self.unknown:
            return ()
        return (f"left out {listed_code(self.unknown)}: not a member of the request",)

    def convert(self, value: object, shape: Shape, path: Path) -> object:
        """A value of the other tool as one of the API's shape; None if it is absent."""
        if value is None:
            return None
        if isinstance(value, str):
            opened = self._open_text(value, path)
            if opened is not None:
                return self._opened(*opened, shape, path)
        match shape.type:
            case "structure":
                return self._structure_or_block(value, shape, path)
            case "list":
                return self._list(value, shape, path)
            case "map":
                return self._map(value, shape, path)
            case _:
                return _scalar(value, shape)

    def _structure_or_block(self, value: object, shape: Shape, path: Path) -> object:
        if isinstance(value, list) and len(value) <= 1:  # Terraform's blocks are lists
            if not value:
                return None
            value = value[0]
        return self._structure(value, shape, path) if isinstance(value, Mapping) else value

    def _structure(self, data: Mapping[str, Any], shape: Shape, path: Path) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        for key, value in data.items():
            opened = self._open_key(key)
            member = member_named(opened or key, shape)
            if member is None:
                if value not in (None, [], {}, ""):
                    self.unknown.append(path_text((*path, key)))
                continue
            inner, place = shape.members[member], (*path, member)
            if opened is not None:
                result = self._opened("", str(value), inner, place)
            else:
                result = self.convert(value, inner, place)
            if result is not None:
                converted[member] = result
        return converted

    def _list(self, value: object, shape: Shape, path: Path) -> object:
        item = shape.item
        if item is None:
            return value
        if isinstance(value, Mapping) and set(item.members) == {"Key", "Value"}:
            texts = {key: _scalar(text, item.members["Value"]) for key, text in value.items()}
            return [{"Key": key, "Value": text} for key, text in texts.items() if text is not None]
        if not isinstance(value, list):
            return value
        converted = [
            self.convert(element, item, (*path, index)) for index, element in enumerate(value)
        ]
        return [element for element in converted if element is not None]

    def _map(self, value: object, shape: Shape, path: Path) -> object:
        if isinstance(value, list) and all(
            isinstance(pair, Mapping) and {"name", "value"} == set(map(fold, pair))
            for pair in value
        ):  # the first SageMaker operator for Kubernetes has lists of pairs
            pairs = [{fold(key): part for key, part in pair.items()} for pair in value]
            value = {str(pair["name"]): pair["value"] for pair in pairs}
        if not isinstance(value, Mapping) or shape.item is None:
            return value
        converted = {}
        for key, member in value.items():
            opened = self._open_key(key)
            place = (*path, opened or key)
            if opened is not None:
                result = self._opened("", str(member), shape.item, place)
            else:
                result = self.convert(member, shape.item, place)
            if result is not None:
                converted[opened or key] = result
        return converted

    def _opened(self, template: str, expression: str, shape: Shape, path: Path) -> object:
        """The open value of a scalar; of anything else None, which leaves the member out."""
        if shape.type in ("structure", "list", "map"):
            member = OpenMember(path=path, template="", expression=expression)
            self.open_members.append(member)
            return None
        if not template:
            template = "{{ " + self._variable(expression, path) + " }}"
        name = str(path[-1])
        self.open_members.append(OpenMember(path=path, template=template, expression=expression))
        if name in _NAME_MEMBERS:  # the key of a mapping in a spec, which can't be a template
            return f"fill-in-{len(self.open_members)}"
        return OpenValue(template=template, expression=expression, sample=sample_of(shape))

    def _variable(self, expression: str, path: Path) -> str:
        """A variable's name for an expression: the last word of a path, or the member's name."""
        simple = re.search(r"(?<=\.)[A-Za-z_][A-Za-z0-9_]*(?=\W*$)", expression)
        if simple and "(" not in expression:
            stem = snake_case(simple[0])
        else:
            *_, member = (step for step in path if isinstance(step, str))
            stem = snake_case(member)
        name, number = stem, 2
        while self._variables.setdefault(name, expression) != expression:
            name, number = f"{stem}_{number}", number + 1
        return name


def snake_case(name: str) -> str:
    """A name in the style of a variable: `jobName` and `JobName` are `job_name`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"\W+", "_", spaced).strip("_").lower() or "value"


def _scalar(value: object, shape: Shape) -> object:
    """A scalar in the API's type, if it is one: Kubernetes and Airflow accept `"5"` for 5."""
    if shape.type in _NUMBERS and isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    if shape.type == "boolean" and value in ("true", "false"):
        return value == "true"
    if isinstance(value, bool):
        return value if shape.type == "boolean" else str(value).lower()
    if isinstance(value, (int, float)) and shape.type not in _NUMBERS:
        return str(value)
    return value

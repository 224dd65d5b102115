"""What a JSON Schema tells editors beyond what is valid: suggestions, and keys that exclude others.

`defaultSnippets` and `errorMessage` are extensions that VS Code and the YAML language server read;
validators ignore them
(https://code.visualstudio.com/docs/languages/json#_define-snippets-in-json-schemas).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hptc.catalog.region_names import region_names

JsonSchema = dict[str, Any]

RANGE_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "Integer": {"min": 1, "max": 10},
    "Continuous": {"min": 0.001, "max": 0.5},
    "Categorical": {"values": ["gbtree", "dart"]},
    "Auto": {"value_hint": 4},
}
"""What editors insert into a range of each type."""

_MAX_LISTED = 20

EXCLUSIVE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Spec": (("training_job", "training_jobs"), ("schedule", "job_name")),
    "TrainingJob": (("resources", "tuning_resources"), ("spot", "enable_managed_spot_training")),
    "Algorithm": (("built_in", "framework", "training_image", "algorithm_name"),),
    "Input": (("s3", "file_system", "dataset"),),
    "Resources": (("instance_type", "instance_groups", "instance_preferences"),),
    "TuningResources": (("instance_type", "instance_configs"),),
}
"""Groups of keys of each model; a spec sets at most one key of a group."""


def suggestions(examples: Iterable[Any]) -> JsonSchema:
    """Examples as a schema's members.

    Mappings and lists become snippets, because editors show `[object Object]` as the label of an
    example that is a mapping.
    """
    values = list(examples)
    scalars = [value for value in values if not isinstance(value, dict | list)]
    snippets = [
        {"label": _flow(value), "body": value} for value in values if isinstance(value, dict | list)
    ]
    members = {"examples": scalars, "defaultSnippets": snippets}
    return {name: values for name, values in members.items() if values}


def with_suggestions(schema: JsonSchema) -> JsonSchema:
    """A schema with its examples as suggestions."""
    kept = {name: part for name, part in schema.items() if name != "examples"}
    return kept | suggestions(schema.get("examples", ()))


def region(raw: JsonSchema) -> JsonSchema:
    """A Region: editors suggest those that hptc knows, and a new one is valid too."""
    kept = {name: part for name, part in raw.items() if name not in ("type", "pattern")}
    plain = {name: part for name, part in raw.items() if name in ("type", "pattern")}
    return kept | {"anyOf": [{"enum": list(region_names())}, plain]}


def enumeration(values: Iterable[str]) -> JsonSchema:
    """AWS's values of a member. Editors would list all of them in a message, so it has its own."""
    choices = list(values)
    if len(choices) <= _MAX_LISTED:
        return {"enum": choices}
    message = "AWS does not accept this value: your editor's completion lists those that it does"
    return {"enum": choices, "errorMessage": message}


def range_snippets(kinds: Iterable[str]) -> list[JsonSchema]:
    """A snippet for each type of range."""
    return [
        {"label": f"{kind} range", "body": {"type": kind, **RANGE_EXAMPLES[kind]}} for kind in kinds
    ]


def exclusions(model: str) -> JsonSchema:
    """The keys of a model that exclude others. null sets nothing: it removes a default."""
    conditions = [
        {
            "if": {"required": [first], "properties": {first: {"not": {"type": "null"}}}},
            "then": {"properties": {second: {"type": "null", "errorMessage": message}}},
        }
        for first, second, message in _pairs(model)
    ]
    return {"allOf": conditions} if conditions else {}


def _pairs(model: str) -> Iterator[tuple[str, str, str]]:
    for keys in EXCLUSIVE.get(model, ()):
        for index, first in enumerate(keys):
            for second in keys[index + 1 :]:
                yield (
                    first,
                    second,
                    f"`{second}` can't be combined with `{first}`: keep one of them",
                )


def _flow(value: object) -> str:
    """A value as YAML in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return value
        case _:
            return json.dumps(value)

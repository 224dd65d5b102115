"""The JSON Schemas of specs and of hptc.yaml, read by the path of a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hptc.diagnostics import Path
from hptc.reference.schema import project_schema, spec_schema

Schema = Mapping[str, Any]


@cache
def schema(*, is_project: bool) -> Schema:
    """The schema of hptc.yaml or of specs. Creating it takes about a tenth of a second."""
    return project_schema() if is_project else spec_schema()


def at_path(path: Path, *, is_project: bool) -> list[Schema]:
    """Every schema that a value may have there, the key's own first; empty for an unknown key."""
    root = schema(is_project=is_project)
    schemas = list(_alternatives(root, root))
    for part in path:
        children = [child for parent in schemas for child in _children(parent, part)]
        schemas = [alternative for child in children for alternative in _alternatives(child, root)]
    return schemas


def description(path: Path, *, is_project: bool) -> str:
    """What a key is for; empty for an unknown key."""
    schemas = at_path(path, is_project=is_project)
    return next((place["description"] for place in schemas if place.get("description")), "")


def keys(path: Path, *, is_project: bool) -> dict[str, str]:
    """The keys of the mapping at a path, each with its description."""
    descriptions: dict[str, str] = {}
    for mapping in at_path(path, is_project=is_project):
        for name in mapping.get("properties", {}):
            descriptions.setdefault(name, description((*path, name), is_project=is_project))
    return descriptions


def values(path: Path, *, is_project: bool) -> list[str]:
    """The values that a key accepts; empty unless the schema lists them."""
    accepted: dict[str, None] = {}
    for value in at_path(path, is_project=is_project):
        accepted.update(dict.fromkeys(map(str, value.get("enum", ()))))
        if "const" in value:
            accepted[str(value["const"])] = None
    return list(accepted)


def _children(parent: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        if isinstance(parent.get("items"), dict):
            yield parent["items"]
    elif part in parent.get("properties", {}):
        yield parent["properties"][part]
    elif isinstance(parent.get("additionalProperties"), dict):
        yield parent["additionalProperties"]


def _alternatives(node: Schema, root: Schema) -> Iterator[Schema]:
    """A schema, then those that it refers to or is combined from."""
    yield node
    if "$ref" in node:
        yield from _alternatives(root["$defs"][node["$ref"].removeprefix("#/$defs/")], root)
    for combination in ("anyOf", "allOf", "oneOf"):
        for part in node.get(combination, ()):
            yield from _alternatives(part, root)
    if isinstance(node.get("then"), dict):
        yield from _alternatives(node["then"], root)

"""The JSON Schemas (draft 2020-12) of a spec and of hptc.yaml, for editors.

Pydantic provides what the models accept; the tree of language.py adds AWS's enums, bounds, lengths
and patterns. A schema validates one file before defaults are merged and templates are rendered. So,
except for the bounds of a range, it requires nothing that `defaults` can provide, and any value can
be a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from inspect import cleandoc

from pydantic import BaseModel

from hptc.project.project_file import ProjectFile
from hptc.reference.language import Key, Range, language, range_description, ranges
from hptc.reference.schema_files import WRITTEN_BY
from hptc.reference.schema_hints import (
    RANGE_EXAMPLES,
    JsonSchema,
    enumeration,
    exclusions,
    range_snippets,
    region,
    suggestions,
    with_suggestions,
)
from hptc.request.names import Hyperparameters, Names
from hptc.request.shapes import Shape
from hptc.spec.hyperparameter import Hyperparameter
from hptc.spec.tuning_spec import Spec

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SPEC_ID = "https://github.com/hptc/hptc/spec.schema.json"
PROJECT_ID = "https://github.com/hptc/hptc/project.schema.json"

# These two have no description: editors would show it in place of the key's.
_TEMPLATE: JsonSchema = {
    "$comment": "A template that the environment renders: {{ name }}.",
    "type": "string",
    "pattern": r"\{\{|\$\{hptc:",
}
_TEMPLATE_OR_NULL: JsonSchema = {
    "$comment": "A template that the environment renders: {{ name }}. "
    "Or null, which removes the value of `defaults` in hptc.yaml.",
    "type": ["string", "null"],
    "pattern": _TEMPLATE["pattern"],
}
_REQUIRED_OF_RANGES = {
    "Integer": ("min", "max"),
    "Continuous": ("min", "max"),
    "Categorical": ("values",),
    "Auto": ("value_hint",),
}
_SCALARS = ("string", "number", "boolean")
_LATEST = {"type": "string", "pattern": r"^\s*latest\(\s*[a-zA-Z0-9](-*[a-zA-Z0-9])*\s*\)\s*$"}


def spec_schema() -> JsonSchema:
    """The schema of a spec."""
    definitions = _Definitions(is_partial=False)
    root = definitions.mapping(Spec, language())
    return {
        "$schema": DRAFT,
        "$id": SPEC_ID,
        "$comment": WRITTEN_BY,
        "title": "hptc tuning spec",
        **root,
        "$defs": definitions.sorted(),
    }


def project_schema() -> JsonSchema:
    """The schema of hptc.yaml, in which `defaults` and `overrides` are partial specs."""
    definitions = _Definitions(is_partial=True)
    definitions.schemas["PartialSpec"] = definitions.mapping(Spec, language())
    raw = ProjectFile.model_json_schema()
    patterns = ProjectFile.model_json_schema(mode="serialization")
    for name, definition in raw.pop("$defs").items():
        definitions.schemas[name] = _project_mapping(definition, patterns["$defs"][name])
    return {
        "$schema": DRAFT,
        "$id": PROJECT_ID,
        "$comment": WRITTEN_BY,
        "title": "hptc project (hptc.yaml)",
        **_project_mapping(raw, patterns),
        "$defs": definitions.sorted(),
    }


def _project_mapping(raw: JsonSchema, serialized: JsonSchema) -> JsonSchema:
    properties = {}
    for name, value in raw["properties"].items():
        tidied = _tidy(value)
        if name in ("defaults", "overrides"):
            tidied = {
                "description": tidied["description"],
                "examples": tidied["examples"],
                "$ref": "#/$defs/PartialSpec",
            }
        elif name == "region":
            tidied = region(tidied)
        elif name == "regions":
            tidied["items"] = region(tidied["items"])
        elif "pattern" not in tidied and "pattern" in serialized["properties"][name]:
            # The input schema of a string that can be written as a number loses its pattern.
            tidied = tidied | {"pattern": serialized["properties"][name]["pattern"]}
        properties[name] = with_suggestions(tidied)
    return _object(raw.get("description", ""), properties, raw.get("required", ()))


class _Definitions:
    """The `$defs` of one schema, each created when it is first referenced."""

    def __init__(self, *, is_partial: bool) -> None:
        self.is_partial = is_partial
        self.schemas: dict[str, JsonSchema] = {
            "template": _TEMPLATE,
            "template_or_null": _TEMPLATE_OR_NULL,
        }

    def sorted(self) -> dict[str, JsonSchema]:
        """The definitions sorted by name."""
        return {name: self.schemas[name] for name in sorted(self.schemas)}

    def mapping(self, model: type[BaseModel], keys: Iterable[Key]) -> JsonSchema:
        """The schema of a model's mapping."""
        raw = model.model_json_schema()["properties"]
        required = () if self.is_partial or model is not Spec else ("name",)
        properties = {key.name: self._property(key, raw[key.name]) for key in keys}
        excluded = {} if self.is_partial else exclusions(model.__name__)
        return _object(model.__doc__ or "", properties, required) | excluded

    def _property(self, key: Key, raw: JsonSchema) -> JsonSchema:
        if isinstance(key.node, Hyperparameters):
            value = self._hyperparameters(key)
        else:
            accepted = {k: v for k, v in _tidy(raw).items() if k not in ("description", "examples")}
            value = self._value(accepted, key, key.shape)
            if key.choices and key.shape is None:
                value = {"enum": list(key.choices)}
        notes = {"description": _description(key), **suggestions(key.examples)}
        # Only the spec's name can't be a template, because other files refer to it.
        allowed = value if key.path == "name" else self._or_template(value, "template_or_null")
        return {name: part for name, part in notes.items() if part} | allowed

    def _or_template(self, value: JsonSchema, template: str) -> JsonSchema:
        """The value or a template in its place. A plain string accepts templates already."""
        if value == {}:
            return value
        if value == {"type": "string"}:
            return {"type": ["string", "null"]} if template.endswith("null") else value
        alternatives = value.get("anyOf", [value])
        return {"anyOf": [*alternatives, {"$ref": f"#/$defs/{template}"}]}

    def _value(self, raw: JsonSchema, key: Key, shape: Shape | None) -> JsonSchema:
        """Pydantic's schema of a value with AWS's constraints."""
        if "anyOf" in raw:
            return {"anyOf": [self._alternative(part, key, shape) for part in raw["anyOf"]]}
        return self._alternative(raw, key, shape)

    def _alternative(self, raw: JsonSchema, key: Key, shape: Shape | None) -> JsonSchema:
        if "$ref" in raw:
            return self._reference(raw, key)
        match raw.get("type"):
            case "object":
                return self._map(raw, key, shape)
            case "array":
                # A string or a list of strings: the items have the schema of the string.
                item = shape.item if shape is not None and shape.type == "list" else shape
                items = self._value(raw.get("items", {}), key, item)
                bounds = _bounds(shape, "Items") if shape is not None and shape is not item else {}
                return {"type": "array", "items": self._or_template(items, "template"), **bounds}
            case "string" | ["string", *_]:
                text = shape.item if shape is not None and shape.type == "list" else shape
                value = self._text(raw, text)
                return {"anyOf": [value, _LATEST]} if isinstance(key.node, Names) else value
            case "integer" | "number":
                return raw | (_bounds(shape, "") if shape and shape.type != "string" else {})
            case _:
                return raw

    def _reference(self, raw: JsonSchema, key: Key) -> JsonSchema:
        name = raw["$ref"].removeprefix("#/$defs/")
        if name not in self.schemas and key.model is not None:
            self.schemas[name] = {}
            self.schemas[name] = self.mapping(key.model, key.members)
        return {"$ref": raw["$ref"]}

    def _map(self, raw: JsonSchema, key: Key, shape: Shape | None) -> JsonSchema:
        inner = raw.get("additionalProperties", {})
        if shape is None or not isinstance(inner, dict):
            return raw
        # No minimum number of entries, because `defaults` can provide the others.
        maximum = {} if shape.maximum is None else {"maxProperties": shape.maximum}
        names = _text_constraints(shape.key)
        value = self._or_template(self._value(inner, key, shape.item), "template_or_null")
        return {
            "type": "object",
            **({"propertyNames": names} if names else {}),
            "additionalProperties": value,
            **maximum,
        }

    def _text(self, raw: JsonSchema, shape: Shape | None) -> JsonSchema:
        if shape is None or shape.type != "string":
            return raw
        if not shape.enum:
            return raw | _text_constraints(shape)
        self.schemas.setdefault(shape.name, enumeration(shape.enum))
        return {"$ref": f"#/$defs/{shape.name}"}

    def _hyperparameters(self, key: Key) -> JsonSchema:
        """Static values and ranges in one map; `type` distinguishes the ranges."""
        kinds = ranges(key)
        for kind in kinds:
            self.schemas.setdefault(f"{kind.kind}Range", self._range(kind))
        untyped = _range_change() if self.is_partial else _static_value()
        self.schemas.setdefault("RangeChange" if self.is_partial else "StaticValue", untyped)
        self.schemas.setdefault("Hyperparameter", self._hyperparameter(kinds))
        return {
            "type": "object",
            "propertyNames": _text_constraints(key.shape.key if key.shape else None),
            "additionalProperties": {"$ref": "#/$defs/Hyperparameter"},
        }

    def _hyperparameter(self, kinds: tuple[Range, ...]) -> JsonSchema:
        choices = [
            {
                "if": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"const": kind.kind}},
                },
                "then": {"$ref": f"#/$defs/{kind.kind}Range"},
            }
            for kind in kinds
        ]
        untyped = {
            "if": {"type": "object", "not": {"required": ["type"]}},
            "then": {"$ref": "#/$defs/RangeChange"},
        }
        static = {
            "if": {"type": "object", "required": ["value"], "not": {"required": ["type"]}},
            "then": {"$ref": "#/$defs/StaticValue"},
        }
        neither = {
            "if": {"type": "object", "not": {"required": ["value"]}},
            "then": {"required": ["type"]},
        }
        choices += [untyped] if self.is_partial else [static, neither]
        return {
            "description": (Hyperparameter.__doc__ or "").strip(),
            "examples": [200],
            "defaultSnippets": range_snippets(kind.kind for kind in kinds),
            "type": [*_SCALARS, "array", "object", "null"],
            "properties": {
                "type": {
                    "description": range_description("type"),
                    "examples": ["Continuous"],
                    "enum": [kind.kind for kind in kinds],
                }
            },
            "allOf": choices,
        }

    def _range(self, kind: Range) -> JsonSchema:
        properties: JsonSchema = {
            "type": {
                "description": range_description("type"),
                "examples": [kind.kind],
                "const": kind.kind,
            }
        }
        for name, shape in kind.keys.items():
            field = Hyperparameter.model_fields[name]
            example = RANGE_EXAMPLES[kind.kind].get(name)
            examples = list(field.examples or ()) if example is None else [example]
            notes = {"description": range_description(name)} | suggestions(examples)
            if shape.type == "list":
                # A category that is not a string becomes one, or JSON.
                value: JsonSchema = {"type": "array", "items": {}, **_bounds(shape, "Items")}
            elif shape.enum:
                value = self._text({"type": "string"}, shape)
            else:
                value = {"type": ["string", "number"], **_text_constraints(shape)}
            properties[name] = notes | self._or_template(value, "template_or_null")
        required = () if self.is_partial else ("type", *_REQUIRED_OF_RANGES[kind.kind])
        return _object(f"A range of type {kind.kind}.", properties, required)


def _static_value() -> JsonSchema:
    field = Hyperparameter.model_fields["value"]
    value = {"description": field.description, **suggestions(field.examples or ())}
    description = "The long form of a static value, for mappings and lists."
    return _object(description, {"value": value}, ("value",))


def _range_change() -> JsonSchema:
    """In a partial spec, a mapping without a type changes a range whose type the spec sets."""
    properties = {
        name: {"description": field.description, **suggestions(field.examples or ())}
        for name, field in Hyperparameter.model_fields.items()
        if name != "type"
    }
    return _object("A change to a range, or a static value in its long form.", properties, ())


def _object(description: str, properties: JsonSchema, required: Iterable[str]) -> JsonSchema:
    schema: JsonSchema = {
        "description": cleandoc(description),
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return {name: part for name, part in schema.items() if name != "required" or part}


def _description(key: Key) -> str:
    if not key.owner:
        return key.description
    member = key.api.rpartition(".")[2].removesuffix("[]")
    default = (
        f" Default: {key.default}." if key.default and key.default not in key.description else ""
    )
    return f"{key.description}{default} AWS: {key.owner}.{member}"


def _tidy(raw: JsonSchema) -> JsonSchema:
    """Pydantic's schema of a property without titles, null alternatives and null defaults."""
    kept = {k: v for k, v in raw.items() if k != "title" and not (k == "default" and v is None)}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _tidy(kept["items"])
    if isinstance(kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = _tidy(kept["additionalProperties"])
    if "anyOf" not in kept:
        return kept
    alternatives = [_tidy(part) for part in kept.pop("anyOf") if part != {"type": "null"}]
    merged = _merge_scalars(alternatives)
    return kept | (merged[0] if len(merged) == 1 else {"anyOf": merged})


def _merge_scalars(alternatives: list[JsonSchema]) -> list[JsonSchema]:
    """The alternatives with a string that can be written as a number or boolean in one."""
    plain = [part["type"] for part in alternatives if set(part) == {"type"}]
    if not {"string", "number"} <= set(plain):
        return alternatives
    rest = [part for part in alternatives if part.get("type") not in (*_SCALARS, "integer")]
    return [{"type": [kind for kind in _SCALARS if kind in plain]}, *rest]


def _bounds(shape: Shape, noun: str) -> JsonSchema:
    """The bounds of a shape. `noun` is Length, Items or empty: minLength, minItems, minimum."""
    lower, upper = (f"min{noun}", f"max{noun}") if noun else ("minimum", "maximum")
    bounds = {lower: shape.minimum, upper: shape.maximum}
    return {k: v for k, v in bounds.items() if v is not None and (v, k) not in _NO_CONSTRAINTS}


_NO_CONSTRAINTS = ((0, "minLength"), (0, "minItems"))


def _text_constraints(shape: Shape | None) -> JsonSchema:
    if shape is None:
        return {}
    pattern = portable_pattern(shape.pattern)
    return _bounds(shape, "Length") | ({"pattern": pattern} if pattern else {})


_ANY_TEXT = ("", ".*", ".+", r"[\S\s]*")
_UNICODE_CLASS = re.compile(r"\[(?:\\p\{[LNZ]\})+((?:\\.|[^\]\\])*)\]")


def portable_pattern(pattern: str) -> str:
    """An AWS pattern that means the same in ECMA-262 and Python's re; "" if it matches any text.

    AWS matches the whole text. A class of Unicode letters, spaces and digits becomes its complement
    within ASCII, because re does not support `\\p{L}`.
    """
    if pattern in _ANY_TEXT:
        return ""
    return f"^(?:{_UNICODE_CLASS.sub(_all_but, pattern)})$"


def _all_but(match: re.Match[str]) -> str:
    allowed = re.compile(f"[a-zA-Z0-9 {match[1]}]")
    stretches: list[list[int]] = []
    for code in range(128):
        if allowed.match(chr(code)):
            continue
        if stretches and stretches[-1][1] == code - 1:
            stretches[-1][1] = code
        else:
            stretches.append([code, code])
    return "[^" + "".join(f"\\x{first:02x}-\\x{last:02x}" for first, last in stretches) + "]"

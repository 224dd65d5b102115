"""Pydantic's validation errors in, findings at their key paths out."""

import json
import re
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hptc.diagnostics import Finding, Path, ProjectPath, SpecPath, nearest, path_text
from hptc.source.scalars import Scalar
from hptc.text import listed_code

MAX_FINDINGS = 1000
"""The limit per run: nobody reads more."""


def findings_of(
    error: ValidationError,
    model: type[BaseModel],
    path_type: type[SpecPath] | type[ProjectPath],
) -> list[Finding]:
    """Pydantic's errors as findings with paths of `path_type`, at most MAX_FINDINGS."""
    details = error.errors(include_url=False)[:MAX_FINDINGS]
    return [_finding(detail, model, path_type(detail["loc"])) for detail in details]


def _finding(detail: ErrorDetails, model: type[BaseModel], path: SpecPath | ProjectPath) -> Finding:
    value = detail["input"]
    name = path_text(path) or "the spec"
    match detail["type"]:
        case "extra_forbidden":
            keys = _keys_at(model, path[:-1])
            meant = nearest(str(path[-1]), keys)
            owner = path_text(path[:-1])
            if path[-1] == "<<":
                advice = (
                    "YAML 1.2 has no merge keys: write the keys out, or use `defaults` in hptc.yaml"
                )
            else:
                advice = "" if meant else f"valid keys: {', '.join(keys)}"
            return Finding(
                code="HPT101",
                message=f"unknown key `{path[-1]}`" + (f" in `{owner}`" if owner else ""),
                path=path, label=f"did you mean `{meant}`?" if meant else "", help=advice,
                on_key=True,
            )  # fmt: skip
        case "missing":
            return Finding(
                code="HPT103", message=f"`{path[-1]}` is missing", path=type(path)(path[:-1]),
                help=f"add `{path[-1]}:`",
            )  # fmt: skip
        case "literal_error":
            expected = detail.get("ctx", {}).get("expected", "")
            choices = tuple(re.findall(r"'([^']*)'", str(expected)))
            meant = nearest(str(value), choices)
            return Finding(
                code="HPT104", path=path,
                message=f"`{name}` has an invalid value: {described(value)}",
                label=f"did you mean {meant}?" if meant else "",
                help=f"valid values: {listed_code(choices)}",
            )  # fmt: skip
        case "string_pattern_mismatch":
            return Finding(
                code="HPT106", path=path,
                message=f"`{name}` has an invalid format: {described(value)}",
                help=f"it must match {detail.get('ctx', {}).get('pattern', '')}",
            )  # fmt: skip
        case "schedule":
            return Finding(
                code="HPT107", path=path,
                message=f"`{name}` has an invalid value, {described(value)}: {detail['msg']}",
            )  # fmt: skip
        case (
            "hyperparameter"
            | "empty"
            | "missing_key"
            | "extra_key"
            | "twice"
            | "duration"
            | "identifier"
        ):
            message = detail["msg"]
            key = detail.get("ctx", {}).get("key")
            if key is not None:
                path = path / key
                name = path_text(path)
            separator = " " if detail["type"] in ("duration", "twice", "empty") else ": "
            return Finding(
                code="HPT102", message=f"`{name}`{separator}{message}", path=path,
                on_key=detail["type"] in ("missing_key", "twice"),
            )  # fmt: skip
    expected = _EXPECTED.get(detail["type"], "")
    message = (
        f"`{name}` must be {expected}, but is {described(value)}"
        if expected
        else f"`{name}`: {detail['msg']}"
    )
    return Finding(
        code="HPT102",
        message=message,
        path=path,
        label=f"must be {expected}" if expected else "",
        help=_type_help(detail["type"], value),
    )


_EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "int_parsing_size": "an integer within range",
    "float_type": "a number",
    "string_type": "a string",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "finite_number": "a finite number",
}


def _type_help(kind: str, value: Any) -> str:
    match kind:
        case "int_type" | "float_type" if isinstance(value, str) and re.fullmatch(
            r"[-+0-9.eE]+", value
        ):
            return "remove the quotes"
        case "bool_type" if str(value).lower() in ("yes", "no", "on", "off"):
            return "write true or false"
        case "string_type" if isinstance(value, (int, float, bool, Scalar)):
            return "put it in quotes"
    return ""


def described(value: Any) -> str:
    """A value as messages describe it: its type, and its text shortened."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case Scalar(text=text):
            return f"the number {text}" if not isinstance(value.value, bool) else text
        case int() | float():
            return f"the number {value}"
        case str():
            short = value if len(value) <= 60 else value[:57] + "..."
            return f"the string {json.dumps(short, ensure_ascii=False)}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return "something else"


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys of the model at `path`."""
    current: type[BaseModel] | None = model
    in_collection = False
    for part in path:
        if in_collection:
            in_collection = False
        elif current is not None:
            info = current.model_fields.get(str(part))
            current, in_collection = _model_in(info.annotation if info else None)
    return list(current.model_fields) if current is not None and not in_collection else []


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model in an annotation, and whether it is inside `dict[str, X]` or `list[X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for argument in get_args(annotation):
        found, in_collection = _model_in(argument)
        if found is not None:
            return found, in_collection or get_origin(annotation) in (dict, list)
    return None, False

"""Pydantic's validation errors in, findings at their key paths out."""

import copy
import json
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache, reduce
from operator import getitem
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hptc.diagnostics import (
    Finding,
    Path,
    ProjectPath,
    SpecPath,
    nearest,
    path_text,
    respelled,
)
from hptc.source.scalars import Scalar
from hptc.spec.aliases import (
    advice_for,
    choice,
    key_in,
    key_of_words,
    key_with_words,
    paths_of,
)
from hptc.spec.type_advice import same_value, type_advice
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
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(model, path)
        case "missing":
            return Finding(
                code="HPT103", message=f"`{path[-1]}` is missing", path=type(path)(path[:-1]),
                help=f"add `{path[-1]}:`",
            )  # fmt: skip
        case "literal_error":
            return _invalid_choice(detail, path)
        case "string_pattern_mismatch":
            return _invalid_format(detail, path)
        case "schedule":
            value = described(detail["input"])
            return Finding(
                code="HPT107", path=path,
                message=f"`{_name(path)}` has an invalid value, {value}: {detail['msg']}",
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
            return _with_the_models_message(detail, path)
    return _wrong_type(detail, path)


def _name(path: SpecPath | ProjectPath) -> str:
    return path_text(path) or "the spec"


def _invalid_choice(detail: ErrorDetails, path: SpecPath | ProjectPath) -> Finding:
    value = detail["input"]
    expected = detail.get("ctx", {}).get("expected", "")
    choices = tuple(re.findall(r"'([^']*)'", str(expected)))
    meant = choice(value, choices)
    return Finding(
        code="HPT104",
        path=path,
        message=f"`{_name(path)}` has an invalid value: {described(value)}",
        label=f"did you mean {meant}?" if meant else "",
        fixes=respelled(meant, path),
        help=f"valid values: {listed_code(choices)}",
    )


def _invalid_format(detail: ErrorDetails, path: SpecPath | ProjectPath) -> Finding:
    value = detail["input"]
    region = _meant_region(value) if path[-1:] == ("region",) else None
    pattern = detail.get("ctx", {}).get("pattern", "")
    return Finding(
        code="HPT106",
        path=path,
        message=f"`{_name(path)}` has an invalid format: {described(value)}",
        label=f"did you mean {region}?" if region else "",
        fixes=respelled(region, path),
        help=f"write {PATTERNS.get(pattern, f'what matches {pattern}')}",
    )


def _with_the_models_message(detail: ErrorDetails, path: SpecPath | ProjectPath) -> Finding:
    """The finding of an error that hptc's own validators raise."""
    key = detail.get("ctx", {}).get("key")
    if key is not None:
        path = path / key
    separator = " " if detail["type"] in ("duration", "twice", "empty") else ": "
    return Finding(
        code="HPT102",
        message=f"`{_name(path)}`{separator}{detail['msg']}",
        path=path,
        on_key=detail["type"] in ("missing_key", "twice"),
    )


def _wrong_type(detail: ErrorDetails, path: SpecPath | ProjectPath) -> Finding:
    value = detail["input"]
    expected = _EXPECTED.get(detail["type"], "")
    message = (
        f"`{_name(path)}` must be {expected}, but is {described(value)}"
        if expected
        else f"`{_name(path)}`: {detail['msg']}"
    )
    return Finding(
        code="HPT102",
        message=message,
        path=path,
        label=f"must be {expected}" if expected else "",
        help=type_advice(detail["type"], value, path),
        fixes=same_value(detail["type"], value, path),
    )


PATTERNS = {
    r"^[a-z][a-z0-9-]{0,30}$": "up to 31 lowercase letters, digits and hyphens, a letter first",
    r"^\d{12}$": "the 12 digits of an AWS account's ID",
    r"^[a-z]{2,4}(-[a-z]+)+-\d$": "a Region such as us-east-1",
    r"^[a-z0-9.*-]{1,64}$": "an instance type such as ml.m5.xlarge or ml.m5.*",
    r"^(/[A-Za-z0-9.,+@=_-]+)+/$": "a path with a slash at both ends, such as /ml/tuning/",
    r"^[a-z0-9]{1,10}$": "up to 10 lowercase letters and digits",
    r"^[A-Za-z0-9_+=,.@-]{1,32}$": "up to 32 letters, digits and any of _+=,.@-",
    r"^[A-Za-z0-9_.:/=+@ -]{1,256}$": "up to 256 letters, digits, spaces and any of _.:/=+@-",
}
"""The patterns of hptc.yaml in words."""


def corrected(data: Any, error: ValidationError, model: type[BaseModel]) -> Any:
    """A copy of the data with each misspelled key as it was meant, to be checked further.

    None if anything else is wrong with it.
    """
    result = copy.deepcopy(data)
    for detail in error.errors(include_url=False)[:MAX_FINDINGS]:
        path = SpecPath(detail["loc"])
        meant, _ = _suggestion(model, path) if detail["type"] == "extra_forbidden" else (None, "")
        try:
            owner = reduce(getitem, path[:-1], result)
        except (LookupError, TypeError):
            return None
        if meant is None or meant in owner or path[-1] not in owner:
            return None
        owner[meant] = owner.pop(path[-1])
    return result


def _unknown_key(model: type[BaseModel], path: SpecPath | ProjectPath) -> Finding:
    owner = path_text(path[:-1])
    meant, help = _suggestion(model, path)
    return Finding(
        code="HPT101",
        message=f"unknown key `{path[-1]}`" + (f" in `{owner}`" if owner else ""),
        path=path,
        label=f"did you mean `{meant}`?" if meant else "",
        fixes=respelled(meant, path, on_key=True),
        help=help,
        on_key=True,
    )


_ALIKE = 0.85  # the similarity of two spellings of one key; two valid keys are less alike
_SIMILAR = 0.72  # the similarity of a key and a guess at its name; below it is another word


def _suggestion(model: type[BaseModel], path: SpecPath | ProjectPath) -> tuple[str | None, str]:
    """The key that an unknown one means in the same mapping, or else the help."""
    key, owner, keys = str(path[-1]), path[:-1], _keys_at(model, path[:-1])
    if key == "<<":
        return (
            None,
            "YAML 1.2 has no merge keys: write the keys out, or use `defaults` in hptc.yaml",
        )
    if (same := nearest(key, keys, cutoff=1)) is not None:
        return same, ""
    in_project = isinstance(path, ProjectPath)
    if text := advice_for(key, in_project=in_project):
        return None, text
    if not in_project and (other := key_in(owner, key)) in keys:
        return other, ""
    named = (_beside(path, owner) for path in paths_of(key, in_project=in_project))
    if aliases := closest(named, owner):
        *place, alias = aliases[0]
        if tuple(place) == owner:
            return str(alias), ""
        inside = f"in `{path_text(tuple(place))}`" if place else "at the top level"
        return None, f"use `{alias}` {inside}"
    if (meant := nearest(key, keys, cutoff=_ALIKE)) is not None:
        return meant, ""
    places = closest((_beside(path, owner) for path in _mappings_with(model, key)), owner)
    is_below = any(place[: len(owner)] == owner for place in places)
    if not is_below and (meant := key_with_words(key, keys)) is not None:
        return meant, ""
    if places:
        return None, f"move it to {listed_code(map(path_text, places), 'or')}"
    meant = key_of_words(key, keys) or nearest(key, keys, cutoff=_SIMILAR)
    return meant, "" if meant else f"valid keys: {', '.join(keys)}"


def _beside(path: Path, owner: Path) -> Path:
    """A path in the training job, environment or input channel that `owner` is in, of several."""
    if path[:1] == ("training_job",) and owner[:1] == ("training_jobs",):
        path = (*owner[:2], *path[1:])
    common = 0
    while common < min(len(path), len(owner)) and path[common] in (owner[common], "<name>"):
        common += 1
    return (*owner[:common], *path[common:])


def closest(places: Iterable[Path], owner: Path) -> list[Path]:
    """Up to two of several paths: those that share most with `owner`, and then the shortest."""

    def distance(path: Path) -> tuple[int, int]:
        common = 0
        while common < min(len(path), len(owner)) and path[common] == owner[common]:
            common += 1
        return -common, len(path)

    candidates = [path for path in dict.fromkeys(places) if path and path != owner]
    least = min(map(distance, candidates), default=None)
    return [path for path in candidates if distance(path) == least][:2]


@cache
def _mappings_with(model: type[BaseModel], key: str) -> list[Path]:
    """The paths of the mappings that have a key; those inside of lists are left out."""
    return [path for path, keys in _mappings(model, ()) if key in keys]


def _mappings(model: type[BaseModel], path: Path) -> Iterator[tuple[Path, Collection[str]]]:
    yield path, model.model_fields
    for name, field in model.model_fields.items():
        inner, in_collection = _model_in(field.annotation)
        if inner is not None and "list[" not in str(field.annotation):
            inner_path = (*path, name, "<name>") if in_collection else (*path, name)
            yield from _mappings(inner, inner_path)


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
            field = current.model_fields.get(str(part))
            current, in_collection = _model_in(field.annotation if field else None)
    return list(current.model_fields) if current is not None and not in_collection else []


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model in an annotation, and whether it is inside `dict[str, X]` or `list[X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for argument in get_args(annotation):
        model, in_collection = _model_in(argument)
        if model is not None:
            return model, in_collection or get_origin(annotation) in (dict, list)
    return None, False


def _meant_region(value: object) -> str | None:
    from hptc.catalog.region_names import meant_region  # only a typo needs the list

    return meant_region(value) if isinstance(value, str) else None

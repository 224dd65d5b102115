"""Converts violations of the API's shape to findings, with the names that the file uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hptc.diagnostics import (
    Finding,
    Fix,
    Path,
    SetValue,
    SpecPath,
    fold,
    nearest,
    path_text,
    respelled,
)
from hptc.request.conformance import Violation
from hptc.request.shapes import Shape, input_shape
from hptc.request.spec_paths import spec_path
from hptc.spec.aliases import choice
from hptc.spec.tuning_spec import Spec
from hptc.spec.validation_findings import closest, described
from hptc.text import listed_code, plural, quoted

_CODES = {
    "unknown": "HPT101",
    "type": "HPT102",
    "missing": "HPT103",
    "enum": "HPT104",
    "minimum": "HPT105",
    "maximum": "HPT105",
    "pattern": "HPT106",
}

_TYPES = {
    "structure": "a mapping",
    "map": "a mapping",
    "list": "a list",
    "string": "a string",
    "boolean": "true or false",
    "integer": "an integer",
    "long": "an integer",
    "float": "a number",
    "double": "a number",
}

_PATTERNS = {
    # Descriptions of patterns that are hard to read.
    "HyperParameterTuningJobName": "letters, digits and single hyphens between them",
    "HyperParameterTrainingJobDefinitionName": "letters, digits and hyphens between them",
    "RoleArn": "the ARN of a role, arn:aws:iam::<account>:role/<name>",
    "S3Uri": "s3://<bucket>/<prefix>",
    "ChannelName": "letters, digits, dots, hyphens and underscores",
    "FileSystemId": "fs- and at least 8 hex digits",
    "KmsKeyId": "the ID, ARN or alias of a KMS key",
    "SecurityGroupId": "the ID of a security group, sg-…",
    "SubnetId": "the ID of a subnet, subnet-…",
    "TagKey": "letters, digits, spaces and _ . : / = + - @",
    "TagValue": "letters, digits, spaces and _ . : / = + - @",
    "HyperParameterTrainingJobEnvironmentKey": (
        "letters, digits and underscores, not starting with a digit"
    ),
    "TrainingPlanArn": "the ARN of a training plan",
    "HubDataSetArn": "the ARN of a DataSet in a SageMaker hub",
    "ArnOrName": "the name or ARN of an algorithm",
}
_LINES = (".*", ".+")  # patterns of everything but a line break


def findings_of_violations(
    violations: Iterable[Violation], request: Mapping[str, Any], spec: Spec | None
) -> list[Finding]:
    """Convert violations to findings. Names are the spec's if there is one, else the API's."""
    findings = [_finding(violation, request, spec) for violation in violations]
    if spec is not None and spec.training_job is None and not spec.training_jobs:
        findings.append(
            Finding(
                code="HPT103",
                message="`training_job` is required: it defines what each training job runs",
                path=SpecPath(),
                help="add `training_job:`, or `training_jobs:` for several algorithms",
            )
        )
    return findings


def _finding(violation: Violation, request: Mapping[str, Any], spec: Spec | None) -> Finding:
    path, value = violation.path, violation.value
    shown = spec_path(path, request) if spec is not None else path
    if spec is not None and shown == ("job_name",) and spec.job_name is None:
        shown, value = SpecPath(("name",)), spec.name
    name = path_text(shown) or "the request"
    is_key = bool(shown) and shown[-1] == value  # the value is a name, which is a key of the spec
    match violation.kind:
        case "missing":
            missing = _missing(violation, name, str(shown[-1]) if shown else "")
            return replace(missing, on_key=spec is not None and bool(shown))
        case "unknown":
            return _unknown(violation)
        case "type":
            return _wrong_type(violation, name, value)
        case "enum":
            return _wrong_choice(violation, name, value)
        case "minimum" | "maximum":
            return replace(_out_of_bounds(violation, name, value), on_key=is_key)
        case _:
            return replace(_wrong_format(violation, name, value), on_key=is_key)


def _missing(violation: Violation, name: str, key: str) -> Finding:
    return Finding(
        code=_CODES[violation.kind],
        path=violation.path,
        message=f"`{name}` is required",
        help=_missing_help(key, violation.shape),
    )


def _unknown(violation: Violation) -> Finding:
    path = violation.path
    owner = path_text(path[:-1])
    meant, advice = _suggestion(str(path[-1]), path[:-1], violation.shape)
    return Finding(
        code=_CODES[violation.kind],
        path=path,
        on_key=True,
        message=f"unknown member `{path[-1]}`" + (f" in `{owner}`" if owner else ""),
        label=f"did you mean `{meant}`?" if meant else "",
        fixes=respelled(meant, path, on_key=True),
        help=advice,
    )


def _wrong_type(violation: Violation, name: str, value: Any) -> Finding:
    expected = _TYPES.get(violation.shape.type, violation.shape.type)
    return Finding(
        code=_CODES[violation.kind],
        path=violation.path,
        message=f"`{name}` must be {expected}, but is {described(value)}",
        label=f"must be {expected}",
    )


def _wrong_choice(violation: Violation, name: str, value: Any) -> Finding:
    meant = choice(value, violation.shape.enum)
    return Finding(
        code=_CODES[violation.kind],
        path=violation.path,
        message=f"`{name}` has an invalid value: {quoted(value)}",
        label=f"did you mean {meant}?" if meant else "",
        fixes=_choice_fixes(value, meant, violation.path),
        help=_enum_help(violation.shape, value),
    )


def _wrong_format(violation: Violation, name: str, value: Any) -> Finding:
    pattern = violation.shape.pattern
    in_words = "a single line of text" if pattern in _LINES else _PATTERNS.get(violation.shape.name)
    return Finding(
        code=_CODES[violation.kind],
        path=violation.path,
        message=f"`{name}` has an invalid format: {quoted(value)}",
        label=f"must be {in_words}" if in_words else "",
        help="" if in_words else f"it must match {pattern}",
    )


def _choice_fixes(value: Any, meant: str | None, path: Path) -> tuple[Fix, ...]:
    """The fix of an invalid value. An instance type of another family is the author's decision."""
    family = meant.rpartition(".")[0] if meant else ""
    if meant and family and fold(family).rpartition(".")[2] not in fold(str(value)).split("."):
        return (Fix(changes=(SetValue(path=path, value=meant),)),)
    return respelled(meant, path)


def _suggestion(name: str, owner: Path, shape: Shape) -> tuple[str | None, str]:
    """The member that an unknown one means in the same structure, and the help."""
    members = tuple(shape.members)
    valid_members = f"valid members: {', '.join(members)}"
    if (same := nearest(name, members, cutoff=1)) is not None:
        return same, valid_members
    known = _structures_with(fold(name))
    if places := closest(known, owner):
        where = listed_code(map(path_text, places), "or")
        member = known[places[0]]
        return None, f"move it to {where}" if member == name else f"use `{member}` in {where}"
    return nearest(name, members), valid_members


@cache
def _structures_with(name: str) -> Mapping[Path, str]:
    """The paths of the structures that have a member of a folded name, and the member."""
    return {
        path: member
        for path, members in _structures(input_shape(), ())
        for member in members
        if fold(member) == name
    }


def _structures(shape: Shape, path: Path) -> Iterator[tuple[Path, Mapping[str, Shape]]]:
    yield path, shape.members
    for name, inner in shape.members.items():
        structure = inner.item if inner.type == "list" else inner
        if structure is not None and structure.type == "structure":
            yield from _structures(structure, (*path, name))


def _out_of_bounds(violation: Violation, name: str, value: Any) -> Finding:
    shape = violation.shape
    is_minimum = violation.kind == "minimum"
    bound = shape.minimum if is_minimum else shape.maximum
    match value:
        case str():
            actual, allowed = (
                f"has {plural(len(value), 'character')}",
                plural(bound or 0, "character"),
            )
        case list() | dict():
            actual = f"has {plural(len(value), 'entry', 'entries')}"
            allowed = plural(bound or 0, "entry", "entries")
        case _:
            actual, allowed = f"is {value}", str(bound)
    is_number = not isinstance(value, str | list | dict)
    requirement = f"{'at least' if is_minimum else 'at most'} {allowed}"
    has_both = shape.minimum is not None and shape.maximum is not None
    return Finding(
        code=_CODES[violation.kind],
        path=violation.path,
        message=f"`{name}` {actual}, but AWS allows {requirement}",
        label=f"must be {requirement}" if is_number else requirement,
        fixes=(Fix(changes=(SetValue(path=violation.path, value=bound),)),) if is_number else (),
        help=f"AWS allows {shape.minimum} to {shape.maximum}" if has_both else "",
    )


def _missing_help(key: str, shape: Shape) -> str:
    if key == "role_arn":
        return "add it, or have an environment in hptc.yaml create the role"
    if key in ("output", "s3_output_path"):
        return "add it, or have an environment in hptc.yaml create the bucket"
    if shape.enum and len(shape.enum) <= 8:
        return f"add `{key}:`, one of {', '.join(shape.enum)}"
    return f"add `{key}:`"


def _enum_help(shape: Shape, value: Any) -> str:
    if len(shape.enum) <= 12:
        return f"valid values: {', '.join(shape.enum)}"
    text = str(value).strip().lower()
    for family in (text, text.rpartition(".")[0]):
        same = [name for name in shape.enum if "." in family and name.startswith(f"{family}.")]
        if same:
            break
    return (
        f"in this family: {', '.join(same)}"
        if same
        else f"see the {len(shape.enum)} values of {shape.name} in the API reference"
    )

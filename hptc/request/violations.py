"""Converts violations of the API's shape to findings, with the names that the file uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    path, shape, value = violation.path, violation.shape, violation.value
    shown = spec_path(path, request) if spec is not None else path
    if spec is not None and shown == ("job_name",) and spec.job_name is None:
        shown, value = SpecPath(("name",)), spec.name
    name = path_text(shown) or "the request"
    code = _CODES[violation.kind]
    is_key = bool(shown) and shown[-1] == value  # the value is a name, which is a key of the spec
    match violation.kind:
        case "missing":
            return Finding(
                code=code, path=path, on_key=spec is not None and bool(shown),
                message=f"`{name}` is required",
                help=_missing_help(str(shown[-1]) if shown else "", shape),
            )  # fmt: skip
        case "unknown":
            owner = path_text(path[:-1])
            meant, advice = _suggestion(str(path[-1]), path[:-1], shape)
            return Finding(
                code=code, path=path, on_key=True,
                message=f"unknown member `{path[-1]}`" + (f" in `{owner}`" if owner else ""),
                label=f"did you mean `{meant}`?" if meant else "",
                fixes=respelled(meant, path, on_key=True), help=advice,
            )  # fmt: skip
        case "type":
            expected = _TYPES.get(shape.type, shape.type)
            return Finding(
                code=code, path=path, label=f"must be {expected}",
                message=f"`{name}` must be {expected}, but is {described(value)}",
            )  # fmt: skip
        case "enum":
            meant = choice(value, shape.enum)
            return Finding(
                code=code, path=path, message=f"`{name}` has an invalid value: {quoted(value)}",
                label=f"did you mean {meant}?" if meant else "",
                fixes=_choice_fixes(value, meant, path), help=_enum_help(shape, value),
            )  # fmt: skip
        case "minimum" | "maximum":
            return _out_of_bounds(violation, name, value, code, on_key=is_key)
    in_words = "a single line of text" if shape.pattern in _LINES else _PATTERNS.get(shape.name)
    return Finding(
        code=code, path=path, on_key=is_key,
        message=f"`{name}` has an invalid format: {quoted(value)}",
        label=f"must be {in_words}" if in_words else "",
        help="" if in_words else f"it must match {shape.pattern}",
    )  # fmt: skip


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
        item = inner.item if inner.type == "list" else inner
        if item is not None and item.type == "structure":
            yield from _structures(item, (*path, name))


def _out_of_bounds(
    violation: Violation, name: str, value: Any, code: str, *, on_key: bool
) -> Finding:
    shape = violation.shape
    bound = shape.minimum if violation.kind == "minimum" else shape.maximum
    which = "at least" if violation.kind == "minimum" else "at most"
    match value:
        case str():
            what, unit = f"has {plural(len(value), 'character')}", "character"
        case list() | dict():
            what, unit = f"has {plural(len(value), 'entry', 'entries')}", "entry"
        case _:
            what, unit = f"is {value}", ""
    plural_unit = {"entry": "entries"}.get(unit, "")
    need = f"{which} {plural(bound or 0, unit, plural_unit) if unit else bound}"
    limits = (
        [f"{shape.minimum} to {shape.maximum}"]
        if None not in (shape.minimum, shape.maximum)
        else []
    )
    return Finding(
        code=code, path=violation.path, message=f"`{name}` {what}, but AWS allows {need}",
        on_key=on_key,
        label=need if unit else f"must be {need}",
        fixes=() if unit else (Fix(changes=(SetValue(path=violation.path, value=bound),)),),
        help=f"AWS allows {limits[0]}" if limits else "",
    )  # fmt: skip


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
        same = [each for each in shape.enum if "." in family and each.startswith(f"{family}.")]
        if same:
            break
    return (
        f"in this family: {', '.join(same)}"
        if same
        else f"see the {len(shape.enum)} values of {shape.name} in the API reference"
    )

"""Requests as other tools write them, and back: from the request, with its shape."""

from __future__ import annotations

import re
from typing import Any

from hptc.compiler.importing import write_spec
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.request.identity import canonical
from hptc.request.shapes import Shape, input_shape
from hptc.tool_formats.detection import read_job
from tests.support.outcomes import succeeded

Request = dict[str, Any]


def in_kubernetes(value: Any, shape: Shape | None = None) -> Any:
    """A value with the names that ACK's code generator gives to Go's fields."""
    return _renamed(value, shape or input_shape(), _go_name)


def _go_name(member: str) -> str:
    name = member[0].lower() + member[1:]
    name = re.sub(r"(Id|Uri|Arn|Kms)(?=[A-Z]|s?$)", lambda match: match[1].upper(), name)
    return {"type": "type_", "keyId": "keyID"}.get(name, name)


def in_terraform(value: Any, shape: Shape | None = None) -> Any:
    """A value with the names of Terraform's arguments, and a list for each block."""
    shape = shape or input_shape()
    if shape.type == "structure" and isinstance(value, dict):
        return {
            _argument(key): (
                {tag["Key"]: tag["Value"] for tag in member}
                if key == "Tags"
                else [in_terraform(member, shape.members[key])]
                if shape.members[key].type == "structure"
                else in_terraform(member, shape.members[key])
            )
            for key, member in value.items()
        }
    if shape.type == "list" and shape.item is not None:
        return [in_terraform(element, shape.item) for element in value]
    return value


def _argument(member: str) -> str:
    name = member.removeprefix("HyperParameterTuningJob")
    return re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", name).lower()


def _renamed(value: Any, shape: Shape, rename: Any) -> Any:
    if shape.type == "structure" and isinstance(value, dict):
        return {
            rename(key): _renamed(member, shape.members[key], rename)
            for key, member in value.items()
        }
    if shape.type == "list" and shape.item is not None:
        return [_renamed(element, shape.item, rename) for element in value]
    return value


def sent_by_spec(texts: list[tuple[str, str]], selected: str | None = None) -> Request:
    """The canonical request of the spec that an import of files writes."""
    job = read_job(texts, selected=selected)
    text = write_spec(job.request, open_members=job.open_members)
    request = dict(succeeded(compile_text(text, "imported.yaml", Workspace(rules=()))).request)
    if "HyperParameterTuningJobName" not in job.request:
        del request["HyperParameterTuningJobName"]
    return canonical(request)

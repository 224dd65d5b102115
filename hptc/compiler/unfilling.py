"""Removes from a request what its environment adds to a spec: the inverse of filling.py.

A request that was compiled but not submitted still has references to stacks. As a spec, it omits
the values that the environment fills in, and the others are templates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hptc.project.references import PATTERN, has_reference, names_in, reference
from hptc.request.emission import Request
from hptc.request.job_facts import PROGRAM
from hptc.source.templates import escape
from hptc.tool_formats.imported_job import OpenValue

_KEY = reference("kms_key_arn")
_OUTPUT = re.compile(re.escape(f"s3://{reference('artifact_bucket')}/") + "[^/]+/")


def unfilled(request: Request) -> Request:
    """The request without the values that an environment adds, and with OpenValues for the rest."""
    result = deepcopy(request)
    single = result.get("TrainingJobDefinition")
    for definition in [*([single] if single else []), *result.get("TrainingJobDefinitions", ())]:
        _remove_filled(definition)
    templated: Request = _with_templates(result, is_json=False)
    return templated


def _remove_filled(definition: Request) -> None:
    if definition.get("RoleArn") == reference("execution_role_arn"):
        del definition["RoleArn"]
    output = definition.get("OutputDataConfig", {})
    if _OUTPUT.fullmatch(output.get("S3OutputPath", "")):
        del output["S3OutputPath"]
    if output.get("KmsKeyId") == _KEY:
        del output["KmsKeyId"]
    for member in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
        resources = definition.get(member, {})
        if resources.get("VolumeKmsKeyId") == _KEY:
            del resources["VolumeKmsKeyId"]
    network = definition.get("VpcConfig", {})
    if any(names_in(value) for value in network.values()):
        del definition["VpcConfig"]


def _with_templates(value: object, *, is_json: bool) -> Any:
    if isinstance(value, str):
        return _template(value, is_json=is_json) if has_reference(value) else value
    if isinstance(value, Mapping):
        return {
            key: _with_templates(
                inner, is_json=is_json or (key == "StaticHyperParameters" and PROGRAM in inner)
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_templates(inner, is_json=is_json) for inner in value]
    return value


def _template(text: str, *, is_json: bool) -> object:
    """A text with references as a template. A string in JSON is decoded first."""
    written = text
    if is_json:
        try:
            decoded = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if not isinstance(decoded, str):
            return text
        written = decoded
    parts = PATTERN.split(written)
    template = "".join(
        f"{{{{ {part} }}}}" if index % 2 else escape(part) for index, part in enumerate(parts)
    )
    return OpenValue(template=template, expression=text, sample=text)

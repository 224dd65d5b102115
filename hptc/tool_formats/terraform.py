"""The resource `aws_sagemaker_hyper_parameter_tuning_job` in `terraform show -json`.

The command prints a plan or a state as JSON: https://developer.hashicorp.com/terraform/internals/json-format
The resource's arguments:
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sagemaker_hyper_parameter_tuning_job
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hptc.frozen import frozen
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion
from hptc.tool_formats.selection import Selection
from hptc.tool_formats.untyped_values import as_list, as_mapping, member_at

_TYPE = "aws_sagemaker_hyper_parameter_tuning_job"
_ATTRIBUTES = frozenset(
    {
        *("arn", "id", "failure_reason", "region", "tags_all", "timeouts"),
        *("status", "hyper_parameter_tuning_job_status"),
    }
)
"""Attributes that the resource has, but the request does not."""
_SELECTION = Selection(
    noun="resource",
    option="--resource",
    none=f"no {_TYPE} in this plan or state",
    help="run `terraform show -json` in the folder that has the resource",
)
_UNKNOWN = ".$unknown"
"""Marks a key whose value is known after `terraform apply`; no attribute has such a name."""


@frozen
class _Resource:
    address: str
    values: Mapping[str, Any]
    is_applied: bool


def is_terraform(data: Mapping[str, Any]) -> bool:
    """Whether a file is the output of `terraform show -json`."""
    return "format_version" in data and "terraform_version" in data


def read_terraform(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of the only such resource, or of the one with the address `selected`."""
    resources = [(resource.address, resource) for resource in _resources(data)]
    resource = _SELECTION.select(resources, selected)
    conversion = Conversion(
        open_key=lambda key: key.removesuffix(_UNKNOWN) if key.endswith(_UNKNOWN) else None
    )
    values = {
        key: value
        for key, value in resource.values.items()
        if key.removesuffix(_UNKNOWN) not in _ATTRIBUTES
    }
    request = conversion.request(values)
    if resource.is_applied:  # AWS added to it what it adds to a Describe response
        request["HyperParameterTuningJobStatus"] = "Completed"
    notes = []
    region = resource.values.get("region")
    if isinstance(region, str):
        notes.append(f"left out the Region {region}: an environment in hptc.yaml has it")
    return ImportedJob(
        request=request,
        form=f"the Terraform resource {resource.address}",
        notes=(*notes, *conversion.notes()),
        open_members=tuple(conversion.open_members),
    )


def _resources(data: Mapping[str, Any]) -> Iterator[_Resource]:
    """Every tuning job of a plan, as it will be, or of a state."""
    for entry in as_list(data.get("resource_changes")):
        change = entry.get("change") if isinstance(entry, Mapping) else None
        if not isinstance(change, Mapping) or entry.get("type") != _TYPE:
            continue
        after = change.get("after")
        if isinstance(after, Mapping):
            address = str(entry.get("address"))
            expressions = _expressions(data, address)
            values = _with_unknown(after, change.get("after_unknown"), expressions)
            yield _Resource(address=address, values=values, is_applied=False)
    modules = [member_at(data, "values", "root_module")]
    while modules:
        module = modules.pop()
        if not isinstance(module, Mapping):
            continue
        for entry in as_list(module.get("resources")):
            if (
                isinstance(entry, Mapping)
                and entry.get("type") == _TYPE
                and isinstance(entry.get("values"), Mapping)
            ):
                yield _Resource(
                    address=str(entry.get("address")), values=entry["values"], is_applied=True
                )
        modules += reversed(as_list(module.get("child_modules")))


def _with_unknown(values: Mapping[str, Any], unknown: Any, expressions: Any) -> dict[str, Any]:
    """The values of a plan, with a marked key for each that is unknown before the apply.

    An attribute without an expression in the configuration is left out: AWS's default is unknown,
    too. `expressions` is None if the configuration doesn't show them, as for a dynamic block.
    """
    merged: dict[str, Any] = dict(values)
    for key, mark in as_mapping(unknown).items():
        known = isinstance(expressions, Mapping)
        expression = expressions.get(key) if known else None
        if mark is True:
            merged.pop(key, None)
            if expression is not None or not known:
                merged[key + _UNKNOWN] = f"{_reference(expression) or key} (known after apply)"
        elif isinstance(mark, list) and isinstance(merged.get(key), list):
            merged[key] = [
                _with_unknown(block, _block_at(mark, index), _block_at(expression, index))
                if isinstance(block, Mapping)
                else block
                for index, block in enumerate(merged[key])
            ]
    return merged


def _block_at(blocks: object, index: int) -> object:
    return blocks[index] if isinstance(blocks, list) and index < len(blocks) else None


def _reference(expression: object) -> str:
    """What an expression refers to, such as `aws_iam_role.tuning.arn`."""
    references = expression.get("references") if isinstance(expression, Mapping) else None
    return str(references[0]) if isinstance(references, list) and references else ""


def _expressions(data: Mapping[str, Any], address: str) -> object:
    """The expressions of a resource in a plan's configuration, None if it isn't there."""
    rest = re.sub(r"\[[^\]]*\]", "", address)
    module = member_at(data, "configuration", "root_module")
    while rest.startswith("module."):
        _, name, rest = rest.split(".", 2)
        module = member_at(module, "module_calls", name, "module")
    for entry in as_list(member_at(module, "resources")):
        if isinstance(entry, Mapping) and entry.get("address") == rest:
            return entry.get("expressions")
    return None

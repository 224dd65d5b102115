"""CloudFormation templates: parsed, validated and resolved.

Replaces parts of moto, which fetches TemplateURL from `localhost` only, skips unknown resource
types, leaves unknown functions and AWS::NoValue in lists unresolved, and answers 500 for a missing
SSM parameter.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlparse

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.utils import get_stack_from_s3_url
from moto.s3.models import s3_backends

from hptc.sandbox import stack_resources

_moto_clean_json = parsing.clean_json
_moto_parse_ssm_parameter = parsing.ResourceMap.parse_ssm_parameter


def clean_json(node: Any, resource_map: Any) -> Any:
    """Resolve functions as moto does, but drop AWS::NoValue from lists and reject unknown ones."""
    if isinstance(node, list):
        return [item for item in (clean_json(n, resource_map) for n in node) if item is not None]
    if isinstance(node, dict) and len(node) == 1:
        (key,) = node
        if key == "Fn::GetAZs":
            region = clean_json(node[key], resource_map) or resource_map["AWS::Region"]
            return [f"{region}{letter}" for letter in "abcd"]
        if key.startswith("Fn::") and key not in _FUNCTIONS:
            raise ValidationError(message=f"Template error: the sandbox does not support {key}.")
    return _moto_clean_json(node, resource_map)


_FUNCTIONS = frozenset(
    "Fn::" + name
    for name in (
        *("FindInMap", "GetAtt", "If", "Join", "Split", "Select", "Sub", "ImportValue"),
        *("Base64", "ToJsonString", "Equals", "Not", "And", "Or"),
    )
)


def parse_ssm_parameter(resource_map: Any, value: str, value_type: str) -> Any:
    """Resolve a parameter of an SSM type."""
    try:
        return _moto_parse_ssm_parameter(resource_map, value, value_type)
    except AttributeError:
        raise ValidationError(
            message=f"Unable to fetch parameters [{value}] from parameter store for this account."
        ) from None


def template_from_s3_url(template_url: str, account_id: str, partition: str) -> str:
    """Fetch a template from S3. Only AWS hosts can have the bucket in the host name."""
    url = urlparse(template_url)
    if (url.hostname or "").endswith(("amazonaws.com", "amazonaws.com.cn")):
        return get_stack_from_s3_url(template_url, account_id, partition)
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    template: Any = s3_backends[account_id][partition].get_object(bucket, key)
    if template is None:
        raise ValidationError(message="S3 error: The specified key does not exist.")
    return str(template.value.decode("utf-8"))


def parse_template(template: str) -> dict[str, Any]:
    """Parse a template. JSON has its own parser, which is about 100 times faster than YAML's."""
    try:
        parsed = json.loads(template)
    except ValueError:
        parsed = models.Stack.parse_template(template)
    if not isinstance(parsed, dict) or not parsed.get("Resources"):
        raise ValidationError(
            message="Template format error: At least one Resources member must be defined."
        )
    return parsed


def check_template(template: str) -> dict[str, Any]:
    """Parse a template. Raises ValidationError for anything that moto would silently skip."""
    parsed = parse_template(template)
    unknown = {
        resource["Type"]
        for resource in parsed["Resources"].values()
        if not stack_resources.is_supported(resource["Type"])
    }
    if unknown:
        raise ValidationError(
            message="Template format error: Unrecognized resource types: "
            f"[{', '.join(sorted(unknown))}] (not supported by the sandbox)"
        )
    stack_resources.in_dependency_order(parsed["Resources"])
    declared = parsed["Resources"].keys() | parsed.get("Parameters", {}).keys()
    for section in ("Resources", "Outputs"):
        missing = {
            name
            for name in stack_resources.references(parsed.get(section, {}))
            if name not in declared and not name.startswith("AWS::")
        }
        if missing:
            raise ValidationError(
                message=f"Template format error: Unresolved resource dependencies "
                f"[{', '.join(sorted(missing))}] in the {section} block of the template"
            )
    return parsed


def resolve_parameters(
    parameters: list[dict[str, Any]], template: dict[str, Any], previous: dict[str, str]
) -> dict[str, str]:
    """Resolve a request's parameters. A previous value that was a default remains a default."""
    declared = template.get("Parameters", {})
    undeclared = sorted({parameter["ParameterKey"] for parameter in parameters} - declared.keys())
    if undeclared:
        raise ValidationError(
            message=f"Parameters: [{', '.join(undeclared)}] do not exist in the template"
        )
    values: dict[str, str] = {}
    for parameter in parameters:
        key = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            values[key] = parameter.get("ParameterValue", "")
        elif key in previous:
            values[key] = previous[key]
    missing = sorted(
        key
        for key, declaration in declared.items()
        if key not in values and "Default" not in declaration
    )
    if missing:
        raise ValidationError(message=f"Parameters: [{', '.join(missing)}] must have values")
    return values


def imported_names(node: Any) -> Iterator[Any]:
    """Yield the export names that a template imports, unresolved."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield value
            else:
                yield from imported_names(value)
    elif isinstance(node, list):
        for item in node:
            yield from imported_names(item)

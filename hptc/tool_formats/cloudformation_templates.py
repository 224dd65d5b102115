"""A CloudFormation template in JSON whose resources create a tuning job.

CloudFormation has no resource for one, so it is in the definition of a state machine or a SageMaker
pipeline, or in the call of the CDK's AwsCustomResource. References become placeholders.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hptc.frozen import frozen
from hptc.text import listed_code
from hptc.tool_formats.embedded_json import embedded_mapping
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion
from hptc.tool_formats.pipeline_steps import is_pipeline_definition, read_pipeline_definition
from hptc.tool_formats.selection import Selection
from hptc.tool_formats.state_machine import is_state_machine, read_state_machine

_BODIES = {
    "AWS::StepFunctions::StateMachine": ("DefinitionString", "Definition"),
    "AWS::SageMaker::Pipeline": ("PipelineDefinition",),
    "Custom::AWS": ("Create", "Update"),
}
"""The properties that contain a definition or a call, by type of resource."""
_SELECTION = Selection(
    noun="resource",
    option="--resource",
    none="no resource of this template creates a tuning job",
    help=f"hptc import reads the definitions in {listed_code(_BODIES)}",
)
_ACTION = "createhyperparametertuningjob"
_OF_AWS = {
    "AWS::AccountId": "<account_id>",
    "AWS::Region": "<region>",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


@frozen
class _Body:
    resource: str
    data: Mapping[str, Any]


def is_template(data: Mapping[str, Any]) -> bool:
    """Whether a file is a CloudFormation template."""
    resources = data.get("Resources")
    return isinstance(resources, Mapping) and all(
        isinstance(resource, Mapping) and "Type" in resource for resource in resources.values()
    )


def read_template(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of the only resource that creates one, or of the resource `selected`."""
    bodies = [(body.resource, body) for body in _bodies(data)]
    return _read(_SELECTION.select(bodies, selected).data)


def _read(body: Mapping[str, Any]) -> ImportedJob:
    if is_state_machine(body):
        return read_state_machine(body, None)
    if is_pipeline_definition(body):
        return read_pipeline_definition(body, None)
    conversion = Conversion()
    request = conversion.request(body["parameters"])
    return ImportedJob(request=request, form="an AWS custom resource", notes=conversion.notes())


def _bodies(data: Mapping[str, Any]) -> Iterator[_Body]:
    for name, resource in data["Resources"].items():
        properties = resource.get("Properties")
        if not isinstance(properties, Mapping):
            continue
        for member in _BODIES.get(str(resource["Type"]).partition("/")[0], ()):
            body = _body(properties.get(member))
            if body is not None and _creates_tuning_job(body):
                yield _Body(resource=str(name), data=body)
                break


def _creates_tuning_job(body: Mapping[str, Any]) -> bool:
    if is_state_machine(body):
        return _ACTION in repr(body).lower()
    if is_pipeline_definition(body):
        return "'Tuning'" in repr(body)
    action, parameters = body.get("action"), body.get("parameters")
    return str(action).lower() == _ACTION and isinstance(parameters, Mapping)


def _body(value: object) -> Mapping[str, Any] | None:
    """A definition or a call: a mapping, or a text that functions put together."""
    if isinstance(value, Mapping) and "PipelineDefinitionBody" in value:
        value = value["PipelineDefinitionBody"]
    text = _text(value)
    if text is None:
        return value if isinstance(value, Mapping) else None
    return embedded_mapping(text)


def _text(value: object) -> str | None:
    """A text with a placeholder for each reference in it; None if it is not a text."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((function, argument),) = value.items()
    match function, argument:
        case "Fn::Join", [str(separator), list(parts)]:
            texts = [_text(part) for part in parts]
            return separator.join(text or "<value>" for text in texts)
        case "Fn::Sub", str(text) | [str(text), _]:
            return re.sub(r"\$\{([^!}][^}]*)\}", lambda match: _placeholder(match[1]), text)
        case "Ref", str(name):
            return _placeholder(name)
        case "Fn::GetAtt", [str(name), str(attribute)]:
            return _placeholder(f"{name}.{attribute}")
        case "Fn::GetAtt", str(name):
            return _placeholder(name)
        case "Fn::ImportValue", _:
            return "<value>"
    return None


def _placeholder(name: str) -> str:
    return _OF_AWS.get(name, f"<{re.sub(r'[^A-Za-z0-9]+', ' ', name).strip()}>")

"""A CloudFormation template whose resources create a tuning job.

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
    "AWS::Serverless::StateMachine": ("Definition",),
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
FUNCTION_OF_TAG = {
    "!Ref": "Ref",
    "!Condition": "Condition",
    **{
        f"!{name}": f"Fn::{name}"
        for name in (
            "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If",
            "ImportValue", "Join", "Length", "Not", "Or", "Select", "Split", "Sub", "ToJsonString",
            "Transform",
        )
    },
}  # fmt: skip
"""The key in JSON of each tag in YAML: `!Ref x` is `{"Ref": "x"}`."""
_REFERENCE = re.compile(r"\$\{([\w!:. -]+)\}")
_MAX_PLACEHOLDER = 50
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
        substitutions = properties.get("DefinitionSubstitutions")
        for member in _BODIES.get(str(resource["Type"]).partition("/")[0], ()):
            body = _body(properties.get(member), substitutions)
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


def _body(value: object, substitutions: object) -> Mapping[str, Any] | None:
    """A definition or a call: a mapping, or a text that functions put together."""
    if isinstance(value, Mapping) and "PipelineDefinitionBody" in value:
        value = value["PipelineDefinitionBody"]
    text = _text(value)
    body = embedded_mapping(text) if text is not None else value
    names = frozenset(substitutions) if isinstance(substitutions, Mapping) else frozenset()
    plain = _plain(body, names)
    return plain if isinstance(plain, Mapping) else None


def _plain(value: object, names: frozenset[str]) -> object:
    """A definition with a placeholder for each reference, and for each `${name}` of `names`."""
    text = _text(value)
    if text is not None:
        return re.sub(
            _REFERENCE,
            lambda match: _placeholder(match[1]) if match[1] in names else match[0],
            text,
        )
    if isinstance(value, Mapping):
        return {key: _plain(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, names) for inner in value]
    return value


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
            return re.sub(_REFERENCE, lambda match: _substituted(match[1]), text)
        case "Ref", str(name):
            return _placeholder(name)
        case "Fn::GetAtt", [str(name), str(attribute)]:
            return _placeholder(f"{name}.{attribute}")
        case "Fn::GetAtt", str(name):
            return _placeholder(name)
        case "Fn::ImportValue", _:
            return _placeholder(" ".join(_words(argument)))
        case str(name), _ if name in FUNCTION_OF_TAG.values():
            return _placeholder(" ".join([name.removeprefix("Fn::"), *_words(argument)]))
    return None


def _words(value: object) -> Iterator[str]:
    """The texts and numbers in the arguments of a function, from the outermost."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif value is not None:
        yield str(value)


def _substituted(name: str) -> str:
    """What `${name}` is in a Sub: a reference, or `${x}` itself if written as `${!x}`."""
    return f"${{{name[1:]}}}" if name.startswith("!") else _placeholder(name.strip())


def _placeholder(name: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", " ", name).strip()[:_MAX_PLACEHOLDER].strip()
    return _OF_AWS.get(name, f"<{words}>")

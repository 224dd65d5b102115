"""A tuning step in the definition of a SageMaker pipeline, whose Arguments are the request.

Values are expressions such as `{"Get": "Parameters.Bucket"}` and `{"Std:Join": …}`. The format:
https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.diagnostics import Path
from hptc.errors import UsageError
from hptc.source.construction import MAX_CHARACTERS
from hptc.text import listed_code
from hptc.tool_formats.embedded_json import embedded_mapping
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion, Open, snake_case
from hptc.tool_formats.selection import Selection
from hptc.tool_formats.untyped_values import as_list, as_mapping, member_at

_BODY = "PipelineDefinition"  # of a DescribePipeline response
_MARK = "\0"
"""Around an expression in a text. AWS accepts no value that contains it."""
_MAX_STEPS = 10_000
_SELECTION = Selection(
    noun="step", option="--state", none="no step of this pipeline has the type Tuning"
)


def is_pipeline_definition(data: Mapping[str, Any]) -> bool:
    """Whether a file is a pipeline's definition, or a response with one."""
    return isinstance(data.get(_BODY), str) or (
        isinstance(data.get("Steps"), list) and "Version" in data
    )


def read_pipeline_definition(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of the only tuning step, or of the step `selected`."""
    if isinstance(data.get(_BODY), str):
        body = embedded_mapping(data[_BODY])
        if body is None:
            raise UsageError("the pipeline's definition in this file can't be read as JSON")
        data = body
    steps = [(str(step["Name"]), step) for step in _tuning_steps(data)]
    step = _SELECTION.select(steps, selected)
    expressions = _Expressions(_defaults(data))
    arguments = expressions.resolved(step.get("Arguments"))
    conversion = Conversion(open_text=expressions.open_text)
    request = conversion.request(as_mapping(arguments))
    return ImportedJob(
        request=request,
        form=f"the step {step['Name']} of a SageMaker pipeline",
        notes=(*expressions.notes(), *conversion.notes()),
        open_members=tuple(conversion.open_members),
    )


def _defaults(data: Mapping[str, Any]) -> dict[str, Any]:
    """The default value of each parameter that has one."""
    return {
        f"Parameters.{parameter['Name']}": parameter["DefaultValue"]
        for parameter in as_list(data.get("Parameters"))
        if isinstance(parameter, Mapping) and "Name" in parameter and "DefaultValue" in parameter
    }


class _Expressions:
    """Resolves the expressions of a pipeline with the defaults of its parameters.

    Another expression becomes a text, which `open_text` recognizes.
    """

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self._defaults = defaults
        self._used: dict[str, None] = {}
        self._characters = 0

    def resolved(self, value: object) -> object:
        """A value without expressions. Raises UsageError if default values make it too large."""
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if set(value) == {"Get"}:
            name = str(value["Get"])
            if name not in self._defaults:
                return f"{_MARK}{name}{_MARK}"
            self._used[name.partition(".")[2]] = None
            self._characters += len(str(self._defaults[name]))
            if self._characters > MAX_CHARACTERS:
                raise UsageError(
                    f"the tuning step has more than {MAX_CHARACTERS:,} characters with the default "
                    "values of the pipeline's parameters",
                    help="shorten the default values",
                )
            return self._defaults[name]
        join = value.get("Std:Join")
        if isinstance(join, Mapping) and isinstance(join.get("Values"), list):
            return str(join.get("On", "")).join(str(self.resolved(item)) for item in join["Values"])
        return {key: self.resolved(item) for key, item in value.items()}

    def open_text(self, text: str, _path: Path) -> Open | None:
        """The template and the expression of a text with one."""
        parts = text.split(_MARK)
        if len(parts) < 3 or len(parts) % 2 == 0:
            return None
        if len(parts) == 3 and parts[0] == parts[2] == "":
            return "", parts[1]
        template = expression = ""
        for index, part in enumerate(parts):
            is_open = index % 2 == 1
            template += "{{ " + snake_case(part.rpartition(".")[2]) + " }}" if is_open else part
            expression += f"<{part}>" if is_open else part
        return template, expression

    def notes(self) -> tuple[str, ...]:
        """The parameters whose defaults were used, for a person to read."""
        if not self._used:
            return ()
        return (f"used the default values of the pipeline's parameters {listed_code(self._used)}",)


def _tuning_steps(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every tuning step, also in the branches of a condition."""
    waiting: list[Any] = list(reversed(as_list(data.get("Steps"))))
    seen = 0
    while waiting and seen < _MAX_STEPS:
        step = waiting.pop()
        seen += 1
        if not isinstance(step, Mapping):
            continue
        if step.get("Type") == "Tuning":
            yield {**step, "Name": str(step.get("Name", ""))}
        for branch in ("ElseSteps", "IfSteps"):
            waiting += reversed(as_list(member_at(step, "Arguments", branch)))

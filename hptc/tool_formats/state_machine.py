"""A state of an AWS Step Functions state machine that creates a tuning job.

Its Parameters (JSONPath) or Arguments (JSONata) are the request.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hptc.diagnostics import Path
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion, Open
from hptc.tool_formats.selection import Selection
from hptc.tool_formats.untyped_values import as_list, as_mapping

_CREATES = re.compile(r":sagemaker:createHyperParameterTuningJob(\.sync(:2)?)?$")
_JSONATA = re.compile(r"\s*\{%.*%\}\s*", re.DOTALL)
_MAX_STATES = 10_000
_SELECTION = Selection(
    noun="state",
    option="--state",
    none="no state of this state machine creates a tuning job",
    help="such a state has the Resource "
    "arn:aws:states:::sagemaker:createHyperParameterTuningJob, with or without .sync",
)


@frozen
class _State:
    name: str
    data: Mapping[str, Any]


def is_state_machine(data: Mapping[str, Any]) -> bool:
    """Whether a file is a state machine, its `States`, or one state that creates a tuning job."""
    return isinstance(data.get("States"), Mapping) or _creates_tuning_job(data)


def has_state_expressions(data: Mapping[str, Any]) -> bool:
    """Whether a request has members of a state's Parameters, such as `"RoleArn.$": "$.role"`."""
    waiting: list[Any] = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            if any(_expression_key(key) is not None for key in value):
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


def read_state_machine(data: Mapping[str, Any], selected: str | None) -> ImportedJob:
    """The tuning job of the only state that creates one, or of the state `selected`."""
    states = [(state.name, state) for state in _states(data)]
    state = _SELECTION.select(states, selected)
    is_jsonata = "Arguments" in state.data
    parameters = state.data.get("Arguments" if is_jsonata else "Parameters")
    form = f"the state {state.name} of a state machine" if state.name else "a state machine's state"
    if not isinstance(parameters, Mapping):
        raise UsageError(
            f"{form}: its request is not in the file: Parameters or Arguments must be a mapping",
            help="import the JSON that the state receives at run time, from its execution history",
        )
    return read_parameters(parameters, form, is_jsonata=is_jsonata)


def read_parameters(
    parameters: Mapping[str, Any], form: str, *, is_jsonata: bool = False
) -> ImportedJob:
    """The tuning job of a state's Parameters, or of its Arguments in JSONata."""
    conversion = Conversion(open_text=_expression) if is_jsonata else Conversion(_expression_key)
    request = conversion.request(parameters)
    return ImportedJob(
        request=request,
        form=form,
        notes=conversion.notes(),
        open_members=tuple(conversion.open_members),
    )


def _expression_key(key: str) -> str | None:
    return (key.removesuffix(".$") or None) if key.endswith(".$") else None


def _expression(text: str, _path: Path) -> Open | None:
    return ("", text.strip()) if _JSONATA.fullmatch(text) else None


def _creates_tuning_job(state: Mapping[str, Any]) -> bool:
    resource = state.get("Resource")
    return isinstance(resource, str) and _CREATES.search(resource) is not None


def _states(data: Mapping[str, Any]) -> Iterator[_State]:
    """Every state that creates a tuning job, also in the branches of Parallel and Map states."""
    waiting: list[tuple[str, Any]] = [("", data)]
    seen = 0
    while waiting:
        name, value = waiting.pop()
        seen += 1
        if not isinstance(value, Mapping) or seen > _MAX_STATES:
            continue
        if _creates_tuning_job(value):
            yield _State(name=name, data=value)
        inner = list(as_mapping(value.get("States")).items())
        inner += [("", branch) for branch in as_list(value.get("Branches"))]
        inner += [("", value.get(key)) for key in ("Iterator", "ItemProcessor")]
        waiting += reversed(inner)

"""Converts a request to the text of a spec that compiles to the same request.

The input may also be a DescribeHyperParameterTuningJob response. Nothing is dropped silently: the
text is compiled and compared with the request before it is returned. hptc/tool_formats reads
the formats of other tools.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from hptc.catalog.images import identify
from hptc.compiler.outcome import Failed
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Path, path_text
from hptc.errors import UsageError
from hptc.request.emission import Request, value_text
from hptc.request.identity import canonical
from hptc.request.job_facts import CODE_CHANNEL, OBJECTIVE_METRIC, PROGRAM, SUBMIT_DIRECTORY
from hptc.request.names import TABLE
from hptc.request.shapes import input_shape
from hptc.request.spec_data import spec_data
from hptc.request.training_code import TrainingCode
from hptc.source.hidden_text import escape_hidden, has_hidden
from hptc.source.scalars import Scalar, resolve_plain
from hptc.source.templates import escape
from hptc.text import printable, shortened, spec_duration
from hptc.tool_formats.imported_job import OpenMember, OpenValue
from hptc.tool_formats.samples import with_samples

_DURATIONS = ("max_runtime", "max_wait_time", "max_pending_time", "keep_alive_period")
_COPY_OF_OBJECTIVE = "ObjectiveMetric"
_JOB_NAME = "HyperParameterTuningJobName"
_MAX_COMMENT_LENGTH = 160
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_MAX_JSON_DEPTH = 50
"""A deeper JSON value stays text: with the levels around it, a spec could be too deep to read."""


def write_spec(
    request: Mapping[str, Any],
    *,
    name: str | None = None,
    origin: str = "",
    open_members: Sequence[OpenMember] = (),
    sources: Mapping[str, TrainingCode] | None = None,
) -> str:
    """The YAML text of a spec that compiles to `request`, with its exact job name if it has one.

    `request` must have the API's types. An OpenValue in it becomes a template, and the text begins
    with a list of `open_members`. `sources` is the code of the definitions, by name, where the spec
    has `source` instead of the location of its archive. A missing member stays missing, for
    `hptc check` to report. Raises UsageError with the paths that a spec can't express. AWS rejects
    such a request too, for example one with two channels of the same name.
    """
    expected = requested(request)
    sample, _ = with_samples(expected)
    text = _to_yaml(_spec(sample, name))
    _verify(text, sample)
    if sample != expected or sources:
        text = _to_yaml(_with_sources(_spec(expected, name), sources or {}))
    comment = f"# Imported from {printable(origin)}.\n" if origin else ""
    return comment + _open_comment(open_members) + text


def _spec(request: Request, name: str | None) -> dict[str, Any]:
    data = spec_data(request)
    spec = {"name": name or _slug(str(data.get("job_name", "imported"))), **data}
    for training_job in _training_jobs(spec):
        _shorten(training_job)
    _write_durations(spec.get("limits", {}))
    return {key: spec[key] for key in _ORDER if key in spec}


def _with_sources(spec: dict[str, Any], sources: Mapping[str, TrainingCode]) -> dict[str, Any]:
    """The spec with `source` instead of the settings that it stands for."""
    several = spec.get("training_jobs", {})
    for name, training_job in [("", spec.get("training_job")), *several.items()]:
        source = sources.get(name)
        if training_job is None or source is None:
            continue
        values = training_job.pop("hyperparameters", {})
        for setting in (PROGRAM, SUBMIT_DIRECTORY):
            values.pop(setting, None)
        inputs = training_job.pop("inputs", {})
        inputs.pop(CODE_CHANNEL if training_job.get("enable_network_isolation") else "", None)
        data = {"directory": source.directory, "entry_point": source.entry_point}
        rest = dict(training_job)
        training_job.clear()
        training_job |= {"objective": rest.pop("objective")} if "objective" in rest else {}
        training_job |= {"source": _Flow(data)}
        training_job |= {"hyperparameters": values} if values else {}
        training_job |= rest | ({"inputs": inputs} if inputs else {})
    return spec


def _open_comment(members: Sequence[OpenMember]) -> str:
    if not members:
        return ""
    lines = [f"#   {member.template or member.place}: {member.expression}" for member in members]
    shown = [printable(shortened(line, _MAX_COMMENT_LENGTH)) for line in dict.fromkeys(lines)]
    return "\n".join(("# Values to fill in, and what they were:", *shown, ""))


_ORDER = ("name", *(key for key in TABLE))


def requested(response: Mapping[str, Any]) -> Request:
    """The request behind a Describe response. A request is returned unchanged.

    A response has additional members, and in each definition what AWS added: the static
    hyperparameter `_tuning_objective_metric`, the metric definitions of a first-party algorithm,
    the instances that it selected, and a copy of the objective's definition with the name
    ObjectiveMetric.
    """
    members = input_shape().members
    request: Request = {key: value for key, value in response.items() if key in members}
    if "HyperParameterTuningJobStatus" not in response:
        return dict(response)
    single = request.get("TrainingJobDefinition")
    if isinstance(single, Mapping):
        request["TrainingJobDefinition"] = _as_requested(single)
    several = request.get("TrainingJobDefinitions")
    if isinstance(several, list):
        request["TrainingJobDefinitions"] = [
            _as_requested(definition) if isinstance(definition, Mapping) else definition
            for definition in several
        ]
    return request


def _as_requested(definition: Mapping[str, Any]) -> Request:
    original = dict(definition)
    static = original.get("StaticHyperParameters") or {}
    if isinstance(static, Mapping):
        original["StaticHyperParameters"] = {
            key: value for key, value in static.items() if key != OBJECTIVE_METRIC
        }
    algorithm = original.get("AlgorithmSpecification") or {}
    if isinstance(algorithm, Mapping):
        original["AlgorithmSpecification"] = _algorithm_as_requested(algorithm)
    if isinstance(original.get("ResourceConfig"), Mapping):
        original["ResourceConfig"] = {
            key: value
            for key, value in original["ResourceConfig"].items()
            if not key.startswith("SelectedInstance")
        }
    return original


def _algorithm_as_requested(algorithm: Mapping[str, Any]) -> Request:
    metrics = algorithm.get("MetricDefinitions") or []
    if not isinstance(metrics, list) or not all(isinstance(metric, Mapping) for metric in metrics):
        return dict(algorithm)
    image = algorithm.get("TrainingImage")
    identified = identify(image) if isinstance(image, str) else None
    if identified is not None and identified.kind == "algorithm":
        metrics = []
    regexes = [
        metric.get("Regex") for metric in metrics if metric.get("Name") != _COPY_OF_OBJECTIVE
    ]
    kept = [
        metric
        for metric in metrics
        if metric.get("Name") != _COPY_OF_OBJECTIVE or metric.get("Regex") not in regexes
    ]
    return {**algorithm, "MetricDefinitions": kept}


def _training_jobs(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    single = spec.get("training_job")
    return ([single] if single is not None else []) + list(spec.get("training_jobs", {}).values())


def _shorten(training_job: dict[str, Any]) -> None:
    """Replace long forms in one training job with short ones."""
    _write_hyperparameters(training_job)
    for channel in training_job.get("inputs", {}).values():
        s3 = channel.get("s3")
        if (
            s3 is not None
            and set(s3) == {"s3_uri", "s3_data_type"}
            and s3["s3_data_type"] == "S3Prefix"
        ):
            channel["s3"] = s3["s3_uri"]
    stopping = training_job.get("stopping", {})
    if training_job.get("enable_managed_spot_training") is True:
        del training_job["enable_managed_spot_training"]
        wait = stopping.pop("max_wait_time", None)
        training_job["spot"] = {} if wait is None else {"max_wait_time": wait}
        _write_durations(training_job["spot"])
    _write_durations(stopping)
    _write_durations(training_job.get("resources", {}))


def _write_durations(group: dict[str, Any]) -> None:
    for key in _DURATIONS:
        seconds = group.get(key)
        if isinstance(seconds, int) and seconds > 0 and seconds % 60 == 0:
            group[key] = spec_duration(seconds)


def _write_hyperparameters(training_job: dict[str, Any]) -> None:
    """Static values as scalars, or as JSON values if the training job's container reads JSON."""
    values = training_job.get("hyperparameters", {})
    texts = [part["value"] for part in values.values() if "value" in part]
    texts += [text for part in values.values() for text in part.get("values", ())]
    as_json = "sagemaker_program" in values
    if as_json and not all(isinstance(text, OpenValue) or _is_json_of_spec(text) for text in texts):
        training_job["hyperparameter_encoding"] = "plain"
        as_json = False
    read = _from_json if as_json else _from_text
    for name, part in values.items():
        if "value" in part:
            value = read(part["value"])
            values[name] = {"value": value} if isinstance(value, (dict, list)) else value
            continue
        if "values" in part:
            part["values"] = [read(text) for text in part["values"]]
        for key in ("min", "max", "value_hint"):
            if key in part:
                part[key] = _from_text(part[key])
        values[name] = _Flow(part)


def _from_text(text: object) -> object:
    """A string as an author would write it: numbers and booleans without quotes."""
    if not isinstance(text, str):
        return text
    try:
        value = resolve_plain(text)
    except ValueError:
        return text
    return Scalar(text=text, value=value) if isinstance(value, (int, float)) else text


def _from_json(text: Any) -> object:
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return text
    return Scalar(text=text, value=value) if isinstance(value, (int, float)) else value


def _is_json_of_spec(text: Any) -> bool:
    """Whether a spec can have the value of a JSON text and write it as the same text."""
    value = _from_json(text)
    if isinstance(value, Scalar) and text != text.strip():
        return False
    return _has_spec_values(value) and value_text(value, as_json=True) == text


def _has_spec_values(value: object, levels: int = _MAX_JSON_DEPTH) -> bool:
    """Whether a JSON value has no null, which removes a key from a spec, and only finite numbers.

    The SageMaker SDK writes None as `null`, and Python writes NaN and Infinity. False for a value
    that is nested deeper than `levels`.
    """
    if isinstance(value, Scalar):
        value = value.value
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_has_spec_values(element, levels - 1) for element in inner)
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _slug(job_name: str) -> str:
    return _NOT_IN_NAMES.sub("-", job_name).strip("-") or "imported"


class _Flow(dict[str, Any]):
    """A mapping to write on one line."""


class _Dumper(yaml.SafeDumper):
    """Writes YAML 1.2 core scalars, so that hptc.source reads the same values back."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def ignore_aliases(self, _data: object) -> bool:
        return True


class _Key(str):
    """A mapping's key. Keys have no templates, so nothing in them is escaped."""

    __slots__ = ()


def _represent_key(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    try:
        reads_as_text = isinstance(resolve_plain(text), str)
    except ValueError:
        reads_as_text = False
    is_plain = reads_as_text and "\n" not in text and not has_hidden(text)
    style = None if is_plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


def _represent_str(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return _represent_key(dumper, escape(text))


def _with_keys(value: object) -> object:
    if isinstance(value, dict):
        return type(value)({_Key(key): _with_keys(inner) for key, inner in value.items()})
    return [_with_keys(inner) for inner in value] if isinstance(value, list) else value


_NOT_FINITE = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}
"""The numbers of YAML that Python writes differently."""


def _represent_plain(dumper: yaml.SafeDumper, value: object) -> yaml.ScalarNode:
    match value:
        case Scalar(text=text):
            pass
        case bool():
            text = "true" if value else "false"
        case float() if not math.isfinite(value):
            text = _NOT_FINITE[repr(value)]
        case _:
            text = repr(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text)


_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(
    OpenValue,
    lambda dumper, value: dumper.represent_scalar(
        "tag:yaml.org,2002:str", value.template, style='"'
    ),
)
_Dumper.add_representer(_Key, _represent_key)
for _type in (Scalar, bool, int, float):
    _Dumper.add_representer(_type, _represent_plain)
_Dumper.add_representer(
    _Flow,
    lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True),
)


def _to_yaml(spec: dict[str, Any]) -> str:
    text: str = yaml.dump(
        _with_keys(spec), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return escape_hidden(text)


def _verify(text: str, expected: Request) -> None:
    """Compile the text and compare it with the request. Raises UsageError if they differ."""
    compiled = compile_text(text, "imported", Workspace(rules=()))
    if isinstance(compiled, Failed):
        raise UsageError(
            "can't write the request as a spec: " + _first_message(compiled),
            help="run `hptc check` on the request to see what AWS would reject",
        )
    request = compiled.request
    if _JOB_NAME not in expected:  # the spec's content then determines it
        request = {key: value for key, value in request.items() if key != _JOB_NAME}
    places = [path_text(path) for path in differences(canonical(expected), canonical(request))]
    if places:
        raise UsageError(
            "a spec can't express the value at " + ", ".join(places[:10]),
            help="run `hptc check` on the request to see what AWS would reject",
        )


def _first_message(compiled: Failed) -> str:
    return next((diagnostic.message for diagnostic in compiled.diagnostics), "")


def differences(left: object, right: object, path: Path = ()) -> list[Path]:
    """The paths at which two values differ, as deep as possible."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        keys = [*left, *(key for key in right if key not in left)]
        return [
            place
            for key in keys
            for place in differences(left.get(key), right.get(key), (*path, key))
        ]
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [
            place
            for index, (left_inner, right_inner) in enumerate(zip(left, right, strict=True))
            for place in differences(left_inner, right_inner, (*path, index))
        ]
    return [] if left == right else [path]

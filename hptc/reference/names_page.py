"""docs/names.md: the API name of each key of a spec, and the key of each API member.

The page is generated from the tree of language.py and from AWS's shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hptc.reference.language import Key, allowed, every_key, language, limits, places, ranges
from hptc.reference.markdown_table import markdown_table
from hptc.request.names import (
    RANGE_MEMBERS,
    Each,
    Group,
    Hyperparameters,
    Leaf,
    Named,
    Names,
    Pairs,
)
from hptc.request.shapes import Shape, leaves
from hptc.text import code

UNREACHED = {
    "TrainingJobDefinition.TuningObjective": (
        "the objective of a single definition is set in HyperParameterTuningJobConfig"
    ),
    "TrainingJobDefinition.HyperParameterRanges": (
        "the ranges of a single definition are set in HyperParameterTuningJobConfig"
    ),
}
"""Members that no spec sets, with the reason."""

_INTRODUCTION = """\
# Names: the spec and the API

A leaf keeps its API name in snake_case; groups drop words that are redundant in their context.
This page is generated from the table that compiles specs and from AWS's model of
[CreateHyperParameterTuningJob](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html),
so it is complete: search it for one name to find the other.

Short forms of a spec and their meaning in the request:

| Spec | Request |
| --- | --- |
| a duration: `90m`, `12h`, `1d` or a number of seconds | seconds |
| a mapping by name (`<name>`): channels, metrics, tags, training jobs, instance groups | a list of named structures |
| `s3: s3://bucket/prefix/` | `s3: {s3_uri: s3://bucket/prefix/}`, with `s3_data_type: S3Prefix` |
| `parents: churn` | `parents: [churn]`: the tuning job of the spec `churn`, or the tuning job of that name |
| `parents: latest(churn)` | the newest completed tuning job of the spec `churn` in the environment, at submission and at each scheduled start |
| `metric_definitions: {loss: [a, b]}` | two definitions with the same name |
| `eta: 0.1` in `hyperparameters` | a static value; the long form is `eta: {value: 0.1}` |
| `eta: {type: Continuous, min: 0, max: 1}` | a range in the list of its type |
| `spot: {max_wait_time: 2h}` | managed spot training enabled, with a maximum wait time |
| `built_in: xgboost` with `version` | the training image of that algorithm in the environment's Region |
| `output: {}` | under the spec's name in the environment's artifact bucket |
| `{{ name }}` in any value except the spec's `name` | the variable of that name in the environment |
| `null` | removes the value of `defaults` in hptc.yaml |
"""  # noqa: E501

_TRAINING_JOB = """\
These keys are below `training_job` and below each `training_jobs.<name>`. The members are those of
`TrainingJobDefinition` and of each of `TrainingJobDefinitions[]`; where they differ, both are
listed."""


def names_page() -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION, "## From the spec to the API\n", "### The tuning job\n"]
    top_level = [key for key in language() if not key.path.startswith("training_job")]
    several = [key for key in language() if key.path == "training_jobs"]
    parts.append(
        markdown_table(
            _SPEC_COLUMNS, (_row(key) for key in every_key((*top_level, *_bare(several))))
        )
    )
    single = next(key for key in language() if key.path == "training_job")
    for title, keys in _sections(single):
        parts.append(f"### {title}\n")
        if title == _FIRST_SECTION:
            parts.append(_TRAINING_JOB + "\n")
        parts.append(markdown_table(_SPEC_COLUMNS, _training_job_rows(keys)))
    parts += ["## From the API to the spec\n", _REVERSE_NOTE + "\n"]
    parts.append(markdown_table(("API", "Spec"), _reverse_rows()))
    parts.append("Members that a spec does not set:\n")
    parts.append("".join(f"- `{path}`: {why}.\n" for path, why in UNREACHED.items()))
    return "\n".join(parts)


_REVERSE_NOTE = """\
In the order of the API. `TrainingJobDefinitions[]` has the members of `TrainingJobDefinition`, and
its keys are below `training_jobs.<name>` instead of `training_job`. Only differences are listed."""

_FIRST_SECTION = "A training job"
_SECTIONS = {
    "Input channels": ("inputs",),
    "Instances": ("resources", "tuning_resources"),
}


def _sections(training_job: Key) -> Iterator[tuple[str, list[Key]]]:
    apart = {name for names in _SECTIONS.values() for name in names}
    yield _FIRST_SECTION, [key for key in training_job.members if key.name not in apart]
    for title, names in _SECTIONS.items():
        yield title, [key for key in training_job.members if key.name in names]


def _bare(keys: list[Key]) -> list[Key]:
    return [replace(key, members=()) for key in keys]


_SPEC_COLUMNS = ("Spec", "API", "Type", "Valid values", "Default")


def _row(key: Key) -> tuple[str, ...]:
    return (
        f"`{key.inner_path if isinstance(key.node, Named) else key.path}`",
        code(key.api) if key.api else key.description,
        _type(key),
        allowed(key),
        f"`{key.default}`" if key.default else "",
    )


def _training_job_rows(keys: Iterable[Key]) -> Iterator[tuple[str, ...]]:
    for key in every_key(tuple(keys)):
        path, api, *rest = _row(key)
        path = path.replace("`training_job.", "`")
        if isinstance(key.node, Hyperparameters):
            yield from _hyperparameter_rows(key)
            continue
        other = _in_several(key)
        if other is not None and _below(key.api) != _below(other.api):
            api = f"{code(key.api)}; several definitions: {code(_below(other.api))}"
        else:
            api = code(_below(key.api)) if key.api else api
        yield (path, api, *rest)


def _hyperparameter_rows(key: Key) -> Iterator[tuple[str, ...]]:
    yield "`hyperparameters.<name>`", code(_below(key.api)), "string, number or boolean", "", ""
    several = {kind.kind: kind for other in [_in_several(key)] if other for kind in ranges(other)}
    for kind in ranges(key):
        other = several[kind.kind]
        api = f"{code(kind.api)}; several definitions: {code(_below(other.api))}"
        yield f"`hyperparameters.<name>` with `type: {kind.kind}`", api, "mapping", "", ""
    for name, (kinds, shape) in _range_keys(key).items():
        yield (
            f"`hyperparameters.<name>.{name}`",
            code(RANGE_MEMBERS[name]),
            _type_of(shape),
            f"{limits(shape)} ({', '.join(kinds)})".strip(),
            "",
        )


def _range_keys(key: Key) -> dict[str, tuple[list[str], Shape]]:
    by_key: dict[str, tuple[list[str], Shape]] = {}
    for kind in ranges(key):
        for name, shape in kind.keys.items():
            by_key.setdefault(name, ([], shape))[0].append(kind.kind)
    return by_key


def _in_several(key: Key) -> Key | None:
    path = key.path.replace("training_job.", "training_jobs.<name>.", 1)
    return next((other for other in every_key() if other.path == path), None)


def _below(api: str) -> str:
    """The path of a member within its definition."""
    return api.removeprefix("TrainingJobDefinitions[].").removeprefix("TrainingJobDefinition.")


def _type(key: Key) -> str:
    match key.node:
        case Group():
            return "mapping"
        case Named():
            return "mapping by name"
        case Each():
            return "list of mappings"
        case Pairs():
            return "strings by name"
        case Names():
            return "list of strings"
        case Leaf() if key.is_duration:
            return "duration"
        case _:
            if key.shape is None and key.examples and isinstance(key.examples[0], int):
                return "integer"
            if key.shape is None:
                if not key.members:
                    return "string"
                return "string or mapping" if key.examples else "mapping"
            return _type_of(key.shape)


def _type_of(shape: Shape) -> str:
    match shape.type:
        case "integer" | "long":
            return "integer"
        case "float" | "double":
            return "number"
        case "boolean":
            return "boolean"
        case "list":
            return "list of strings"
        case "map":
            return "strings by name"
        case _:
            return "string"


def _reverse_rows() -> Iterator[tuple[str, ...]]:
    spec_paths: dict[str, list[str]] = {}
    for api, path in places():
        spec_paths.setdefault(api, [])
        if path not in spec_paths[api]:
            spec_paths[api].append(path)
    for parts, _ in leaves():
        api = joined(parts)
        paths = spec_paths.get(api, [])
        single = spec_paths.get(f"TrainingJobDefinition.{_below(api)}", [])
        if paths and (api.startswith("TrainingJobDefinition.") or paths != _for_several(single)):
            yield code(api), ", ".join(f"`{path}`" for path in paths)


def _for_several(paths: list[str]) -> list[str]:
    return [path.replace("training_job.", "training_jobs.<name>.", 1) for path in paths]


def joined(parts: tuple[str | int, ...]) -> str:
    """The path of a leaf of shapes.leaves() as this page writes it: `Tags[].Key`."""
    return ".".join(str(part) for part in parts).replace(".[]", "[]").replace(".{}", "{}")

"""docs/names.md: what each key of a spec is called in the API, and the other way round.

The page is made from the tree of language.py and from AWS's shape; nothing in it is typed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hptc.reference.language import Key, allowed, every_key, language, limits, places, ranges
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

UNREACHED = {
    "TrainingJobDefinition.TuningObjective": (
        "a single definition's objective is HyperParameterTuningJobConfig's"
    ),
    "TrainingJobDefinition.HyperParameterRanges": (
        "a single definition's ranges are HyperParameterTuningJobConfig's"
    ),
}
"""Members that no spec sets, each with why."""

_INTRODUCTION = """\
# Names: the spec and the API

A leaf keeps the API's word in snake_case; groups lose the words that say nothing where they stand.
This page is made from the table that compiles specs and from AWS's own model of
[CreateHyperParameterTuningJob](https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html),
so it is complete: a search for either name finds the other.

What is short in a spec, and what it is in the request:

| Spec | Request |
| --- | --- |
| a time: `90m`, `12h`, `1d`, or whole seconds | seconds |
| a mapping by name (`<name>`): channels, metrics, tags, training jobs, instance groups | a list of structures, each with its name |
| `s3: s3://bucket/prefix/` | `s3: {s3_uri: s3://bucket/prefix/}`, with `s3_data_type: S3Prefix` |
| `parents: churn` | `parents: [churn]`: the job that the spec `churn` makes, or the job of that name |
| `metric_definitions: {loss: [a, b]}` | two definitions of the same name |
| `eta: 0.1` among the hyperparameters | a static value; its long form is `eta: {value: 0.1}` |
| `eta: {type: Continuous, min: 0, max: 1}` | a range, in the list of its type |
| `spot: {max_wait_time: 2h}` | managed spot training turned on, and the longest wait |
| `built_in: xgboost` with `version` | the training image of that name in the environment's Region |
| `output: {}` | the environment's artifact bucket, under the spec's name |
| `{{ name }}` in any value but the spec's `name` | the environment's variable of that name |
| `null` | nothing: it removes what `defaults` in hptc.yaml say |
"""  # noqa: E501

_TRAINING_JOB = """\
These keys stand below `training_job`, and below each `training_jobs.<name>`. The members are those
of `TrainingJobDefinition` and of each of `TrainingJobDefinitions[]`; where the two differ, both are
written."""


def names_page() -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION, "## From the spec to the API\n", "### The search\n"]
    search = [key for key in language() if not key.path.startswith("training_job")]
    several = [key for key in language() if key.path == "training_jobs"]
    parts.append(
        _table(_SPEC_COLUMNS, (_row(key) for key in every_key((*search, *_bare(several)))))
    )
    single = next(key for key in language() if key.path == "training_job")
    for title, keys in _sections(single):
        parts.append(f"### {title}\n")
        if title == _FIRST_SECTION:
            parts.append(_TRAINING_JOB + "\n")
        parts.append(_table(_SPEC_COLUMNS, _training_job_rows(keys)))
    parts += ["## From the API to the spec\n", _OTHER_WAY + "\n"]
    parts.append(_table(("API", "Spec"), _reverse_rows()))
    parts.append("Not to be set by a spec:\n")
    parts.append("".join(f"- `{path}`: {why}.\n" for path, why in UNREACHED.items()))
    return "\n".join(parts)


_OTHER_WAY = """\
In the API's own order. `TrainingJobDefinitions[]` has the members of `TrainingJobDefinition`,
and its keys stand below `training_jobs.<name>`, not `training_job`: only what differs is here."""

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


_SPEC_COLUMNS = ("Spec", "API", "Type", "Takes", "When absent")


def _row(key: Key) -> tuple[str, ...]:
    return (
        f"`{key.inner_path if isinstance(key.node, Named) else key.path}`",
        _code(key.api) if key.api else key.description,
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
            api = f"{_code(key.api)}; in several {_code(_below(other.api))}"
        else:
            api = _code(_below(key.api)) if key.api else api
        yield (path, api, *rest)


def _hyperparameter_rows(key: Key) -> Iterator[tuple[str, ...]]:
    yield "`hyperparameters.<name>`", _code(_below(key.api)), "text, number, boolean", "", ""
    several = {kind.kind: kind for other in [_in_several(key)] if other for kind in ranges(other)}
    for kind in ranges(key):
        other = several[kind.kind]
        api = f"{_code(kind.api)}; in several {_code(_below(other.api))}"
        yield f"`hyperparameters.<name>` with `type: {kind.kind}`", api, "mapping", "", ""
    for name, (kinds, shape) in _range_keys(key).items():
        yield (
            f"`hyperparameters.<name>.{name}`",
            _code(RANGE_MEMBERS[name]),
            _type_of(shape),
            f"{limits(shape)} ({', '.join(kinds)})".strip(),
            "",
        )


def _range_keys(key: Key) -> dict[str, tuple[list[str], Shape]]:
    found: dict[str, tuple[list[str], Shape]] = {}
    for kind in ranges(key):
        for name, shape in kind.keys.items():
            found.setdefault(name, ([], shape))[0].append(kind.kind)
    return found


def _in_several(key: Key) -> Key | None:
    path = key.path.replace("training_job.", "training_jobs.<name>.", 1)
    return next((other for other in every_key() if other.path == path), None)


def _below(api: str) -> str:
    """A member's path inside its definition."""
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
            return "texts by name"
        case Names():
            return "list of texts"
        case Leaf() if key.is_duration:
            return "duration"
        case _:
            if key.shape is None:
                return "text or mapping" if key.members else "text"
            return _type_of(key.shape)


def _type_of(shape: Shape) -> str:
    match shape.type:
        case "integer" | "long":
            return "whole number"
        case "float" | "double":
            return "number"
        case "boolean":
            return "true or false"
        case "list":
            return "list of texts"
        case "map":
            return "texts by name"
        case _:
            return "text"


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
            yield _code(api), ", ".join(f"`{path}`" for path in paths)


def _for_several(paths: list[str]) -> list[str]:
    return [path.replace("training_job.", "training_jobs.<name>.", 1) for path in paths]


def joined(parts: tuple[str | int, ...]) -> str:
    """A leaf's path of shapes.leaves() as this page writes it: `Tags[].Key`."""
    return ".".join(str(part) for part in parts).replace(".[]", "[]").replace(".{}", "{}")


def _code(api: str) -> str:
    return f"`{api}`"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )

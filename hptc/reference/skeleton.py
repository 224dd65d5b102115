"""A spec with every key of the language: common keys active, the others commented out.

The text compiles in an environment as it is. Prose starts with `#` and a space; any other `#`
comments out a key or a line below one and can simply be removed.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from hptc.reference.language import Key, allowed, language, limits, range_description, ranges
from hptc.request.names import Each, Hyperparameters, Named
from hptc.source.scalars import resolve_plain

WIDTH = 92

_HEADER = """\
Every key of a tuning spec. Common keys are active. Others are commented out as `#key:`: to use
one, remove the first `#` of its line and of the lines nested below it.
`{{ name }}` inserts a variable of the environment into any value except the spec's name.
Durations are written as 90m, 12h, 1d or a number of seconds."""

_ACTIVE: Mapping[str, Any] = {
    "name": "my-tuning-job",
    "description": "The purpose of this tuning job.",
    "strategy": "Bayesian",
    "limits": {
        "max_number_of_training_jobs": 20,
        "max_parallel_training_jobs": 3,
        "max_runtime": "6h",
    },
    "early_stopping": "Auto",
    "training_job": {
        "objective": {"metric_name": "validation:auc", "type": "Maximize"},
        "hyperparameters": {
            "objective": "binary:logistic",
            "eval_metric": "auc",
            "num_round": 100,
            "eta": {"type": "Continuous", "min": 0.01, "max": 0.5, "scaling": "Logarithmic"},
            "max_depth": {"type": "Integer", "min": 3, "max": 10},
        },
        "algorithm": {"built_in": "xgboost", "version": "1.7-1", "input_mode": "File"},
        "inputs": {
            "train": {
                "s3": "s3://{{ data_bucket }}/my-tuning-job/train/",
                "content_type": "text/csv",
            },
            "validation": {
                "s3": "s3://{{ data_bucket }}/my-tuning-job/validation/",
                "content_type": "text/csv",
            },
        },
        "output": {"compression_type": "GZIP"},
        "resources": {
            "instance_type": "ml.m5.xlarge",
            "instance_count": 1,
            "volume_size_in_gb": 30,
        },
        "stopping": {"max_runtime": "1h"},
    },
    "tags": {"team": "growth"},
}

_MORE_HYPERPARAMETERS: Mapping[str, Any] = {
    "booster": {"type": "Categorical", "values": ["gbtree", "dart"]},
    "gamma": {"type": "Auto", "value_hint": 4},
    "monotone_constraints": {"value": {"age": 1, "income": -1}},
}

_SEVERAL: Mapping[str, Any] = {
    "boosted-trees": {"algorithm": {"built_in": "xgboost", "version": "1.7-1"}},
    "linear": {"algorithm": {"built_in": "linear-learner", "version": 1}},
}

_ENTRY_NAMES = {"inputs": "another_channel", "instance_groups": "workers"}


def skeleton() -> str:
    """A spec with every key in the order of the name table."""
    lines = [f"# {line}" for line in _HEADER.splitlines()]
    for key in language():
        lines += ["", *_entry(key, _ACTIVE, 0)]
    return "\n".join(lines) + "\n"


def _entry(key: Key, active: Mapping[str, Any], indent: int) -> list[str]:
    """One key with its prose: active when it is in `active`, else commented out."""
    prose = _prose(_description(key), indent)
    if key.name in active:
        return prose + _active(key, active[key.name], indent)
    return prose + _commented(_example(key, 0), indent)


def _active(key: Key, value: Any, indent: int) -> list[str]:
    pad = " " * indent
    if isinstance(key.node, Hyperparameters):
        more = [f"{name}: {_text(item)}" for name, item in _MORE_HYPERPARAMETERS.items()]
        return [
            f"{pad}{key.name}:",
            *(f"{pad}  {name}: {_text(item)}" for name, item in value.items()),
            *_prose(_ranges_description(key), indent + 2),
            *_commented(more, indent + 2),
        ]
    if not key.members:
        return [f"{pad}{key.name}: {_text(value)}"]
    if isinstance(key.node, Named):
        return [
            f"{pad}{key.name}:",
            *(f"{pad}  {name}: {_text(item)}" for name, item in value.items()),
            *_prose("Another one, with every key.", indent + 2),
            *_commented([line[2:] for line in _example(key, 0)[1:]], indent + 2),
        ]
    lines = [f"{pad}{key.name}:"]
    for member in key.members:
        lines += _entry(member, value, indent + 2)
    return lines


def _example(key: Key, indent: int) -> list[str]:
    """An inactive key with examples of all its members."""
    pad = " " * indent
    if key.name == "training_jobs":
        # Its members are those of training_job above.
        entries = [f"{pad}  {name}: {_text(value)}" for name, value in _SEVERAL.items()]
        return [f"{pad}{key.name}:", *_prose(_SAME_KEYS, indent + 2), *entries]
    if not key.members:
        return [f"{pad}{key.name}: {_text(key.examples[0])}"]
    lines = [f"{pad}{key.name}:"]
    inner = indent + 2
    if isinstance(key.node, Named):
        lines.append(f"{pad}  {_ENTRY_NAMES[key.name]}:")
        inner += 2
    if isinstance(key.node, Each):
        lines.append(f"{pad}  -")
        inner += 2
    for member in key.members:
        lines += _prose(_description(member), inner) + _example(member, inner)
    return lines


_SAME_KEYS = "Instead of training_job. Each entry has the keys of training_job."


def _commented(lines: list[str], indent: int) -> list[str]:
    return [f"{' ' * indent}#{line}" for line in lines]


def _prose(text: str, indent: int) -> list[str]:
    pad = " " * indent + "# "
    return textwrap.wrap(
        text, WIDTH, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False
    )


def _description(key: Key) -> str:
    """The description and constraints of a key, unless the description contains them."""
    constraint = "" if isinstance(key.node, Hyperparameters) else allowed(key)
    if not constraint or all(choice in key.description for choice in key.choices or (constraint,)):
        return key.description
    if key.choices:
        return f"{key.description} Valid values: {constraint}."
    return f"{key.description} {constraint[0].upper()}{constraint[1:]}."


def _ranges_description(key: Key) -> str:
    kinds = ranges(key)
    names = dict.fromkeys(name for kind in kinds for name in kind.keys)
    scales = next(limits(kind.keys["scaling"]) for kind in kinds if "scaling" in kind.keys)
    parts = [f"Keys of a range: type: {range_description('type')}"]
    for name in names:
        parts.append(
            f"{name}: {range_description(name)}" + (f" {scales}." if name == "scaling" else "")
        )
    return " ".join([*parts, f"value: {range_description('value')}"])


def _text(value: object) -> str:
    """A value in YAML flow style."""
    match value:
        case Mapping():
            inner = ", ".join(f"{_text(key)}: {_text(item)}" for key, item in value.items())
            return f"{{{inner}}}"
        case list():
            return f"[{', '.join(_text(item) for item in value)}]"
        case str() if re.fullmatch(r"[\w/][\w./-]*", value) and resolve_plain(value) == value:
            return value
    return json.dumps(value, ensure_ascii=False)

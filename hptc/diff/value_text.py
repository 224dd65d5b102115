"""Formats values for reviewers: short, and in the units of a spec."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from hptc.project.references import written_reference
from hptc.text import compact_duration

_SOURCES = {
    "s3": ("s3_uri",),
    "file_system": ("file_system_id", "directory_path"),
    "dataset": ("dataset_arn",),
}


def value_text(value: object) -> str:
    """Any plain data; empty for an absent value, and two quotes for an empty one."""
    match value:
        case None:
            return ""
        case "":
            return '""'
        case str():
            return value
        case bool():
            return "on" if value else "off"
        case list():
            return ", ".join(value_text(element) for element in value)
        case dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def duration_text(seconds: object) -> str:
    """Seconds in the units of a spec: `1h 30m`."""
    if not isinstance(seconds, int) or seconds <= 0:
        return value_text(seconds)
    return compact_duration(seconds)


def gigabytes_text(value: object) -> str:
    """The size of a volume."""
    return "" if value is None else f"{value} GB"


def number_text(text: object) -> str:
    """A bound of a range in its shortest common notation: `100`, `0.001`, `1e-7`."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return value_text(text)
    if not number.is_finite() or abs(number.adjusted()) > 6:
        return str(text).lower()
    return format(number, "f")


def hyperparameter_text(entry: dict[str, Any]) -> str:
    """A static value, or a range: `Continuous 0.001 to 0.5, Logarithmic`."""
    match entry.get("type"):
        case None:
            return value_text(entry.get("value"))
        case "Categorical":
            return f"one of {value_text(entry.get('values'))}"
        case "Auto":
            return f"Autotune, from {value_text(entry.get('value_hint'))}"
    text = f"{entry['type']} {range_text(entry)}"
    scaling = entry.get("scaling")
    return f"{text}, {scaling}" if scaling else text


def range_text(entry: dict[str, Any]) -> str:
    """The bounds of a numeric range."""
    return f"{number_text(entry.get('min'))} to {number_text(entry.get('max'))}"


def input_text(channel: object) -> str:
    """The data source of an input channel."""
    if isinstance(channel, dict):
        for source, keys in _SOURCES.items():
            location = channel.get(source)
            if isinstance(location, dict):
                return ":".join(value_text(location[key]) for key in keys if key in location)
    return value_text(channel)


def parents_text(value: object) -> str:
    """Warm-start parents as a spec names them, or the type of the warm start."""
    if isinstance(value, list):
        return value_text([written_reference(element) for element in value])
    return value_text(value)


def training_job_text(definition: object) -> str:
    """A training job definition in a few words: its algorithm and instance type."""
    if not isinstance(definition, dict):
        return value_text(definition)
    algorithm = definition.get("algorithm") or {}
    resources = definition.get("resources") or definition.get("tuning_resources") or {}
    parts = (
        algorithm.get("training_image", algorithm.get("algorithm_name", "")),
        resources.get("instance_type", ""),
    )
    return " on ".join(part for part in parts if part)

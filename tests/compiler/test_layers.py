"""Layers merge as JSON merge patches, and every value has the location of its layer."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.compiler.layers import Layers, Place, merged
from hptc.diagnostics import Path
from hptc.source.document import Document, parse_document

# The examples of https://www.rfc-editor.org/rfc/rfc7396#appendix-A.
RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("under", "over", "result"), RFC_7396, ids=range(1, len(RFC_7396) + 1))
def test_merged(under: Any, over: Any, result: Any) -> None:
    assert merged(under, over) == result


def test_merging_changes_neither_side() -> None:
    under, over = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merged(under, over) == {"a": {"b": 1, "c": 2}}
    assert (under, over) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def document(text: str, file: str) -> Document:
    parsed, faults = parse_document(text, file)
    assert faults == []
    return parsed


OVER = "overrides:\n  limits: {b: 1}\n  training_job: {x: 1}\n"
SPEC = "limits: {a: 1, b: 2}\ntraining_jobs:\n  one: {y: 2}\n"
UNDER = "defaults:\n  limits: {c: 3}\n  training_job: {z: 3}\n"
LAYERS = Layers(
    parts=(
        Place(document=document(OVER, "over"), path=("overrides",)),
        Place(document=document(SPEC, "spec"), path=()),
        Place(document=document(UNDER, "under"), path=("defaults",)),
    )
)
PLACES: dict[str, tuple[Path, str, int]] = {
    "of the spec": (("limits", "a"), "spec", 1),
    "overridden": (("limits", "b"), "over", 2),
    "a default": (("limits", "c"), "under", 2),
    "set nowhere": (("limits", "d"), "over", 2),
    "nowhere near": (("nothing",), "over", 2),
    "for each of several, over": (("training_jobs", "one", "x"), "over", 3),
    "for each of several, under": (("training_jobs", "one", "z"), "under", 3),
    "of one of several": (("training_jobs", "one", "y"), "spec", 3),
}


@pytest.mark.parametrize(("path", "file", "line"), PLACES.values(), ids=PLACES)
def test_a_value_has_the_location_of_its_layer(path: Path, file: str, line: int) -> None:
    span = LAYERS.span(path)
    assert span.file == file
    if "nowhere" not in path:
        assert span.line <= line

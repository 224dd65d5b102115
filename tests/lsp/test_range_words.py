"""A range on its scale, in words."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.lsp.range_words import range_in_words
from hptc.source.construction import construct_data
from hptc.source.document import parse_document


def read(text: str) -> Any:
    document, faults = parse_document(text, "file.yaml")
    assert not faults
    return construct_data(document)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "{type: Continuous, min: 1e-4, max: 1, scaling: Logarithmic}",
            "From 0.0001 to 1 on a logarithmic scale, 4 decades. A quarter of the values is up to "
            "0.001, half up to 0.01, three quarters up to 0.1.",
            id="logarithmic",
        ),
        pytest.param(
            "{type: Integer, min: 1, max: 8, scaling: Linear}",
            "8 integers from 1 to 8 on a linear scale. A quarter of the values is up to 3, half "
            "up to 5, three quarters up to 7.",
            id="integers",
        ),
        pytest.param(
            "{type: Continuous, min: 0.9, max: 0.9999, scaling: ReverseLogarithmic}",
            "From 0.9 to 0.9999 on a reverse-logarithmic scale. A quarter of the values is up to "
            "0.982217, half up to 0.996838, three quarters up to 0.999438.",
            id="reverse",
        ),
        pytest.param(
            "{type: Continuous, min: 0, max: 1}",
            "From 0 to 1 on a linear scale, if AWS chooses the likely scale. A quarter of the "
            "values is up to 0.25, half up to 0.5, three quarters up to 0.75.",
            id="auto",
        ),
        pytest.param("{type: Categorical, values: [a, b]}", "One of 2 values.", id="categorical"),
        pytest.param("3", "", id="static"),
        pytest.param("{type: Integer, min: 8, max: 1}", "", id="no range"),
        pytest.param("{type: Continuous, min: x, max: 1}", "", id="no number"),
        pytest.param("{type: Continuous, min: 1e-999, max: 1e999}", "", id="out of floats"),
    ],
)
def test_words(text: str, words: str) -> None:
    assert range_in_words("eta", read(text)) == words

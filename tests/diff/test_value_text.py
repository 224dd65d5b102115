"""Values as a review shows them."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.diff import value_text as texts


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        ("0.10", "0.10"),
        ("1e-3", "0.001"),
        ("1E6", "1000000"),
        ("1E7", "1e7"),
        ("10000000", "10000000"),
        ("1E-6", "0.000001"),
        ("1E-7", "1e-7"),
        ("-1E7", "-1e7"),
        (100, "100"),
        ("Infinity", "infinity"),
        ("${hptc:data_bucket}", "${hptc:data_bucket}"),
        (None, ""),
    ],
)
def test_the_bound_of_a_range(bound: Any, text: str) -> None:
    assert texts.number_text(bound) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5400, "1h 30m"), (1, "1s"), (0, "0"), (-60, "-60"), (None, "")]
)
def test_a_duration(seconds: Any, text: str) -> None:
    assert texts.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "on"),
        (False, "off"),
        (0.5, "0.5"),
        (["a", 1, None], "a, 1, "),
        ({"b": "ä", "a": [1]}, '{"a": [1], "b": "ä"}'),
    ],
)
def test_plain_data(value: Any, text: str) -> None:
    assert texts.value_text(value) == text


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"value": "gbtree"}, "gbtree"),
        ({"type": "Categorical", "values": ["a", "b"]}, "one of a, b"),
        ({"type": "Auto", "value_hint": 3}, "Autotune, from 3"),
        ({"type": "Integer", "min": 1, "max": "1e1"}, "Integer 1 to 10"),
        (
            {"type": "Continuous", "min": "1e-3", "max": 0.5, "scaling": "Logarithmic"},
            "Continuous 0.001 to 0.5, Logarithmic",
        ),
    ],
)
def test_a_hyperparameter(entry: dict[str, Any], text: str) -> None:
    assert texts.hyperparameter_text(entry) == text


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        ({"s3": {"s3_uri": "s3://lake/train/"}}, "s3://lake/train/"),
        (
            {"file_system": {"file_system_id": "fs-1", "directory_path": "/data"}},
            "fs-1:/data",
        ),
        ({"file_system": {"file_system_id": "fs-1"}}, "fs-1"),
        ({"content_type": "text/csv"}, '{"content_type": "text/csv"}'),
        (None, ""),
    ],
)
def test_an_input_channel(channel: Any, text: str) -> None:
    assert texts.input_text(channel) == text

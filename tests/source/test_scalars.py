"""Plain scalars as YAML 1.2 resolves them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hptc.source.scalars import resolve_plain
from tests.support.documents import data, faults

# https://yaml.org/spec/1.2.2/#1032-tag-resolution

SCALARS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "nULL": "nULL",
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "yes": "yes", "no": "no", "on": "on", "off": "off", "y": "y", "n": "n", "No": "No",
    "0": 0, "-0": 0, "+12": 12, "010": 10, "-7": -7, "0o17": 15, "0o8": "0o8", "0x1F": 31,
    "0xg": "0xg", "0x": "0x", "0b1": "0b1", "1_000": "1_000", "0x_1": "0x_1", "-0x1": "-0x1",
    "0.5": 0.5, ".5": 0.5, "1.": 1.0, "-.5": -0.5, "1e3": 1000.0, "1e-4": 1e-4, "1E+2": 100.0,
    "12e03": 12000.0, "1e": "1e", "e3": "e3", ".": ".", "-": "-", "1.2.3": "1.2.3", "+": "+",
    ".inf": float("inf"), "-.Inf": float("-inf"), "+.INF": float("inf"), ".iNF": ".iNF",
    "inf": "inf", "nan": "nan", "1:30": "1:30", "190:20:30": "190:20:30", "<<": "<<", "=": "=",
    "2026-11-20": "2026-11-20", "2001-12-14t21:59:43.10-05:00": "2001-12-14t21:59:43.10-05:00",
    "1 2": "1 2", "1e400": float("inf"), "\u0663": "\u0663", "1\u0661": "1\u0661",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=[repr(text) for text in SCALARS])
def test_plain_scalar(text: str, value: Any) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert type(resolved) is type(value)


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=[repr(text) for text in SCALARS])
def test_plain_scalar_in_a_document(text: str, value: Any) -> None:
    if text == "-":
        text = "[-x]"  # a dash alone is an entry
        value = ["-x"]
    resolved = data(f"key: {text}\n")["key"]
    assert resolved == value
    assert type(resolved) is type(value)


def test_nan_is_a_number() -> None:
    resolved = resolve_plain(".NaN")
    assert isinstance(resolved, float)
    assert math.isnan(resolved)


@pytest.mark.parametrize("text", ["9" * 257, "0." + "1" * 300, "-" + "1" * 400])
def test_a_number_that_is_too_long(text: str) -> None:
    with pytest.raises(ValueError, match="characters, but at most 256 are allowed"):
        resolve_plain(text)
    (fault,) = faults(f"key: {text}\n")
    assert (fault.code, fault.span.line, fault.span.column) == ("HPT005", 1, 6)


@pytest.mark.parametrize("length", [256, 300])
def test_a_long_string_is_a_string(length: int) -> None:
    assert resolve_plain("-" * length) == "-" * length

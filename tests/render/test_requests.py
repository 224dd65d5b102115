"""Every YAML and JSON reader reads back the same request."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given

from hptc.render.requests import render_request
from hptc.tool_formats.detection import read_data
from tests.support.strategies import make_request, requests


@pytest.mark.parametrize("form", ["json", "yaml"])
@given(request=requests())
def test_it_reads_back(form: str, request: dict[str, Any]) -> None:
    text = render_request(request, form)
    assert read_data(text, f"request.{form}") == request
    if form == "yaml":  # YAML 1.1, as PyYAML reads it: other words are booleans and numbers there
        assert yaml.safe_load(text) == request


def test_json_is_plain() -> None:
    assert json.loads(render_request({"A": "é"}, "json")) == {"A": "é"}
    assert "é" in render_request({"A": "é"}, "json")


def test_yaml_quotes_texts_and_nothing_else() -> None:
    text = render_request({"A": "1e-4", "B": 3, "C": ["no"], "D": True}, "yaml")
    assert text == 'A: "1e-4"\nB: 3\nC:\n- "no"\nD: true\n'


def test_keys_stay_keys() -> None:
    static = {"no": "1", "010": "2", "a: b": "3"}
    request = make_request(1, 0.0) | {"X": static}
    assert yaml.safe_load(render_request(request, "yaml"))["X"] == static

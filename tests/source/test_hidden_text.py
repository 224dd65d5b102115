"""Characters that a reviewer can't see are errors, and escapes are not."""

from __future__ import annotations

import pytest

from hptc.compiler.importing import write_spec
from hptc.project.project_file import load
from hptc.render.requests import render_request
from hptc.source.document import parse_document
from hptc.source.hidden_text import escape_hidden, hidden_character, split_lines
from hptc.tool_formats.detection import read_job
from tests.support.documents import data

HIDDEN = {
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "carriage return": "\r",
    "right-to-left override": "\u202e",
    "right-to-left isolate": "\u2067",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "word joiner": "\u2060",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "Hangul filler": "\u3164",
    "tag": "\U000e0041",
    "variation selector": "\ufe0f",
    "shorthand format control": "\U0001bca0",
    "musical symbol": "\U0001d173",
}
VISIBLE = {
    "emoji of several": "👩\u200d💻 and ❤\ufe0f and 1\ufe0f\u20e3",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "Windows": "a\r\nb\r\n",
    "accents": "größe, naïve",
}


@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("where", ["# a{}b", "n: a{}b", "n{}b: 1", "'n{}': 1"])
def test_a_hidden_character_is_an_error_with_its_code_point(character: str, where: str) -> None:
    text = "a: 1\n" + where.format(character) + "\n"
    document, (fault,) = parse_document(text, "x.yaml")
    assert document.root is None
    assert (fault.code, fault.span.line) == ("HPT002", 2)
    assert fault.span.column == where.index("{") + 1
    assert f"U+{ord(character):04X}" in fault.message


@pytest.mark.parametrize("text", VISIBLE.values(), ids=VISIBLE)
def test_visible_text(text: str) -> None:
    assert hidden_character(text) is None


@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN)
def test_an_escape_is_visible(character: str) -> None:
    escape = f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
    assert data(f'a: "x{escape}"') == {"a": f"x{character}"}


def test_lines_are_those_of_editors() -> None:
    assert split_lines("a\r\nb\x0bc\x85d\u2028e\nf") == ["a", "b\x0bc\x85d\u2028e", "f"]


def test_hptc_yaml_has_none_either(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("project") / "hptc.yaml"
    path.write_text("project: p\n# \u202e\n", "utf-8")
    project, (fault,) = load(path)
    assert project is None
    assert "U+202E" in fault.message


@pytest.mark.parametrize("form", ["json", "yaml"])
@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN)
def test_what_hptc_writes_has_escapes(form: str, character: str) -> None:
    value = f"a{character}b"
    request = {
        "HyperParameterTuningJobName": "a",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingInputMode": "File", "AlgorithmName": "x"},
            "RoleArn": "arn:aws:iam::111122223333:role/example",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/b"},
            "StoppingCondition": {},
            "StaticHyperParameters": {value: value},
        },
    }
    text = render_request(request, form)
    assert hidden_character(text) is None
    assert read_job([(text, "x")]).request == request
    assert hidden_character(write_spec(request)) is None


def test_escapes_of_json_and_of_yaml() -> None:
    assert escape_hidden('{"a": "\U000e0041"}') == '{"a": "\\udb40\\udc41"}'
    assert escape_hidden('a: "\U000e0041"') == 'a: "\\U000e0041"'


@pytest.mark.parametrize("text", ["10\ufe0f", "\u2014\ufe0f"])
def test_a_selector_that_selects_nothing_is_hidden(text: str) -> None:
    """`10` with one is a string, and looks like a number."""
    assert hidden_character(text) is not None

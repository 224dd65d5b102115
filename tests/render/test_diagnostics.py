"""Every format of findings, compared as a whole, and safe with untrusted text."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.cli.check import rule_help
from hptc.diagnostics import Diagnostic, Related, Severity, Span
from hptc.render.diagnostics import Format, render, tally
from hptc.render.sarif import RuleHelp, render_sarif
from hptc.rules import RULES
from hptc.rules.codes import CODES
from hptc.source.text_fixes import Edit, FixesOf, TextFix, no_fixes
from tests.support.golden import Golden


def span(line: int, column: int, length: int, source: str, file: str = "specs/a b.yaml") -> Span:
    return Span(
        file=file,
        line=line,
        column=column,
        end_line=line,
        end_column=column + length,
        source=source,
    )


ERROR = Diagnostic(
    code="HPT203",
    severity=Severity.ERROR,
    message="`eta` has a logarithmic scale, but starts at 0",
    span=span(12, 39, 1, "    eta: {type: Continuous, scaling: x, 0}"),
    label="must be greater than 0",
    help="raise `min`, or use `scaling: Linear`",
)
WARNING = Diagnostic(
    code="HPT010",
    severity=Severity.WARNING,
    message="50% | <b>\nof it, é😀: done",
    span=span(3, 1, 4, "\ta: 1"),
)
TWICE = Diagnostic(
    code="HPT003",
    severity=Severity.ERROR,
    message="the key `a` is written twice",
    span=span(105, 1, 1, "a: 2"),
    label="again here",
    help="keep one of the two",
    related=(Related(span=span(7, 1, 1, "a: 1", "hptc.yaml"), message="first here"),),
)
NO_SOURCE = Diagnostic(
    code="HPT100",
    severity=Severity.ERROR,
    message="a spec is a mapping",
    span=Span(file="-", line=1, column=1, end_line=1, end_column=1),
)
LONG = Diagnostic(
    code="HPT106",
    severity=Severity.ERROR,
    message="far to the right",
    span=span(1, 500, 9, "x" * 499 + "here it is" + "y" * 900),
    label="this",
)
ALL = (ERROR, WARNING, TWICE, NO_SOURCE, LONG)


@pytest.mark.parametrize("form", Format, ids=str)
def test_format(form: Format, golden: Golden) -> None:
    golden(f"messages/formats/{form.value}.txt", render(ALL, form))


def test_sarif(golden: Golden) -> None:
    rules = [
        RuleHelp(code=code, summary=f"Summary of {code}", page=f"# {code}\n")
        for code in sorted({diagnostic.code for diagnostic in ALL})
    ]
    golden("messages/formats/sarif.txt", render_sarif(ALL, rules))


def test_color(golden: Golden) -> None:
    golden("messages/formats/text-color.txt", render(ALL, Format.TEXT, color=True))


@pytest.mark.parametrize("form", Format, ids=str)
def test_no_findings(form: Format) -> None:
    text = render((), form)
    match form:
        case Format.JSON:
            assert json.loads(text)["diagnostics"] == []
        case Format.MARKDOWN:
            assert text == "**hptc check:** no findings.\n"
        case _:
            assert text == ""
    assert json.loads(render_sarif((), ()))["runs"][0]["results"] == []


TALLIES: dict[str, tuple[tuple[Diagnostic, ...], str]] = {
    "none": ((), "no errors"),
    "one error": ((ERROR,), "1 error"),
    "two": ((ERROR, TWICE), "2 errors"),
    "one warning": ((WARNING,), "1 warning"),
    "both": ((ERROR, WARNING, WARNING), "1 error, 2 warnings"),
}


@pytest.mark.parametrize(("diagnostics", "text"), TALLIES.values(), ids=TALLIES)
def test_tally(diagnostics: tuple[Diagnostic, ...], text: str) -> None:
    assert tally(diagnostics) == text


@given(st.text(), st.integers(1, 200), st.integers(0, 200))
def test_untrusted_text_has_no_effect(text: str, column: int, length: int) -> None:
    diagnostic = Diagnostic(
        code="HPT101",
        severity=Severity.ERROR,
        message=text,
        span=span(1, column, length, text, file=text),
        label=text,
        help=text,
        related=(Related(span=span(1, 1, 1, text, file=text), message=text),),
    )
    shown = render([diagnostic], Format.TEXT)
    assert all(character == "\n" or character.isprintable() for character in shown)
    assert render([diagnostic], Format.CONCISE).count("\n") == 1
    github = render([diagnostic], Format.GITHUB)
    assert github.count("\n") == 1
    assert github.startswith("::error file=")
    assert "\r" not in github
    rows = render([diagnostic], Format.MARKDOWN).splitlines()
    assert sum(row.startswith("| error") for row in rows) == 1
    json.loads(render([diagnostic], Format.JSON))
    json.loads(render_sarif([diagnostic], rule_help([diagnostic])))


# SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html. This is the
# standard's schema for the objects that hptc writes, without properties that hptc does not write.

TEXT = {"type": "string", "minLength": 1}
POSITION = {"type": "integer", "minimum": 1}


def structure(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


MESSAGE = structure({"text": TEXT})
LOCATION = {
    "physicalLocation": structure({
        "artifactLocation": structure({"uri": {"type": "string", "format": "uri-reference"}}),
        "region": structure({
            "startLine": POSITION, "startColumn": POSITION,
            "endLine": POSITION, "endColumn": POSITION,
        }),
    }),
}  # fmt: skip
SARIF = structure({
    "$schema": {"type": "string", "format": "uri"},
    "version": {"const": "2.1.0"},
    "runs": {"type": "array", "items": structure({
        "tool": structure({"driver": structure({
            "name": TEXT,
            "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
            "rules": {"type": "array", "uniqueItems": True, "items": structure({
                "id": TEXT,
                "shortDescription": MESSAGE,
                "help": structure({"text": TEXT}, markdown=TEXT),
            })},
        })}),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": structure({
            "ruleId": TEXT,
            "ruleIndex": {"type": "integer", "minimum": -1},
            "level": {"enum": ["none", "note", "warning", "error"]},
            "message": MESSAGE,
            "locations": {"type": "array", "items": structure(LOCATION)},
        }, relatedLocations={
            "type": "array", "uniqueItems": True,
            "items": structure({**LOCATION, "message": MESSAGE}),
        }, fixes={
            "type": "array", "uniqueItems": True, "items": structure({
                "description": MESSAGE,
                "artifactChanges": {"type": "array", "minItems": 1, "items": structure({
                    "artifactLocation": structure({"uri": TEXT}),
                    "replacements": {"type": "array", "minItems": 1, "items": structure({
                        "deletedRegion": LOCATION["physicalLocation"]["properties"]["region"],
                        "insertedContent": structure({"text": {"type": "string"}}),
                    })},
                })},
                "properties": {"type": "object"},
            }),
        })},
    })},
})  # fmt: skip


def sarif(diagnostics: tuple[Diagnostic, ...], fixes_of: FixesOf = no_fixes) -> dict[str, Any]:
    log = json.loads(render_sarif(diagnostics, rule_help(diagnostics), fixes_of))
    jsonschema.validate(log, SARIF)
    assert isinstance(log, dict)
    return log


def test_sarif_meets_the_standard() -> None:
    (run,) = sarif(ALL)["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == sorted({diagnostic.code for diagnostic in ALL})
    for result, diagnostic in zip(run["results"], ALL, strict=True):
        assert ids[result["ruleIndex"]] == result["ruleId"] == diagnostic.code
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "specs/a%20b.yaml"
    assert [len(result.get("relatedLocations", ())) for result in run["results"]] == [0, 0, 1, 0, 0]


def test_sarif_has_the_edits_of_each_fix() -> None:
    edits = (
        Edit(line=0, column=4, end_line=0, end_column=6, text="9"),
        Edit(line=2, column=0, end_line=3, end_column=0, text=""),
    )
    fix = TextFix(title="Swap `a` and [b](c)", file="specs/a b.yaml", edits=edits, is_safe=True)
    (run,) = sarif((ERROR,), lambda _: (fix,))["runs"]
    ((shown,),) = [result["fixes"] for result in run["results"]]
    assert shown["description"]["text"] == "Swap `a` and [b] (c)"
    assert shown["properties"] == {"isSafe": True}
    (change,) = shown["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "specs/a%20b.yaml"}
    assert [replacement["insertedContent"]["text"] for replacement in change["replacements"]] == [
        "9",
        "",
    ]
    assert change["replacements"][0]["deletedRegion"] == {
        "startLine": 1, "startColumn": 5, "endLine": 1, "endColumn": 7,
    }  # fmt: skip


def test_sarif_has_help_for_every_code() -> None:
    diagnostics = tuple(
        Diagnostic(code=entry.code, severity=Severity.ERROR, message="x", span=ERROR.span)
        for entry in (*CODES, *RULES)
    )
    rules = sarif(diagnostics)["runs"][0]["tool"]["driver"]["rules"]
    assert len(rules) == len(diagnostics)
    for rule in rules:
        assert rule["id"] in rule["help"]["text"]
        assert rule["shortDescription"]["text"] != rule["id"]

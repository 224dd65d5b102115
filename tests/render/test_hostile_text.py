"""A stranger's text stays text: in terminals, GitHub's log and annotations, Markdown and SARIF."""

from __future__ import annotations

import json
import re

import pytest

from hptc.diagnostics import Diagnostic, Related, Severity, Span
from hptc.render.diagnostics import Format, render
from hptc.render.sarif import RuleHelp, render_sarif
from hptc.text import (
    code_span,
    guarded,
    json_text,
    printable,
    table_cell,
    workflow_property,
    workflow_value,
)

TEXTS = {
    "colors": "\x1b[8mhidden\x1b[0m",
    "link": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "C1": "\x9b8m",
    "bidi": "a\u202eb\u2066c",
    "zero width": "a\u200bb",
    "separators": "a\u2028::error::b\u2029\x85c",
    "commands": "a\n::error::b\r\n##[error]c",
    "bell": "\x07\x08\x7f",
    "half": "\udc80 \udcff",
}
MARKUP = {
    "a mention": "@octocat and #1 and octo/repo#1",
    "a link": "x` [click](https://evil.example) `",
    "an image": "![p](https://evil.example/p.png)",
    "HTML": "<img src=x><details><!--",
    "backticks": "``` ` `` x",
    "a marker": "<!-- hptc diff -->",
}


def diagnostic(text: str) -> Diagnostic:
    span = Span(file=text, line=1, column=1, end_line=1, end_column=2, source=text)
    return Diagnostic(
        code="HPT101", severity=Severity.ERROR, message=f"unknown key `{text}`", span=span,
        label=text, help=text, related=(Related(span=span, message=text),),
    )  # fmt: skip


def rendered(text: str, form: str) -> str:
    diagnostics = [diagnostic(text)]
    if form == "sarif":
        return render_sarif(diagnostics, [RuleHelp(code="HPT101", summary="", page="")])
    return render(diagnostics, Format(form))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("form", ["text", "concise", "github", "markdown", "sarif", "json"])
def test_no_character_has_an_effect(text: str, form: str) -> None:
    out = rendered(text, form)
    assert out.encode()
    assert all(character.isprintable() or character == "\n" for character in out)
    assert sum(line.startswith("::") for line in out.splitlines()) == (form == "github")
    if form in ("sarif", "json"):
        assert out.isascii()
        assert json.loads(out)


@pytest.mark.parametrize("text", MARKUP.values(), ids=MARKUP)
def test_markdown_of_findings_is_code(text: str) -> None:
    row = rendered(text, "markdown").splitlines()[-1]
    outside = re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", row)
    assert outside == "| error | HPT101 |  | <br> |"


def test_sarif_has_no_embedded_links() -> None:
    (result,) = json.loads(rendered(MARKUP["a link"], "sarif"))["runs"][0]["results"]
    assert "](" not in result["message"]["text"]


def test_one_function_for_each_target() -> None:
    assert printable("a\x1bb\n") == "a\ufffdb "
    assert workflow_value("50%\n::error::x") == "50%25 ::error::x"
    assert workflow_property("a:b,c%") == "a%3Ab%2Cc%25"
    assert code_span("a`b", 9) == "``a`b``"
    assert table_cell("a|b", 9) == r"`a\|b`"
    assert json_text({"\udcff": ["é\ud800"]}) == '{\n  "\\ufffd": [\n    "\\u00e9\\ufffd"\n  ]\n}\n'
    assert json_text("😀 \\ud800") == '"\\ud83d\\ude00 \\\\ud800"\n'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nan", '"nan"'),
        ("1.5e-3", '"1.5e-3"'),
        ("--", '"--"'),
        ("hunter2x9", "9 characters (letters and digits)"),
        ("correct horse battery", "21 characters (letters and spaces)"),
        ("a-b_c9", "6 characters (letters, digits and other characters)"),
    ],
)
def test_what_may_be_a_secret_is_described(text: str, shown: str) -> None:
    assert guarded(text) == shown

"""Every rule finds its bad cases on the marked line, and nothing else there or in the good ones."""

from __future__ import annotations

import json
import sys

import pytest

from hptc.diagnostics import Change, Fix, Remove, Rename, SetValue, Span, path_text
from hptc.reference.rule_pages import BASES, REQUEST_BASE
from hptc.rules import RULES
from hptc.rules.rule import DEFAULT_BASE, Rule, parse_documentation
from hptc.text import shortened
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.rule_cases import FOLDER, Case, cases, compile_case, project_text, reported

pytestmark = pytest.mark.xdist_group("rule-cases")  # which share the compiled cases

CASES = cases()
_SHOWN = 120  # characters of a request's object


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    assert reported(compile_case(case.text, case.base), case.base) == case.expected


def test_text_of_every_finding(golden: Golden) -> None:
    """What a finding says; and whether it marks a key or its value, which no line shows."""
    diagnostics = [
        diagnostic
        for case in CASES
        for diagnostic in compile_case(case.text, case.base).diagnostics
    ]
    marked = [f"{finding.code} {_first_line(finding.span)}" for finding in diagnostics]
    golden("rules/marked.txt", "\n".join(marked) + "\n")
    messages = [
        f"{finding.code} {finding.message} | {finding.label} | {finding.help}"
        for finding in diagnostics
    ]
    text = "\n".join(dict.fromkeys(messages)) + "\n"
    own_version = f"Python {sys.version_info[0]}.{sys.version_info[1]} read it"
    golden("rules/messages.txt", text.replace(own_version, "Python 3.x read it"))


def test_fixes_of_every_finding(golden: Golden) -> None:
    """What a fix changes, whether it is safe, and which findings have none."""
    lines = [
        f"{diagnostic.code} {shortened(diagnostic.message, _SHOWN)}: "
        + (" | ".join(map(_fix_text, diagnostic.fixes)) or "-")
        for case in CASES
        for diagnostic in compile_case(case.text, case.base).diagnostics
    ]
    golden("rules/fixes.txt", "\n".join(dict.fromkeys(lines)) + "\n")


def _fix_text(fix: Fix) -> str:
    notes = [fix.title, "safe" if fix.is_safe else "", "at the mark" if fix.is_of_span else ""]
    changes = "; ".join(map(_change_text, fix.changes))
    return changes + "".join(f" ({note})" for note in notes if note)


def _change_text(change: Change) -> str:
    path = path_text(change.path)
    match change:
        case SetValue():
            kind = " (a number)" if change.is_number else ""
            old = f", was {change.old}" if change.old else ""
            above = f", below {change.short_for}" if change.short_for else ""
            return f"{path} = {change.value}{kind}{old}{above}"
        case Rename():
            return f"{path} to {change.name}"
        case Remove():
            return f"no {path}"


def _first_line(span: Span) -> str:
    end = span.end_column - 1 if span.end_line == span.line else None
    return span.source[span.column - 1 : end][:_SHOWN]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_has_a_bad_and_a_good_case(rule: Rule) -> None:
    mine = [case for case in CASES if case.file == rule.code]
    assert any(code == rule.code for case in mine for _, _, code in case.expected), "no bad case"
    assert any(not case.expected for case in mine), "no good case"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_documented_examples_are_true(rule: Rule) -> None:
    bad, good = rule.documentation.bad, rule.documentation.good
    codes = {diagnostic.code for diagnostic in compile_case(bad.text, bad.base).diagnostics}
    assert codes == {rule.code}
    assert compile_case(good.text, good.base).diagnostics == ()


@pytest.mark.parametrize("base", BASES)
def test_base_has_no_findings(base: str) -> None:
    assert compile_case("{}", base).diagnostics == ()


def test_every_base_is_used() -> None:
    examples = [
        example for rule in RULES for example in (rule.documentation.bad, rule.documentation.good)
    ]
    assert {example.base for example in examples} == set(BASES)


def test_the_default_base_is_the_project_of_the_cases() -> None:
    assert (FOLDER / "hptc.yaml").read_text("utf-8") == project_text(DEFAULT_BASE)


def test_the_request_base_is_what_the_default_base_compiles_to() -> None:
    compiled = succeeded(compile_case("job_name: base")).request
    filled = (
        json.dumps(compiled)
        .replace("${hptc:execution_role_arn}", "arn:aws:iam::111122223333:role/example")
        .replace("${hptc:artifact_bucket}", "artifacts")
    )
    assert json.loads(filled) == succeeded(compile_case("{}", REQUEST_BASE)).request


def test_example_names_its_base() -> None:
    text = (
        "Summary.\n\n    Why.\n\n    Bad (xgboost):\n        a: 1\n\n    Good:\n        b: 2\n    "
    )
    documentation = parse_documentation(text, "HPT999")
    assert (documentation.bad.base, documentation.bad.text) == ("xgboost", "a: 1\n")
    assert (documentation.good.base, documentation.good.text) == (DEFAULT_BASE, "b: 2\n")


@pytest.mark.parametrize("missing", ["Why.", "Bad:", "Good:"])
def test_incomplete_documentation_is_rejected(missing: str) -> None:
    text = "Summary.\n\n    Why.\n\n    Bad:\n        a: 1\n\n    Good:\n        b: 2\n    "
    with pytest.raises(ValueError, match="HPT999"):
        parse_documentation(text.replace(missing, ""), "HPT999")


def test_codes_are_unique_and_ordered() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))

"""Every rule finds its bad cases on the marked line, and nothing else there or in the good ones."""

from __future__ import annotations

import pytest

from hptc.rules import RULES
from hptc.rules.rule import Rule
from tests.support.rule_cases import Case, cases, compile_case, found

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    compiled = compile_case(case.text, is_request=case.is_request)
    assert found(compiled, is_request=case.is_request) == case.expected


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_rule_has_a_bad_and_a_good_case(rule: Rule) -> None:
    mine = [case for case in CASES if case.file == rule.code]
    assert any(code == rule.code for case in mine for _, _, code in case.expected), "no bad case"
    assert any(not case.expected for case in mine), "no good case"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_documented_examples_are_true(rule: Rule) -> None:
    documentation = rule.documentation
    codes = {d.code for d in compile_case(documentation.bad).diagnostics}
    assert codes == {rule.code}
    assert compile_case(documentation.good).diagnostics == ()


def test_codes_are_unique_and_ordered() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))

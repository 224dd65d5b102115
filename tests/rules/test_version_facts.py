"""The container's own rules don't apply where the author's script runs in its image."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.request.emission import Request
from hptc.rules import RULES
from tests.support.outcomes import succeeded
from tests.support.rule_cases import Case, cases, compile_case

OF_THE_CONTAINER = frozenset(
    {
        *("HPT311", "HPT312", "HPT313", "HPT314", "HPT315"),  # values of hyperparameters
        *("HPT316", "HPT317", "HPT318", "HPT319"),  # dependencies between settings
        *("HPT444", "HPT469"),  # instance families, input modes
        *("HPT473", "HPT474", "HPT475", "HPT476", "HPT477", "HPT478", "HPT479"),  # channels
    }
)
CASES = [
    case
    for case in cases()
    if case.file in OF_THE_CONTAINER and case.file in {code for _, _, code in case.expected}
]


def codes(request: Request, code: str) -> set[str]:
    rules = tuple(rule for rule in RULES if rule.code == code)
    outcome = compile_text(json.dumps(request), "request.json", Workspace(rules=rules))
    return {diagnostic.code for diagnostic in outcome.diagnostics}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_script_makes_its_own_rules(case: Case) -> None:
    request = deepcopy(succeeded(compile_case(case.text, case.base, rules=())).request)
    assert case.file in codes(request, case.file)
    single = request.get("TrainingJobDefinition")
    for definition in [single] if single else request["TrainingJobDefinitions"]:
        definition["Environment"] = {"SAGEMAKER_PROGRAM": "train.py"}
    assert case.file not in codes(request, case.file)

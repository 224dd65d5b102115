"""Each quick fix is applied, and the finding is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.diagnostics import Diagnostic
from hptc.lsp import quick_fixes as module
from hptc.lsp.live_check import check_open
from hptc.source import fixes
from hptc.source.filesystem import DISK
from hptc.source.text_fixes import TextFix
from tests.support.specs import PROJECT, SPEC


def findings_in(text: str, path: Path) -> tuple[Diagnostic, ...]:
    return check_open({path: text}).diagnostics[path]


def quick_fixes(diagnostic: Diagnostic, text: str) -> list[TextFix]:
    return [*module.quick_fixes(diagnostic, text, DISK.read, is_project=False)]


def applied(fix: TextFix, text: str) -> str:
    return fixes.applied(text, fix.edits)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    return (tmp_path / "spec.yaml").resolve()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("max_depth:", "max_dept:", id="hyperparameter"),
        pytest.param("early_stopping:", "early_stoping:", id="key"),
        pytest.param("strategy: Bayesian", "strategy: bayesian", id="enum"),
        pytest.param('"validation:auc"', '"validation:acu"', id="metric, in quotes"),
        pytest.param("built_in: xgboost", "built_in: xgbost", id="algorithm"),
        pytest.param("version: 1.7-1", "version: 1.7.1", id="version"),
        pytest.param("objective: binary:logistic", "objective: binary:logistc", id="word"),
        pytest.param("ml.m5.xlarge", "ml.m5.xlarg", id="instance type"),
    ],
)
def test_what_was_meant_replaces_the_word(path: Path, right: str, wrong: str) -> None:
    text = SPEC.replace(right, wrong)
    before = findings_in(text, path)
    fixes = [fix for diagnostic in before for fix in quick_fixes(diagnostic, text) if fix.is_safe]
    assert len(fixes) == 1
    assert applied(fixes[0], text).rstrip() != text.rstrip()
    after = findings_in(applied(fixes[0], text), path)
    assert {finding.code for finding in before} - {finding.code for finding in after}


@pytest.mark.parametrize(
    ("right", "wrong", "title"),
    [
        pytest.param(
            "max_number_of_training_jobs: 4", "max_number_of_training_jobs: 900",
            "Change to `750`", id="accepted value",
        ),
        pytest.param("tags:", "hyperband: {max_resource: 9}\ntags:", "Remove it", id="removal"),
    ],
)  # fmt: skip
def test_other_edits_are_offered_and_not_preferred(
    path: Path, right: str, wrong: str, title: str
) -> None:
    assert right in SPEC
    text = SPEC.replace(right, wrong)
    [(problem, fix)] = [
        (diagnostic, fix)
        for diagnostic in findings_in(text, path)
        for fix in quick_fixes(diagnostic, text)
        if fix.title == title
    ]
    assert not fix.is_safe
    assert problem.code not in {finding.code for finding in findings_in(applied(fix, text), path)}


@pytest.mark.parametrize("comment", ["", "  # ours", "  # hptc: ignore[HPT110] why"])
def test_a_comment_suppresses_the_finding(path: Path, comment: str) -> None:
    line = "    max_depth: {type: Integer, min: 3, max: 10}"
    text = SPEC.replace(line, line.replace("max_depth", "max_dept") + comment)
    [diagnostic] = [finding for finding in findings_in(text, path) if finding.code == "HPT305"]
    [fix] = [fix for fix in quick_fixes(diagnostic, text) if fix.title.startswith("Suppr")]
    assert "HPT305" not in {finding.code for finding in findings_in(applied(fix, text), path)}


def test_no_comment_where_it_has_no_effect(path: Path) -> None:
    text = "name: a\nstrateg: Random\ntraining_job: {}\n"
    codes = {finding.code for finding in findings_in(text, path)}
    assert "HPT101" in codes, "which can't be suppressed"
    titles = [
        fix.title
        for finding in findings_in(text, path)
        if finding.code == "HPT101"
        for fix in quick_fixes(finding, text)
    ]
    assert titles == ["Change to `strategy`"]

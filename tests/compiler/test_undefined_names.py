"""A template with an undefined name does not hide other problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.outcome import Failed
from hptc.compiler.pipeline import compile_file, compile_text
from hptc.compiler.workspace import Workspace
from tests.support.specs import SPEC


def codes(text: str) -> list[tuple[str, int]]:
    outcome = compile_text(text, "churn.yaml", Workspace())
    assert isinstance(outcome, Failed)
    return [(diagnostic.code, diagnostic.span.line) for diagnostic in outcome.diagnostics]


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(SPEC.splitlines(), 1) if text in line)


UNDEFINED = [("HPT006", line_of("train:")), ("HPT006", line_of("validation: {"))]


def test_other_errors_are_reported_too() -> None:
    reported = codes(SPEC.replace("strategy: Bayesian", "strategy: Guess"))
    assert ("HPT104", line_of("strategy:")) in reported
    assert [finding for finding in reported if finding in UNDEFINED] == UNDEFINED


def test_what_follows_from_an_undefined_name_is_not() -> None:
    """A number can't have the stand-in for the name, nor can a reference to it be resolved."""
    text = SPEC.replace("random_seed: 7", 'random_seed: "{{ seed }}"')
    reported = [code for code in codes(text) if code[1] == line_of("random_seed")]
    assert reported == [("HPT006", line_of("random_seed"))]
    outcome = compile_text(text, "churn.yaml", Workspace())
    assert not any("hptc:undefined" in diagnostic.message for diagnostic in outcome.diagnostics)


def test_the_spec_keeps_its_name() -> None:
    outcome = compile_text(SPEC, "churn.yaml", Workspace())
    assert outcome.name == "churn"


def test_the_stand_in_itself_is_an_unknown_reference(tmp_path: Path) -> None:
    """A reference of that name in a spec is an error as any other that no deployment provides."""
    project = "project: a\nenvironments: {dev: {account: '123456789012', region: us-east-1}}\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "hptc.yaml").write_text(project, encoding="utf-8")
    text = SPEC.replace("tags: {team: growth}", 'tags: {team: "${hptc:undefined}"}')
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    outcome = compile_file(str(tmp_path / "spec.yaml"), Workspace())
    assert isinstance(outcome, Failed)
    assert any("${hptc:undefined}" in diagnostic.message for diagnostic in outcome.diagnostics)


@pytest.mark.parametrize("count", [100, 101, 1_500])
def test_unknown_references_are_counted_after_a_hundred(count: int) -> None:
    tags = ", ".join(f"t{index}: '${{hptc:no_{index}}}'" for index in range(count))
    diagnostics = compile_text(f"name: x\ntags: {{{tags}}}\n", "spec.yaml", Workspace()).diagnostics
    messages = [finding.message for finding in diagnostics if finding.code == "HPT006"]
    assert len(messages) == min(count, 101)
    if count > 100:
        findings = "finding" if count == 101 else "findings"
        assert messages[-1] == f"and {count - 100:,} more {findings} of HPT006 in this file"

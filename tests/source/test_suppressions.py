"""Suppression comments: what they cover, and which are unused."""

from __future__ import annotations

import pytest

from hptc.compiler.locations import with_findings
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.rules.engine import selected
from hptc.source.suppressions import is_suppressible, suppressions
from tests.support.documents import parsed
from tests.support.outcomes import succeeded

OWN_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"
SPEC = f"""\
name: suppressed
strategy: Bayesian
limits: {{max_number_of_training_jobs: 4, max_parallel_training_jobs: 1, max_runtime: 1d}}
training_job:
  objective: {{metric_name: loss, type: Minimize}}
  hyperparameters:
    rate: {{type: Continuous, min: 1e-6, max: 0.5, scaling: Linear}}
  algorithm: {{training_image: "{OWN_IMAGE}", metric_definitions: {{loss: "loss=([0-9.eE+-]+)"}}}}
  role_arn: arn:aws:iam::123456789012:role/tuning
  output: {{s3_output_path: "s3://example/output/"}}
  resources: {{instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 30}}
  stopping: {{max_runtime: 1h}}
"""
RANGE = "scaling: Linear}"


def compiled(comment: str, *, at: str = RANGE, ignore: str | None = None) -> Outcome:
    text = SPEC.replace(at, f"{at}  {comment}")
    return compile_text(text, "spec.yaml", Workspace(rules=selected(None, ignore)))


def codes(outcome: Outcome) -> list[str]:
    return [diagnostic.code for diagnostic in outcome.diagnostics]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        pytest.param("", ["HPT208"], id="none"),
        pytest.param("# hptc: ignore[HPT208] measured", [], id="reason"),
        pytest.param("# hptc: ignore[HPT208]", ["HPT010", "HPT208"], id="no-reason"),
        pytest.param("# hptc: ignore[HPT203] why", ["HPT010", "HPT208"], id="another-code"),
        pytest.param("# hptc: ignore[HPT208, HPT203] why", ["HPT010"], id="one-of-two-is-unused"),
        pytest.param("# hptc: ignore[log] why", ["HPT010", "HPT208"], id="no-code"),
        pytest.param("# hptc: ignore[HPT208, HPT901] why", [], id="online-code-offline"),
    ],
)
def test_a_comment(comment: str, left: list[str]) -> None:
    assert sorted(codes(compiled(comment))) == left


IGNORE = "# hptc: ignore[HPT208] why"
PLACES: dict[str, tuple[str, list[tuple[int, int]]]] = {
    "after a value": (f"a: 1  {IGNORE}", [(1, 1)]),
    "above": (f"a: 1\n{IGNORE}\nb: 2", [(2, 3)]),
    "above, indented": (f"a:\n  {IGNORE}\n  b: 2", [(2, 3)]),
    "after a key": (f"a: {IGNORE}\n  b: 2", [(1, 1)]),
    "in a flow mapping": (f"a: {{b: 1, {IGNORE}\n  c: 2}}", [(1, 1)]),
    "after quotes that show one": (f'a: "x {IGNORE}"  {IGNORE}', [(1, 1)]),
    "after a block's indicator": (f"a: |  {IGNORE}\n  x\n", [(1, 1)]),
    "below a block": (f"a: |\n  x\n{IGNORE}\nb: 1", [(3, 4)]),
    "below a block, indented less": (f"a:\n  b: |\n    x\n  {IGNORE}\n  c: 1", [(4, 5)]),
    "below an empty block": (f"a: |\n\n{IGNORE}\nb: 1", [(3, 4)]),
    "after quotes over lines": (f"a: 'x\n  y' {IGNORE}", [(2, 2)]),
    "after other text of the comment": (f"a: 1  # note {IGNORE}", [(1, 1)]),
    "in a file of comments": (f"{IGNORE}\n", [(1, 2)]),
    "in double quotes": (f'a: "x {IGNORE}"', []),
    "in single quotes": (f"a: 'x {IGNORE}'", []),
    "in quotes over lines": (f'a: "x\n  {IGNORE}\n  y"\nb: 1', []),
    "in a literal block": (f"a: |\n  x\n  {IGNORE}\nb: 1", []),
    "in a literal block that ends the file": (f"a: |\n  {IGNORE}", []),
    "in a folded block": (f"a: >-\n  {IGNORE}\n\nb: 1", []),
    "in a block of a list": (f"a:\n- |2\n    {IGNORE}\n- 2", []),
    "in a quoted key": (f'"x {IGNORE}": 1', []),
    "in an aliased value": (f'a: &x "y {IGNORE}"\nb: *x', []),
    "without a space": ("a: x#hptc:ignore[HPT208]", []),
    "without an end": ("a: x  # hptc: ignore[HPT208 why", []),
}


@pytest.mark.parametrize(("text", "expected"), PLACES.values(), ids=PLACES)
def test_only_a_comment_suppresses(text: str, expected: list[tuple[int, int]]) -> None:
    comments = suppressions(parsed(text))
    assert [(outcome.written, outcome.line) for outcome in comments] == expected
    for outcome in comments:
        line = text.splitlines()[outcome.written - 1]
        assert line.startswith(IGNORE, outcome.column)
        assert (outcome.codes, outcome.reason) == (("HPT208",), "why")


def test_text_above_a_finding_does_not_suppress_it() -> None:
    at = "    rate:"
    outcome = compile_text(
        SPEC.replace(at, f"    note: |-\n      {IGNORE}\n{at}"), "s.yaml", Workspace()
    )
    assert (codes(outcome), outcome.suppressed) == (["HPT208"], ())


def test_a_line_of_many_markers_is_read_once() -> None:
    """Neither markers without an end nor markers in a string are read repeatedly."""
    many = " # hptc: ignore[" * 50_000
    for text in (f"a: 1{many}", f'a: "{many}"'):
        assert suppressions(parsed(text)) == []


def test_a_suppression_of_an_ignored_rule_is_not_unused() -> None:
    assert codes(compiled("# hptc: ignore[HPT208] measured", ignore="HPT208")) == []


def test_a_suppression_of_a_rule_that_did_not_run_is_not_unused() -> None:
    # Rules only run on a request within AWS's bounds.
    outcome = compile_text(
        SPEC.replace(RANGE, f"{RANGE}  # hptc: ignore[HPT208] measured").replace(
            "max_parallel_training_jobs: 1", "max_parallel_training_jobs: 0"
        ),
        "spec.yaml",
        Workspace(),
    )
    assert codes(outcome) == ["HPT105"]


ONLINE = Finding(
    code="HPT901",
    severity=Severity.WARNING,
    message="found later",
    path=RequestPath(
        (
            "HyperParameterTuningJobConfig",
            "ParameterRanges",
            "ContinuousParameterRanges",
            0,
            "ScalingType",
        )
    ),
)


@pytest.mark.parametrize(
    ("comment", "left", "suppressed"),
    [
        pytest.param("", ["HPT208", "HPT901"], [], id="none"),
        pytest.param("# hptc: ignore[HPT901] known", ["HPT208"], ["HPT901"], id="suppressed"),
    ],
)
def test_a_later_finding(comment: str, left: list[str], suppressed: list[str]) -> None:
    outcome = with_findings(succeeded(compiled(comment)), [ONLINE])
    assert sorted(codes(outcome)) == left
    assert [diagnostic.code for diagnostic in outcome.suppressed] == suppressed
    assert {diagnostic.span.line for diagnostic in outcome.diagnostics} == {7}


def test_a_finding_is_not_added_twice() -> None:
    once = with_findings(succeeded(compiled("")), [ONLINE])
    assert with_findings(once, [ONLINE, ONLINE]) == once


@pytest.mark.parametrize("count", [100, 101, 150])
def test_faulty_comments_are_counted_after_a_hundred(count: int) -> None:
    text = SPEC + "# hptc: ignore[HPT203] why\n" * count
    diagnostics = compile_text(text, "spec.yaml", Workspace()).diagnostics
    faults = [finding.message for finding in diagnostics if finding.code == "HPT010"]
    assert len(faults) == min(count, 101)
    if count > 100:
        findings = "finding" if count == 101 else "findings"
        assert faults[-1] == f"and {count - 100} more {findings} of HPT010 in this file"


@pytest.mark.parametrize(
    ("code", "expected"),
    [("HPT002", False), ("HPT109", False), ("HPT110", True), ("HPT208", True), ("HPT799", True),
     ("HPT801", False), ("HPT901", True)],
)  # fmt: skip
def test_which_findings_a_comment_can_suppress(code: str, expected: bool) -> None:
    assert is_suppressible(code) is expected


@pytest.mark.parametrize("code", ["HPT104", "HPT806"])
def test_a_comment_for_what_none_can_suppress(code: str) -> None:
    diagnostics = succeeded(compiled(f"# hptc: ignore[{code}] we need it")).diagnostics
    messages = [diagnostic.message for diagnostic in diagnostics if diagnostic.code == "HPT010"]
    assert messages == [f"a comment can't suppress {code}"]

"""Comments that suppress: what they cover, and which of them are leftovers."""

from __future__ import annotations

import pytest

from hptc.compiler.locations import with_findings
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.rules.engine import selected
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
  algorithm: {{training_image: "{OWN_IMAGE}", metric_definitions: {{loss: "loss=([0-9.]+)"}}}}
  role_arn: arn:aws:iam::123456789012:role/tuning
  output: {{s3_output_path: "s3://example/output/"}}
  resources: {{instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 30}}
  stopping: {{max_runtime: 1h}}
"""
RANGE = "scaling: Linear}"


def compiled(comment: str, *, at: str = RANGE, ignore: str | None = None) -> Outcome:
    text = SPEC.replace(at, f"{at}  {comment}")
    return compile_text(text, "spec.yaml", Workspace(rules=selected(None, ignore)))


def codes(one: Outcome) -> list[str]:
    return [diagnostic.code for diagnostic in one.diagnostics]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        pytest.param("", ["HPT208"], id="none"),
        pytest.param("# hptc: ignore[HPT208] measured", [], id="reason"),
        pytest.param("# hptc: ignore[HPT208]", ["HPT010", "HPT208"], id="no-reason"),
        pytest.param("# hptc: ignore[HPT203] why", ["HPT010", "HPT208"], id="another-code"),
        pytest.param(
            "# hptc: ignore[HPT208, HPT203] why", ["HPT010"], id="one-of-two-is-left-over"
        ),
        pytest.param("# hptc: ignore[log] why", ["HPT010", "HPT208"], id="no-code"),
        pytest.param("# hptc: ignore[HPT208, HPT901] why", [], id="online-code-offline"),
    ],
)
def test_a_comment(comment: str, left: list[str]) -> None:
    assert sorted(codes(compiled(comment))) == left


def test_a_rule_that_is_left_out_makes_no_leftover() -> None:
    assert codes(compiled("# hptc: ignore[HPT208] measured", ignore="HPT208")) == []


def test_rules_that_could_not_run_make_no_leftover() -> None:
    # AWS's bounds come first: with them broken, no rule reads the request.
    one = compile_text(
        SPEC.replace(RANGE, f"{RANGE}  # hptc: ignore[HPT208] measured").replace(
            "max_parallel_training_jobs: 1", "max_parallel_training_jobs: 0"
        ),
        "spec.yaml",
        Workspace(),
    )
    assert codes(one) == ["HPT105"]


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
    one = with_findings(succeeded(compiled(comment)), [ONLINE])
    assert sorted(codes(one)) == left
    assert [diagnostic.code for diagnostic in one.suppressed] == suppressed
    assert {diagnostic.span.line for diagnostic in one.diagnostics} == {7}


def test_what_is_known_is_not_said_again() -> None:
    once = with_findings(succeeded(compiled("")), [ONLINE])
    assert with_findings(once, [ONLINE, ONLINE]) == once

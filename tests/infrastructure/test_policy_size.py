"""The sizes that AWS allows: of policies, and of the request that a schedule sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.infrastructure import policy_size, project_findings, scheduled_start
from hptc.infrastructure.launcher_policy import launcher_statements
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.s3_endpoint import endpoint_policy
from hptc.infrastructure.scheduled_start import payload_size
from hptc.infrastructure.statements import Statement
from tests.support.jobs import environment
from tests.support.specs import SPEC

PROJECT = """\
project: churn
environments:
  dev:
    account: "123456789012"
    region: us-east-1
    infrastructure: {network: managed}
"""


def diagnostics(folder: Path, spec: str = SPEC) -> list[Diagnostic]:
    return [
        diagnostic
        for outcome in outcomes(folder, spec)
        for diagnostic in outcome.diagnostics
        if diagnostic.is_error
    ]


def outcomes(folder: Path, spec: str = SPEC) -> Any:
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "specs" / "churn.yaml").write_text(spec, encoding="utf-8")
    return compile_paths([str(folder)], Workspace())


def test_the_bounds_are_those_of_aws() -> None:
    assert policy_size.MAX_ROLE_POLICY == 10_240
    assert policy_size.MAX_MANAGED_POLICY == 6_144
    assert policy_size.MAX_ENDPOINT_POLICY == 20_480
    assert scheduled_start.MAX_PAYLOAD_BYTES == 262_144


def statement(*resources: str) -> Statement:
    return Statement(sid="S", actions=("s3:GetObject",), resources=resources, reason="r")


def test_the_size_is_of_the_document_without_whitespace() -> None:
    text = (
        '{"Version":"2012-10-17","Statement":'
        '[{"Sid":"S","Effect":"Allow","Action":"s3:GetObject","Resource":"ä"}]}'
    )
    assert policy_size.policy_size([statement("ä")], environment()) == len(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # CloudFormation's own name, up to its random suffix, and 13 characters of that
        ("artifact_bucket", "hptc-demo-dev-artifactbucket7410c9ef-" + "x" * 13),
        ("data_bucket", "hptc-demo-dev-databucketd5ecd0cb-" + "x" * 13),
        (
            "kms_key_arn",
            "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
        ("execution_role_arn", "arn:aws:iam::123456789012:role/hptc/demo/dev/" + "r" * 64),
        ("subnet_id_1", "subnet-0123456789abcdef0"),
        (
            "state_machine_arn",
            "arn:aws:states:us-east-1:123456789012:stateMachine:" + "m" * 80,
        ),
    ],
)
def test_a_reference_counts_with_the_longest_value_it_can_have(name: str, value: str) -> None:
    resolved = policy_size.with_longest_values(f"a/${{hptc:{name}}}/b", environment())
    assert resolved == f"a/{'x' * len(value)}/b"


def test_a_bucket_name_is_never_longer_than_63_characters() -> None:
    from dataclasses import replace

    chosen = replace(environment(), name="d" * 60)
    assert policy_size.with_longest_values("${hptc:data_bucket}", chosen) == "x" * 63


def test_the_policy_of_a_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = SPEC.replace("/churn/", f"/{'k' * 900}/")  # or the policy is not even built
    (outcome,) = outcomes(tmp_path, long)
    statements = permissions(outcome.environment, outcome.job, spec=outcome.name)
    size = policy_size.policy_size(statements, outcome.environment)
    monkeypatch.setattr(policy_size, "MAX_ROLE_POLICY", size)
    assert diagnostics(tmp_path, long) == []
    monkeypatch.setattr(policy_size, "MAX_ROLE_POLICY", size - 1)
    (diagnostic,) = diagnostics(tmp_path, long)
    assert (diagnostic.code, f"has {size:,} characters" in diagnostic.message) == ("HPT531", True)


def test_the_request_of_a_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduled = SPEC + "schedule: rate(7 days)\n"
    (outcome,) = outcomes(tmp_path, scheduled)
    (spec,) = deployable_specs([outcome])
    size = payload_size(outcome.environment, spec)
    request = json.dumps(outcome.request, separators=(",", ":"))
    assert len(request) < size < len(request) + 1_000  # with tags, and references resolved
    monkeypatch.setattr(scheduled_start, "MAX_PAYLOAD_BYTES", size)
    assert diagnostics(tmp_path, scheduled) == []
    monkeypatch.setattr(scheduled_start, "MAX_PAYLOAD_BYTES", size - 1)
    (diagnostic,) = diagnostics(tmp_path, scheduled)
    assert (diagnostic.code, diagnostic.span.line) == ("HPT531", scheduled.count("\n"))
    assert f"{size:,} bytes" in diagnostic.message


def test_bytes_count_in_a_request_not_characters(tmp_path: Path) -> None:
    sizes = []
    for letter in "ae", "äé":
        text = f"{SPEC}schedule: rate(7 days)\n".replace("tags: {", f"tags: {{note: {letter}, ")
        (outcome,) = outcomes(tmp_path, text)
        (spec,) = deployable_specs([outcome])
        sizes.append(payload_size(outcome.environment, spec))
    assert sizes[1] == sizes[0] + 2


@pytest.mark.parametrize(("bound", "line"), [("MAX_MANAGED_POLICY", 3), ("MAX_ENDPOINT_POLICY", 6)])
def test_the_policies_of_an_environment(
    bound: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (outcome,) = outcomes(tmp_path)
    policy = launcher_statements if bound == "MAX_MANAGED_POLICY" else endpoint_policy
    size = policy_size.policy_size(policy(outcome.environment), outcome.environment)
    monkeypatch.setattr(project_findings, bound, size)
    assert diagnostics(tmp_path) == []
    monkeypatch.setattr(project_findings, bound, size - 1)
    (diagnostic,) = diagnostics(tmp_path)
    assert (diagnostic.code, diagnostic.span.line) == ("HPT109", line)
    assert f"{size:,} characters" in diagnostic.message

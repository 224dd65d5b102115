"""The CI roles of examples/aws: who may assume them, and what they may do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.iam_evaluator import Call, is_allowed
from tests.support.paths import ROOT

VALUES = {
    "ACCOUNT": "123456789012",
    "BUCKET": "lake",
    "ENVIRONMENT": "prod",
    "OWNER/REPOSITORY": "acme/ml",
    "PARAMETER": "network/vpc",
    "PROJECT": "demo",
    "QUALIFIER": "churn",
    "REGION": "us-east-1",
}
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack"
JOBS = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job"


def policy(name: str) -> dict[str, Any]:
    """A file with its words in capitals replaced, as docs/bootstrap.md says."""
    text = (ROOT / "examples" / "aws" / f"{name}.json").read_text(encoding="utf-8")
    for word, value in VALUES.items():
        text = text.replace(word, value)
    result: dict[str, Any] = json.loads(text)
    return result


def may_assume(trust: str, subject: str, audience: str = "sts.amazonaws.com") -> bool:
    host = "token.actions.githubusercontent.com"
    call = Call(
        action="sts:AssumeRoleWithWebIdentity",
        context={f"{host}:sub": subject, f"{host}:aud": audience},
        principal=PROVIDER,
    )
    return is_allowed(call, policy(trust))


@pytest.mark.parametrize(
    ("trust", "subject"),
    [
        ("trust-review", "repo:acme/ml:pull_request"),
        ("trust-deploy", "repo:acme/ml:environment:prod"),
    ],
)
def test_a_role_is_for_one_subject(trust: str, subject: str) -> None:
    assert may_assume(trust, subject)
    assert not may_assume(trust, subject, audience="other")
    others = {
        "repo:acme/ml:pull_request",
        "repo:acme/ml:environment:prod",
        "repo:acme/ml:environment:prod-2",
        "repo:acme/ml:environment:dev",
        "repo:acme/ml:ref:refs/heads/main",
        "repo:acme/ml:ref:refs/heads/environment:prod",
        "repo:acme/ml-2:environment:prod",
        "repo:other/ml:environment:prod",
        "repo:other/ml:pull_request",
    } - {subject}
    assert [other for other in others if may_assume(trust, other)] == []


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        ("policy-review", "cloudformation:DescribeStacks", f"{STACK}/hptc-demo-prod/1"),
        ("policy-review", "cloudformation:DescribeStacks", f"{STACK}/hptc-demo-prod-churn/1"),
        ("policy-review", "sagemaker:DescribeHyperParameterTuningJob", f"{JOBS}/x"),
        ("policy-review", "sagemaker:ListHyperParameterTuningJobs", "*"),
        ("policy-deploy", "cloudformation:GetTemplate", f"{STACK}/hptc-demo-prod/1"),
        (
            "policy-deploy",
            "sts:AssumeRole",
            "arn:aws:iam::123456789012:role/cdk-churn-deploy-role-123456789012-us-east-1",
        ),
    ],
)
def test_what_a_role_may_do(role: str, action: str, resource: str) -> None:
    assert is_allowed(Call(action=action, resource=resource), policy(role))


@pytest.mark.parametrize("role", ["policy-check-online", "policy-review", "policy-deploy"])
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sagemaker:CreateHyperParameterTuningJob", f"{JOBS}/x"),
        ("sagemaker:StopHyperParameterTuningJob", f"{JOBS}/x"),
        ("cloudformation:CreateChangeSet", f"{STACK}/hptc-demo-prod/1"),
        ("cloudformation:DeleteStack", f"{STACK}/hptc-demo-prod/1"),
        ("cloudformation:DescribeStacks", f"{STACK}/hptc-other-prod/1"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/hptc/demo/prod/x"),
        (
            "sts:AssumeRole",
            "arn:aws:iam::123456789012:role/cdk-churn-cfn-exec-role-123456789012-us-east-1",
        ),
        (
            "sts:AssumeRole",
            "arn:aws:iam::123456789012:role/cdk-hnb659fds-deploy-role-123456789012-us-east-1",
        ),
        ("s3:GetObject", "arn:aws:s3:::hptc-demo-prod-data/a"),
    ],
)
def test_what_no_role_may_do(role: str, action: str, resource: str) -> None:
    assert not is_allowed(Call(action=action, resource=resource), policy(role))


def test_the_review_role_assumes_no_role() -> None:
    actions = [statement["Action"] for statement in policy("policy-review")["Statement"]]
    names = [
        name for action in actions for name in ([action] if isinstance(action, str) else action)
    ]
    verbs = {name.partition(":")[2] for name in names}
    assert all(verb.startswith(("Describe", "List")) for verb in verbs)


def test_check_online_needs_the_calls_of_its_page() -> None:
    """docs/online.md names each call; one without a service is of the service before it."""
    page = (ROOT / "docs" / "online.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"\((cloudformation:\w+)\)", page))
    for row in re.findall(r"^\| HPT.*\| (.*?) \|$", page, re.MULTILINE):
        service = ""
        for call in re.findall(r"(?:(\w+):)?([A-Z]\w+)(?:,|$| \()", row):
            service = call[0] or service
            documented.add(f"{service}:{call[1]}")
    statements = policy("policy-check-online")["Statement"]
    allowed = {
        action
        for statement in statements
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    assert allowed == documented
    source = (ROOT / "hptc" / "aws" / "account.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(\w+:[A-Z]\w+)"', source)) <= allowed

"""Faults of the environments in hptc.yaml: each a diagnostic of `check`, on its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from tests.support.specs import SPEC

HEAD = """\
project: demo
default_environment: good
environments:
  good: {account: "111122223333", region: us-east-1}
"""


def diagnostics(folder: Path, environment: str) -> list[Diagnostic]:
    (folder / ".git").mkdir()
    (folder / "specs").mkdir()
    (folder / "specs" / "churn.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "hptc.yaml").write_text(HEAD + environment, encoding="utf-8")
    return [
        diagnostic
        for outcome in compile_paths([str(folder)], Workspace())
        for diagnostic in outcome.diagnostics
    ]


def of(infrastructure: str, region: str = "us-east-1", name: str = "dev") -> str:
    return (
        f"  {name}:\n    account: '111122223333'\n    region: {region}\n    infrastructure:\n"
        f"      {infrastructure}\n"
    )


EXISTING = "subnet_ids: [subnet-1], vpc_id: vpc-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
FINDINGS: dict[str, tuple[str, str, int, str]] = {
    # what: (the environment, code, line, part of the message)
    "a key in another Region": (
        of(f"kms_key: 'arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}'"), "HPT108", 9,
        "is in eu-west-1, but the environment `dev` is in us-east-1",
    ),
    "a role in another account": (
        of("execution_role: arn:aws:iam::999988887777:role/x"), "HPT108", 9,
        "is in the account 999988887777, but the environment `dev` is in the account 111122223333",
    ),
    "a bucket in another partition": (
        of("data_bucket: arn:aws-cn:s3:::lake"), "HPT108", 9,
        "is in the partition aws-cn, but the environment `dev` is in the partition aws",
    ),
    "the second subnet": (
        of("network: {security_group_ids: [sg-1], subnet_ids: [subnet-1, "
           "'arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-2']}"), "HPT108", 9,
        "the subnet `arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-2`",
    ),
    "an alias in another account": (
        of("kms_key: arn:aws:kms:us-east-1:999988887777:alias/ml"), "HPT109", 9,
        "is an alias in another account, 999988887777",
    ),
    "a CIDR block that is too large": (
        of("network: {cidr: 10.0.0.0/15}"), "HPT109", 9, "between /16 and /26",
    ),
    "a CIDR block that is too small": (
        of("network: {cidr: 10.0.0.0/27}"), "HPT109", 9, "between /16 and /26",
    ),
    "bits after the prefix": (
        of("network: {cidr: 10.42.0.1/20}"), "HPT109", 9, "not a valid CIDR block",
    ),
    "a reserved CIDR block": (
        of("network: {cidr: 169.254.0.0/20}"), "HPT109", 9, "a reserved block",
    ),
    "no CIDR block": (of("network: {cidr: here}"), "HPT109", 9, "not a valid CIDR block"),
    "a zone in another Region": (
        of("network: {availability_zones: [us-east-1a, eu-west-1b]}"), "HPT109", 9,
        "`eu-west-1b` is not an Availability Zone in us-east-1",
    ),
    "a Region as a zone": (
        of("network: {availability_zones: [us-east-1a, us-east-1]}"), "HPT109", 9,
        "`us-east-1` is not an Availability Zone",
    ),
    "a zone twice": (
        of("network: {availability_zones: [us-east-1a, us-east-1a]}"), "HPT109", 9,
        "`us-east-1a` is listed twice",
    ),
    "an unknown prefix list": (
        of(f"network: {{{EXISTING}}}", "cn-north-1").replace("aws:", "aws-cn:"), "HPT109", 9,
        "S3's prefix list in cn-north-1 is unknown",
    ),
    "S3 as an interface endpoint": (
        of("network: {interface_endpoints: [logs, s3]}"), "HPT109", 9, "gateway endpoint",
    ),
    "one service in two spellings": (
        of("network: {interface_endpoints: [ecr.api, ecr-api]}"), "HPT109", 9,
        "`ecr-api` and `ecr.api` are the same service",
    ),
    "a service's whole name": (
        of("network: {interface_endpoints: [com.amazonaws.us-east-1.logs]}"), "HPT109", 9,
        "not the name of an AWS service",
    ),
    "too many interface endpoints": (
        of(f"network: {{interface_endpoints: [{', '.join(f'x{i}' for i in range(401))}]}}"),
        "HPT109", 9, "at most 400 services, but has 401",
    ),
    "too many buckets": (
        of(f"network: {{s3_buckets: [{', '.join(f'b{i:062}' for i in range(200))}]}}"),
        "HPT109", 9, "AWS allows 20,480",
    ),
    "an environment's name": (
        of("kms_key: absent", name="dev_eu"), "HPT109", 5,
        "`hptc-demo-dev_eu` is not a valid stack name",
    ),
    "an environment's long name": (
        of("kms_key: absent", name="d" * 110), "HPT109", 5, "at most 128 characters",
    ),
    "a longer name, without a launcher policy": (
        of("{kms_key: absent, launcher_policy: absent}", name="d" * 119), "HPT109", 5,
        "is not a valid stack name",
    ),
    "a long launcher policy": (
        of("kms_key: absent")
        + f"    policy: {{instance_types: [{', '.join(f'ml.m5.{i}' for i in range(600))}]}}\n",
        "HPT109", 10, "IAM allows 6,144",
    ),
    "a role path above that of another environment": (
        of("role_path: /hptc/"), "HPT109", 9, (
            "in `dev` could pass the roles of `good`: both are in the account 111122223333, and "
            "the roles of `good` start with /hptc/demo/good/hptc-demo-good-"
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "message"), FINDINGS.values(), ids=FINDINGS)
def test_a_fault_of_any_environment_is_an_error_on_its_line(
    text: str, code: str, line: int, message: str, tmp_path: Path
) -> None:
    """Though only `good` is compiled: another environment is deployed from the same file."""
    (diagnostic,) = diagnostics(tmp_path, text)
    assert (diagnostic.code, diagnostic.span.line) == (code, line)
    assert Path(diagnostic.span.file).name == "hptc.yaml"
    assert diagnostic.is_error
    assert message in diagnostic.message
    assert diagnostic.help


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        pytest.param("role_path: /ml/", "role_path: /ml/", 2, id="one path"),
        pytest.param("role_path: /ml/", "role_path: /ml/a/", 1, id="a path below"),
        pytest.param("role_path: /ml/a/", "role_path: /ml/b/", 0, id="two paths"),
        pytest.param(
            "{role_path: /ml/, role_name_prefix: x-}",
            "{role_path: /ml/, role_name_prefix: x-}",
            1,  # of `dev-eu` only those of `dev-eu` have the prefix, but of `dev` both
            id="prefixes with the environments' names",
        ),
        pytest.param(
            "{role_path: /ml/, role_name_prefix: x-}",
            "{role_path: /ml/, role_name_prefix: y-}",
            0,
            id="two prefixes",
        ),
        pytest.param(
            "{role_path: /ml/, launcher_policy: absent}",
            "{role_path: /ml/, launcher_policy: absent}",
            0,
            id="without launcher policies",
        ),
        pytest.param(
            "role_path: /ml/", "{role_path: /ml/, execution_role: mine}", 0, id="an existing role"
        ),
    ],
)
def test_roles_that_launchers_of_another_environment_could_pass(
    one: str, other: str, count: int, tmp_path: Path
) -> None:
    findings = diagnostics(tmp_path, of(one) + of(other, name="dev-eu"))
    assert [finding.code for finding in findings] == ["HPT109"] * count
    assert all("could pass the roles of" in finding.message for finding in findings)


def test_another_account_may_have_the_same_role_path(tmp_path: Path) -> None:
    elsewhere = of("role_path: /ml/", name="prod").replace("111122223333", "999988887777")
    assert diagnostics(tmp_path, of("role_path: /ml/") + elsewhere) == []


ACCEPTED: dict[str, str] = {
    "the largest VPC": of("network: {cidr: 10.0.0.0/16}"),
    "the smallest VPC": of("network: {cidr: 10.0.0.0/26}"),
    "three zones": of("network: {availability_zones: [us-east-1a, us-east-1b, us-east-1f]}"),
    "a local zone": of(
        "network: {availability_zones: [us-west-2a, us-west-2-lax-1a]}", "us-west-2"
    ),
    "a known prefix list": of(f"network: {{{EXISTING}}}"),
    "a prefix list by ID": of(f"network: {{{EXISTING}, s3_prefix_list_id: pl-1}}", "cn-north-1"),
    "endpoints": of("network: {interface_endpoints: [logs, monitoring, ecr.api, sts]}"),
    "the most endpoints": of(
        f"network: {{interface_endpoints: [{', '.join(f'x{i}' for i in range(400))}]}}"
    ),
    "another account's key for existing buckets": of(
        "{kms_key: 'arn:aws:kms:us-east-1:999988887777:alias/ml', artifact_bucket: a-b, "
        "data_bucket: c-d}"
    ),
    "the account's own alias": of("kms_key: alias/ml"),
    "an environment's longest name": of("kms_key: absent", name="d" * 109),
    "the longest without a launcher policy": of(
        "{kms_key: absent, launcher_policy: absent}", name="d" * 118
    ),
    "a name without a stack": of(
        "{artifact_bucket: absent, data_bucket: absent, kms_key: absent, execution_role: mine, "
        "launcher_policy: absent}",
        name="dev_eu",
    ),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_what_aws_accepts_is_not_a_finding(text: str, tmp_path: Path) -> None:
    assert diagnostics(tmp_path, text) == []

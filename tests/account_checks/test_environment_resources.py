"""What hptc.yaml names and no spec contains: SSM parameters, a permissions boundary, a VPC."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.cli.inputs import all_diagnostics
from hptc.compiler.outcome import Outcome
from hptc.errors import AwsError
from hptc.service.inventory import SsmParameter, Subnet
from tests.support.fake_account import FakeAccount
from tests.support.online_checks import (
    ACCOUNT,
    DEPLOYED,
    GROUP,
    KEY,
    ROLE,
    SPEC,
    SUBNETS,
    Change,
    change,
    compiled,
    online,
    whole,
)

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
PARAMETERS = {
    "/network/vpc": "vpc-1",
    "/network/a": SUBNETS[0],
    "/network/b": SUBNETS[1],
    "/network/group": GROUP,
    "/bucket": "data",
    "/key": KEY,
    "/role": ROLE,
    "/boundary": BOUNDARY,
}
FROM_PARAMETERS = """\
    infrastructure:
      execution_role: ssm:/role
      artifact_bucket: absent
      data_bucket: ssm:/bucket
      kms_key: ssm:/key
      launcher_policy: absent
      permissions_boundary: ssm:/boundary
      network:
        subnet_ids: [ssm:/network/a, ssm:/network/b]
        security_group_ids: [ssm:/network/group]
"""
EXISTING_VPC = f"""\
    infrastructure:
      launcher_policy: absent
      permissions_boundary: {BOUNDARY}
      network:
        vpc_id: vpc-1
        subnet_ids: {list(SUBNETS)}
"""
NOT_DEPLOYED = "`hptc-churn-dev` is not deployed, so the values it provides are not checked"
WITH_OUTPUT = DEPLOYED.replace(
    "  resources:", "  output: {s3_output_path: s3://artifacts/}\n  resources:"
)


def project(infrastructure: str) -> str:
    return (
        "project: churn\nspecs: [.]\nenvironments:\n  dev:\n"
        f'    account: "{ACCOUNT}"\n    region: us-east-1\n{infrastructure}'
    )


def account(change_: Change) -> FakeAccount:
    """An account before the first deployment of a project."""
    fake = whole()
    fake.stacks.stacks.clear()
    fake.inventory.policies = {BOUNDARY}
    fake.inventory.vpcs = {"vpc-1": "default"}
    fake.inventory.ssm = {
        name: SsmParameter(type="String", value=value) for name, value in PARAMETERS.items()
    }
    change_(fake)
    return fake


def parameter(name: str, value: str, type_: str = "String") -> Change:
    return lambda fake: fake.inventory.ssm.update({name: SsmParameter(type=type_, value=value)})


def without(name: str) -> Change:
    return lambda fake: fake.inventory.ssm.pop(name)


def checked(
    folder: Path, infrastructure: str, change_: Change, spec: str = WITH_OUTPUT
) -> tuple[list[tuple[str, str, str]], list[str], Outcome]:
    """(code, severity, text of the line) of each finding in hptc.yaml, and the notes."""
    before = compiled(folder, spec, project=project(infrastructure))
    (after,), notes = online(before, account(change_))
    findings = [
        (
            diagnostic.code,
            diagnostic.severity.value,
            diagnostic.span.source.strip().partition(":")[0],
        )
        for diagnostic in after.diagnostics
        if diagnostic not in before[0].diagnostics
    ]
    return findings, notes, after


@pytest.mark.parametrize(
    ("change_", "expected"),
    [
        pytest.param(change(), [], id="whole"),
        pytest.param(without("/key"), [("HPT971", "error", "kms_key")], id="no-parameter"),
        pytest.param(
            without("/network/b"), [("HPT971", "error", "subnet_ids")], id="no-parameter-in-a-list"
        ),
        pytest.param(
            parameter("/role", "AQICAH", "SecureString"),
            [("HPT972", "error", "execution_role")],
            id="secure-string",
        ),
        pytest.param(
            parameter("/network/a", ",".join(SUBNETS), "StringList"),
            [("HPT972", "error", "subnet_ids")],
            id="string-list",
        ),
        pytest.param(
            parameter("/network/group", "vpc-1"),
            [("HPT972", "error", "security_group_ids")],
            id="another-kind",
        ),
        pytest.param(
            parameter("/boundary", "arn:aws:iam::999999999999:policy/boundary"),
            [("HPT972", "error", "permissions_boundary")],
            id="another-account",
        ),
        pytest.param(
            parameter("/role", "tuning"), [("HPT972", "error", "execution_role")], id="role-by-name"
        ),
        # What the parameters identify is checked as if hptc.yaml named it.
        pytest.param(
            change(in_subnets={}),
            [("HPT961", "error", "subnet_ids"), ("HPT961", "error", "subnet_ids")],
            id="no-subnets",
        ),
        pytest.param(change(groups={}), [("HPT961", "error", "security_group_ids")], id="no-group"),
        pytest.param(change(roles={}), [("HPT941", "error", "execution_role")], id="no-role"),
        pytest.param(change(keys={}), [("HPT951", "error", "kms_key")] * 2, id="no-key"),
        pytest.param(change(endpoints=[]), [("HPT964", "error", "subnet_ids")], id="no-endpoint"),
    ],
)
def test_parameters(change_: Change, expected: list[tuple[str, str, str]], tmp_path: Path) -> None:
    findings, notes, _ = checked(tmp_path, FROM_PARAMETERS, change_)
    # No request contains the boundary.
    is_missing = any(
        code in ("HPT971", "HPT972") and line != "permissions_boundary"
        for code, _, line in findings
    )
    assert (findings, notes) == (expected, [NOT_DEPLOYED] if is_missing else [])


@pytest.mark.parametrize(
    ("change_", "message", "help"),
    [
        pytest.param(
            without("/key"),
            f"the SSM parameter `/key` does not exist in us-east-1 in the account {ACCOUNT}",
            "create it with the type String and the KMS key as its value, or fix the name, which "
            "is case-sensitive",
            id="not-found",
        ),
        pytest.param(
            parameter("/key", KEY, "SecureString"),
            "the SSM parameter `/key` is a SecureString, but CloudFormation reads it as a String",
            "use a parameter of the type String",
            id="type",
        ),
        pytest.param(
            parameter("/network/a", "vpc-1"),
            "the SSM parameter `/network/a` has the value `vpc-1`, which is not a valid subnet",
            "store a subnet, such as subnet-0123456789abcdef0",
            id="kind",
        ),
        pytest.param(
            parameter("/key", "correct-horse-battery-1"),
            "the SSM parameter `/key` has the value 23 characters (letters, digits and other "
            "characters), which is not a valid KMS key",
            "store a KMS key, such as alias/my-key",
            id="possible-secret",
        ),
        pytest.param(
            parameter("/key", KEY.replace("us-east-1", "eu-west-1")),
            f"the SSM parameter `/key` has the value `{KEY.replace('us-east-1', 'eu-west-1')}`, a "
            "KMS key in the Region eu-west-1, but the environment is in us-east-1",
            "store a KMS key in us-east-1",
            id="region",
        ),
        pytest.param(
            parameter("/role", "research/tuning"),
            "the SSM parameter `/role` has the value 15 characters (letters and other characters), "
            "which requests can't contain in this form",
            f"store `{ROLE}`",
            id="form",
        ),
    ],
)
def test_what_is_wrong_with_a_parameter(
    change_: Change, message: str, help: str, tmp_path: Path
) -> None:
    *_, after = checked(tmp_path, FROM_PARAMETERS, change_)
    (finding,) = (
        diagnostic for diagnostic in after.diagnostics if diagnostic.code in ("HPT971", "HPT972")
    )
    assert (finding.message, finding.help) == (message, help)


def test_a_deployed_stack_provides_the_values(tmp_path: Path) -> None:
    def deployed(fake: FakeAccount) -> None:
        fake.stacks.stacks["hptc-churn-dev"] = {
            "DataBucket": "data", "KmsKeyArn": KEY, "ExecutionRoleArn": ROLE,
            "SubnetId1": "subnet-9", "SubnetId2": SUBNETS[1], "SecurityGroupId": GROUP,
        }  # fmt: skip

    findings, notes, after = checked(tmp_path, FROM_PARAMETERS, deployed)
    assert (findings, notes) == ([("HPT961", "error", "subnet_ids")], [])
    assert "no subnet `subnet-9` found in us-east-1" in {
        diagnostic.message for diagnostic in after.diagnostics
    }


@pytest.mark.parametrize(
    ("change_", "expected"),
    [
        pytest.param(change(), [], id="whole"),
        pytest.param(
            change(policies=set()), [("HPT943", "error", "permissions_boundary")], id="no-boundary"
        ),
        pytest.param(change(vpcs={}), [("HPT961", "error", "vpc_id")], id="no-vpc"),
        pytest.param(
            change(in_subnets={id_: Subnet(vpc="vpc-2", free_addresses=99) for id_ in SUBNETS}),
            [("HPT962", "error", "vpc_id")],
            id="subnets-of-another-vpc",
        ),
        pytest.param(change(in_subnets={}), [("HPT961", "error", "subnet_ids")] * 2, id="subnets"),
        pytest.param(change(endpoints=[]), [("HPT964", "error", "subnet_ids")], id="no-endpoint"),
    ],
)
def test_an_existing_vpc_and_a_boundary(
    change_: Change, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    findings, notes, _ = checked(tmp_path, EXISTING_VPC, change_)
    assert (findings, notes) == (expected, [NOT_DEPLOYED])


def test_the_boundary_of_a_parameter(tmp_path: Path) -> None:
    infrastructure = EXISTING_VPC.replace(BOUNDARY, "ssm:/boundary")
    findings, *_ = checked(tmp_path, infrastructure, change(policies=set()))
    assert findings == [("HPT943", "error", "permissions_boundary")]


def test_a_boundary_that_no_role_gets(tmp_path: Path) -> None:
    unused = EXISTING_VPC.replace("      network:", f"      execution_role: {ROLE}\n      network:")
    findings, *_ = checked(tmp_path, unused, change(policies=set()))
    assert findings == []


def test_a_request_in_the_apis_form_deploys_nothing(tmp_path: Path) -> None:
    request = compiled(tmp_path / "spec", SPEC)[0].request
    before = compiled(tmp_path, json.dumps(request), project=project(EXISTING_VPC), suffix="json")
    (after,), _ = online(before, account(change(policies=set(), vpcs={})))
    assert after == before[0]


@pytest.mark.parametrize(
    ("method", "about"),
    [
        ("parameters", "SSM parameters"),
        ("has_policy", "permissions boundary"),
        ("tenancy", "VPC"),
    ],
)
def test_a_denied_call_is_skipped_with_a_note(method: str, about: str, tmp_path: Path) -> None:
    denied = AwsError("denied", code="AccessDenied", help="the caller needs permission for it")
    infrastructure = FROM_PARAMETERS if method == "parameters" else EXISTING_VPC
    findings, notes, _ = checked(
        tmp_path, infrastructure, lambda fake: fake.inventory.refusals.update({method: denied})
    )
    assert findings == []
    assert f"{about} not checked: the caller needs permission for it" in notes


def test_the_specs_of_an_environment_share_queries_and_findings(tmp_path: Path) -> None:
    other = WITH_OUTPUT.replace("name: churn\n", "name: again\n")
    before = compiled(tmp_path, WITH_OUTPUT, other, project=project(FROM_PARAMETERS))
    fake = account(without("/key"))
    after, _ = online(before, fake)
    assert fake.inventory.calls.count("parameters") == 1
    assert [diagnostic.code for diagnostic in all_diagnostics(after)].count("HPT971") == 1

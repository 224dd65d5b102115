"""The real CDK with its default settings, from bootstrap to destroy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.paths import ROOT
from tests.support.sandbox import Account

pytestmark = pytest.mark.slow

APP = Path(__file__).with_name("cdk_app.py")
BUCKET, ROLE = "sandbox-test-artifacts", "sandbox-test-role"
HTTPS = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdk:
    """The CDK CLI in a project directory."""

    directory: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, expect: int = 0) -> str:
        """Run the CLI, and return stdout and stderr combined."""
        path = os.pathsep.join((str(ROOT / "node_modules/.bin"), self.environment["PATH"]))
        executable = shutil.which("cdk", path=path)
        assert executable is not None, "run `make setup`"
        done = subprocess.run(
            [executable, *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout


def check_network(account: Account, vpc_id: str) -> None:
    ec2 = account.client("ec2")
    in_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    for attribute in ("enableDnsHostnames", "enableDnsSupport"):
        answer = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]] == {"Value": True}
    assert len(ec2.describe_subnets(Filters=in_vpc)["Subnets"]) == 2
    endpoints = ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
    assert sorted(endpoint["VpcEndpointType"] for endpoint in endpoints) == ["Gateway", "Interface"]
    groups = ec2.describe_security_groups(Filters=in_vpc)["SecurityGroups"]
    (jobs,) = (group for group in groups if group["Description"].endswith("/Jobs"))
    ports = [permission["FromPort"] for permission in jobs["IpPermissionsEgress"]]
    assert sorted(ports) == [0, HTTPS]
    (https,) = (
        permission for permission in jobs["IpPermissionsEgress"] if permission["FromPort"] == HTTPS
    )
    assert https["IpRanges"] == []
    assert [prefix_list["PrefixListId"] for prefix_list in https["PrefixListIds"]] == [
        "pl-63a5400a"
    ]
    assert len(https["UserIdGroupPairs"]) == 1


def check_bucket_and_key(account: Account, *, expiration_days: int, description: str) -> str:
    s3, kms = account.client("s3"), account.client("kms")
    key = kms.describe_key(KeyId="alias/sandbox-test")["KeyMetadata"]
    assert key["Description"] == description
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True
    policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    assert json.loads(policy)["Statement"][0]["Action"] == "kms:*"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    (ownership,) = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert ownership["ObjectOwnership"] == "BucketOwnerEnforced"
    (encryption,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert encryption["BucketKeyEnabled"] is True
    by_default = encryption["ApplyServerSideEncryptionByDefault"]
    assert by_default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Expiration"] == {"Days": expiration_days}
    (deny,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    return str(key["KeyId"])


def check_role(account: Account, actions: str | list[str]) -> None:
    iam = account.client("iam")
    (name,) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    document: Any = iam.get_role_policy(RoleName=ROLE, PolicyName=name)["PolicyDocument"]
    assert document["Statement"][0]["Action"] == actions
    assert document["Statement"][0]["Resource"] == f"arn:aws:s3:::{BUCKET}/data/*"


def test_bootstrap_deploy_diff_update_destroy(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f'"{sys.executable}" "{APP}"'}))
    with Sandbox(account="777777777777") as sandbox:
        # The CDK's own template validation isn't under test, and takes 5 s per command.
        environment = client_environment(sandbox) | {"CDK_VALIDATION": "false"}
        cdk = Cdk(directory=tmp_path, environment=environment)
        account = Account(id=sandbox.account, endpoint_url=sandbox.endpoint_url)
        stacks = account.client("cloudformation")

        def names() -> list[str]:
            return [stack["StackName"] for stack in stacks.describe_stacks()["Stacks"]]

        cdk("bootstrap", f"aws://{sandbox.account}/{sandbox.region}")
        roles = {role["RoleName"] for role in account.client("iam").list_roles()["Roles"]}

        cdk("deploy", "--all", "--require-approval", "never", "--outputs-file", "outputs.json")
        outputs = json.loads((tmp_path / "outputs.json").read_text())
        assert outputs["Spec"] == {"RoleArn": f"arn:aws:iam::{sandbox.account}:role/{ROLE}"}
        (vpc,) = (
            vpc for vpc in account.client("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]
        )
        check_network(account, vpc["VpcId"])
        key_id = check_bucket_and_key(account, expiration_days=7, description="first")
        check_role(account, "s3:GetObject")
        assert not (tmp_path / "cdk.context.json").exists()

        synthesized = ("--app", "cdk.out")  # by the previous command
        assert "Number of stacks with differences: 0" in cdk("diff", "--fail", *synthesized)
        difference = cdk("diff", "--fail", "-c", "revision=2", expect=1)
        for line in ('[+] "ExpirationInDays": 14', "[-] first", "s3:PutObject"):
            assert line in difference.replace("[+]     ", "[+] ")
        cdk("deploy", "--all", "--require-approval", "never", *synthesized)
        assert check_bucket_and_key(account, expiration_days=14, description="revised") == key_id
        check_role(account, ["s3:GetObject", "s3:PutObject"])
        again = cdk("deploy", "--all", "--require-approval", "never", *synthesized)
        assert "no changes" in again
        assert "Number of stacks with differences: 0" in cdk("diff", "--fail", *synthesized)

        cdk("destroy", "--all", "--force", *synthesized)
        assert names() == ["CDKToolkit"]
        exports = [export["Name"] for export in stacks.list_exports()["Exports"]]
        assert exports == ["CdkBootstrap-hnb659fds-FileAssetKeyArn"]
        assert {role["RoleName"] for role in account.client("iam").list_roles()["Roles"]} == roles
        buckets = account.client("s3").list_buckets()["Buckets"]
        assert [bucket["Name"] for bucket in buckets] == [
            f"cdk-hnb659fds-assets-{sandbox.account}-{sandbox.region}"
        ]
        ec2 = account.client("ec2")
        assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]
        assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
        assert [
            group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]
        ] == ["default"]
        metadata = account.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
        assert metadata["KeyState"] == "PendingDeletion"

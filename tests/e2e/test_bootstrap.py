"""The script that bootstraps for one environment, and a deployment with its qualifier."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import REGION, copy_project, execute
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

ACCOUNT, SPEC = "333222222222", "direct-marketing-xgboost"
EXECUTION_ROLE = f"cdk-churn-cfn-exec-role-{ACCOUNT}-{REGION}"


def attached(iam: Any) -> dict[str, Any]:
    """The documents of the policies that CloudFormation's execution role has."""
    policies = iam.list_attached_role_policies(RoleName=EXECUTION_ROLE)["AttachedPolicies"]
    return {policy["PolicyName"]: document(iam, policy["PolicyArn"]) for policy in policies}


def document(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    version_of_policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return version_of_policy["PolicyVersion"]["Document"]


def test_a_deployment_with_scoped_bootstrap(sandbox: Sandbox, tmp_path: Path) -> None:
    project = copy_project(tmp_path, sandbox, ACCOUNT, only=[SPEC])
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    file = tmp_path / "hptc.yaml"
    text = file.read_text("utf-8")
    head, _, rest = text.partition("    infrastructure:\n")
    qualified = f"{head}    infrastructure:\n      bootstrap_qualifier: churn\n{rest}"
    file.write_text(qualified, encoding="utf-8")
    script = str(ROOT / "examples" / "aws" / "bootstrap.sh")
    command = ["sh", script, "dev", ACCOUNT, REGION, "churn"]

    execute(command, tmp_path, project.environment)

    iam = project.client("iam")
    printed = project.hptc_here("permissions", "--deployer", "--env", "dev").json
    assert attached(iam) == printed
    assert set(printed) == {"hptc-demo-dev-deployer-1", "hptc-demo-dev-deployer-2"}

    created = project.deploy()
    assert set(created) == {"hptc-demo-dev", f"hptc-demo-dev-{SPEC}"}
    names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert not any("hnb659fds" in name for name in names)

    # Again, after a change of what the environment needs.
    file.write_text(qualified.replace("network: managed", "network: absent"), encoding="utf-8")
    changed = project.hptc_here("permissions", "--deployer", "--env", "dev").json
    assert changed != printed
    (tools := tmp_path / "tools").mkdir()
    (tools / "npx").write_text("#!/bin/sh\n", encoding="utf-8")  # the policies are enough
    (tools / "npx").chmod(0o755)
    path = f"{tools}{os.pathsep}{project.environment['PATH']}"
    full = f"arn:aws:iam::{ACCOUNT}:policy/hptc-demo-dev-deployer-1"
    for _ in range(4):  # IAM keeps five versions
        iam.create_policy_version(
            PolicyArn=full, PolicyDocument=json.dumps(printed["hptc-demo-dev-deployer-1"])
        )
    execute(command, tmp_path, project.environment | {"PATH": path})
    versions = {
        version["VersionId"] for version in iam.list_policy_versions(PolicyArn=full)["Versions"]
    }
    assert versions == {"v1", "v3", "v4", "v5", "v6"}  # v1 was the default; v2 was the oldest other
    for name, expected in changed.items():
        assert document(iam, f"arn:aws:iam::{ACCOUNT}:policy/{name}") == expected


@pytest.mark.parametrize(
    ("arguments", "credentials", "error"),
    [
        pytest.param([], ACCOUNT, "usage: ", id="no-arguments"),
        pytest.param(
            ["dev", "999999999999", REGION, "churn"], ACCOUNT,
            f"error: in hptc.yaml, dev is in the account {ACCOUNT}, not 999999999999", id="account",
        ),
        pytest.param(
            ["dev", ACCOUNT, "eu-west-1", "churn"], ACCOUNT,
            f"error: in hptc.yaml, dev is in the Region {REGION}, not eu-west-1", id="region",
        ),
        pytest.param(
            ["dev", ACCOUNT, REGION, "churn"], "444444444444",
            f"which is not in the account {ACCOUNT}", id="credentials",
        ),
    ],
)  # fmt: skip
def test_a_mistake_changes_nothing(
    arguments: list[str], credentials: str, error: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    project = copy_project(tmp_path, sandbox, ACCOUNT, only=[SPEC])
    script = str(ROOT / "examples" / "aws" / "bootstrap.sh")
    known = project.client("iam").list_policies(Scope="Local")["Policies"]
    # The sandbox takes an access key that is an account ID for the credentials of that account.
    environment = project.environment | {"AWS_ACCESS_KEY_ID": credentials}
    result = execute(["sh", script, *arguments], tmp_path, environment, expect=None)
    assert result.code != 0
    assert error in result.err
    assert project.client("iam").list_policies(Scope="Local")["Policies"] == known

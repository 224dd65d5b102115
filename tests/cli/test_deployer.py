"""`hptc permissions --deployer`: the policies as JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.errors import EXIT_OK, EXIT_USAGE
from tests.support.specs import PROJECT, SPEC

BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "specs/churn.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_policies_are_documents_by_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["permissions", "--deployer"]) == EXIT_OK
    policies = json.loads(capsys.readouterr().out)
    assert all(name.endswith(f"-deployer-{i}") for i, name in enumerate(policies, 1))
    sids = [statement["Sid"] for policy in policies.values() for statement in policy["Statement"]]
    assert "Roles" in sids
    assert "BoundedRoles" not in sids
    assert "PassRoles" not in sids  # no schedule

    (project / "specs/churn.yaml").write_text(f"{SPEC}schedule: rate(7 days)\n", encoding="utf-8")
    assert run(["permissions", "--deployer", "--boundary", BOUNDARY]) == EXIT_OK
    policies = json.loads(capsys.readouterr().out)
    statements = {
        statement["Sid"]: statement
        for policy in policies.values()
        for statement in policy["Statement"]
    }
    condition = statements["BoundedRoles"]["Condition"]
    assert condition == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    assert "PassRoles" in statements


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--deployer", "specs"], "--deployer takes no paths"),
        (["--boundary", BOUNDARY], "--boundary needs --deployer"),
    ],
)
def test_options_that_do_not_fit(
    project: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["permissions", *arguments]) == EXIT_USAGE
    assert message in capsys.readouterr().err
    assert (project / "hptc.yaml").exists()


def test_a_boundary_that_only_a_deployment_knows_must_be_passed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "us-east-1, infrastructure: {permissions_boundary: 'ssm:/boundary'}}"
    text = PROJECT.replace("us-east-1}", own)
    (project / "hptc.yaml").write_text(text, encoding="utf-8")
    assert run(["permissions", "--deployer"]) == EXIT_USAGE
    assert "pass its ARN with --boundary ARN" in capsys.readouterr().err
    assert run(["permissions", "--deployer", "--boundary", BOUNDARY]) == EXIT_OK

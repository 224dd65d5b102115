"""The permissions of a spec's roles as text and as policy documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.compiler.permissions_report import permissions_report
from hptc.compiler.pipeline import compile_file, compile_text
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.infrastructure.spec_stacks import spec_stacks
from hptc.infrastructure.statements import document
from hptc.render.permissions import permissions_json, render_permissions
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def compiled(spec: str) -> Compiled:
    return succeeded(compile_file(f"specs/{spec}.yaml", Workspace(environment="dev")))


@pytest.mark.parametrize(
    "spec",
    [
        *("cifar10-spot", "churn-two-algorithms", "electricity-deepar", "keras-own-image"),
        "objects-manifest",
    ],
)
def test_each_statement_is_traced_to_the_spec(spec: str, golden: Golden) -> None:
    report = permissions_report(compiled(spec))
    golden(f"permissions/{spec}.txt", render_permissions(report))


def test_json_is_the_policy_that_is_deployed(golden: Golden) -> None:
    outcome = compiled("direct-marketing-xgboost")
    result = permissions_json(permissions_report(succeeded(outcome)))
    golden("permissions/direct-marketing-xgboost.json", result)
    assert outcome.environment is not None
    assert outcome.job is not None
    (stack,) = spec_stacks(outcome.environment, [(outcome.name, outcome.job)])
    assert json.loads(result) == document(stack.permissions)


def test_every_place_is_in_a_file_of_the_project() -> None:
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        report = permissions_report(compiled(path.stem))
        for role in (*report.roles, *report.schedule):
            for permission in role.permissions:
                assert permission.required_by
                for requirement in permission.required_by:
                    assert requirement.span.file in (f"specs/{path.name}", "hptc.yaml")
                    assert requirement.path
                    if requirement.provided_by:
                        assert requirement.span.file == f"specs/{path.name}"


def test_it_fits_a_terminal_but_for_names_that_are_copied() -> None:
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        for line in render_permissions(permissions_report(compiled(path.stem))).splitlines():
            assert len(line) <= 80 or len(line.removeprefix("  on").split()) == 1, line


def test_each_of_several_roles_has_a_policy(tmp_path: Path) -> None:
    text = (ROOT / "specs" / "churn-two-algorithms.yaml").read_text(encoding="utf-8")
    role = "arn:aws:iam::123456789012:role/mine"
    assert "  trees:\n" in text
    text = text.replace("  trees:\n", f"  trees:\n    role_arn: {role}\n")
    workspace = Workspace(environment="dev")
    project, _ = workspace.project_of(ROOT)
    report = permissions_report(succeeded(compile_text(text, "two.yaml", workspace, project)))
    assert [(role.arn, role.is_managed) for role in report.roles] == [
        ("${hptc:execution_role_arn}", True),
        (role, False),
    ]
    result = json.loads(permissions_json(report))
    assert list(result) == ["${hptc:execution_role_arn}", role]
    assert all(policy["Version"] == "2012-10-17" for policy in result.values())
    assert f"{role}: an existing role" in render_permissions(report)


def test_permissions_need_an_environment() -> None:
    text = (ROOT / "tests/golden/requests/dev/mnist-kmeans.json").read_text(encoding="utf-8")
    outcome = compile_text(text, "request.json", Workspace())
    with pytest.raises(UsageError, match="account and a Region"):
        permissions_report(succeeded(outcome))


def test_a_request_in_an_environment_has_no_managed_role() -> None:
    text = (ROOT / "tests/golden/requests/dev/mnist-kmeans.json").read_text(encoding="utf-8")
    workspace = Workspace(environment="dev")
    project, _ = workspace.project_of(ROOT)
    report = permissions_report(succeeded(compile_text(text, "request.json", workspace, project)))
    assert report.environment == "dev"
    assert [role.is_managed for role in report.roles] == [False]

"""Findings of cdk-nag's AwsSolutions pack and of CDK's own validation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hptc.cdk.synth import VALIDATE, build
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import OperationError
from hptc.infrastructure.foundation import Foundation, foundation
from hptc.infrastructure.scheduled_start import ScheduleStack, schedule_stacks
from hptc.infrastructure.spec_stacks import SpecStack, spec_stacks
from hptc.project.project_file import Environment
from tests.support.nag import findings, nag
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT
from tests.support.stacks import VARIANTS, WITH_A_SPEC, searched, variant

if TYPE_CHECKING:
    import aws_cdk as cdk

App = tuple[Environment, Foundation, tuple[SpecStack, ...]]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cdk")]


def app_of(name: str) -> App:
    """An environment of this repository with all of its specs, or a variant."""
    if name in VARIANTS:
        chosen = variant(name)
        jobs = [("churn", searched(chosen))] if name in WITH_A_SPEC else []
    else:
        compiled = all_succeeded(compile_paths([str(ROOT)], Workspace(environment=name)))
        chosen = next(
            outcome.environment for outcome in compiled if outcome.environment is not None
        )
        jobs = [(outcome.name, outcome.job) for outcome in compiled]
    return chosen, foundation(chosen), spec_stacks(chosen, jobs)


def scheduled(name: str) -> tuple[ScheduleStack, ...]:
    """The schedule stacks of an environment of this repository."""
    if name in VARIANTS:
        return ()
    chosen, _, _ = app_of(name)
    stacks = schedule_stacks(
        chosen, deployable_specs(compile_paths([str(ROOT)], Workspace(environment=name)))
    )
    assert stacks
    return stacks


@pytest.mark.parametrize(
    "name", ["dev", "prod", *(variant for variant in VARIANTS if variant != "nothing")]
)
def test_nag_finds_nothing_unexplained(name: str, tmp_path: Path) -> None:
    build(*app_of(name), tmp_path, schedules=scheduled(name), review=nag)
    assert findings(tmp_path) == []


def test_nag_reports_what_is_not_explained(tmp_path: Path) -> None:
    chosen, result, (stack, *_) = app_of("dev")

    def without_reasons(app: cdk.App) -> None:
        import aws_cdk as cdk
        from aws_cdk import aws_iam as iam

        role = (
            app.node.find_child(stack.stack)
            .node.find_child("Default")
            .node.find_child("ExecutionRole")
        )
        assert isinstance(role, iam.Role)
        role.add_to_policy(iam.PolicyStatement(actions=["s3:*"], resources=["*"]))
        assert isinstance(app, cdk.App)
        nag(app)

    outdir = tmp_path
    with pytest.raises(OperationError, match="CDK validation of the templates failed"):
        build(chosen, result, (stack,), outdir, review=without_reasons)
    assert {rule for rule, _ in findings(outdir)} == {
        "AwsSolutions-IAM5[Action::s3:*]",
        "AwsSolutions-IAM5[Resource::*]",
    }


def test_cdks_own_validation_finds_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VALIDATE, "1")
    build(*app_of("dev"), tmp_path, schedules=scheduled("dev"))
    assert findings(tmp_path) == []


def test_findings_of_cdk_stop_the_synthesis(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VALIDATE, "1")
    chosen, result, _ = app_of("without-network")

    def break_it(app: cdk.App) -> None:
        import aws_cdk as cdk

        stack = app.node.find_child(result.stack)
        assert isinstance(stack, cdk.Stack)
        cdk.CfnResource(
            stack, "Broken", type="AWS::KMS::Key", properties={"PendingWindowInDays": 3}
        )

    with pytest.raises(OperationError, match="CDK validation of the templates failed") as raised:
        build(chosen, result, (), tmp_path, review=break_it)
    assert "3 is less than the minimum of 7" in raised.value.message
    assert "validation-report.json" in raised.value.help

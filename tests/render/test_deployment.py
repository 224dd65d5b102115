"""Deployments and removals as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hptc.project.infrastructure_choices import Infrastructure
from hptc.project.project_file import Environment
from hptc.render.deployment import (
    deployment_json,
    removed_json,
    render_deployment,
    render_orphans,
    render_progress,
    render_removals,
    render_removed,
)
from hptc.service.interface import StackEvent, StackResource
from hptc.stacks.results import (
    DeployedOutputs,
    Deployment,
    Removal,
    Removed,
    StackActivity,
    StackFinished,
    StackProgress,
)

ROLE = StackEvent(stack="a", logical_id="Role", type="AWS::IAM::Role", status="CREATE_COMPLETE")
ITSELF = StackEvent(
    stack="a",
    logical_id="a",
    type="AWS::CloudFormation::Stack",
    status="UPDATE_IN_PROGRESS",
    reason="User Initiated",
)
FAILED = replace(ROLE, status="CREATE_FAILED", reason="no\x1b[2J")


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        pytest.param(
            StackActivity(event=ROLE, done=3, total=23),
            "a   3/23  CREATE_COMPLETE     AWS::IAM::Role Role",
            id="a resource",
        ),
        pytest.param(
            StackActivity(event=ROLE, done=5, total=4),
            "a   5/5  CREATE_COMPLETE     AWS::IAM::Role Role",
            id="more steps than expected",
        ),
        pytest.param(
            StackActivity(event=ITSELF, done=0, total=3),
            "a   0/3  UPDATE_IN_PROGRESS",
            id="the stack",
        ),
        pytest.param(
            StackActivity(event=FAILED, done=2, total=None),
            "a   2  CREATE_FAILED       AWS::IAM::Role Role: no\N{REPLACEMENT CHARACTER}[2J",
            id="a failure",
        ),
        pytest.param(
            StackFinished(stack="a", is_changed=False, number=1, count=2),
            "a: no changes (1 of 2)",
            id="no change",
        ),
        pytest.param(
            StackFinished(stack="a", is_changed=True, number=2, count=2),
            "a: deployed (2 of 2)",
            id="done",
        ),
    ],
)
def test_progress(progress: StackProgress, line: str) -> None:
    assert render_progress(progress) == line


def test_a_status_has_its_color() -> None:
    line = render_progress(StackActivity(event=FAILED, done=2, total=3), color=True)
    assert "  \x1b[31mCREATE_FAILED\x1b[0m  " in line


DEPLOYMENT = Deployment(
    environment=Environment(
        project="churn",
        name="dev",
        account="123456789012",
        region="us-east-1",
        infrastructure=Infrastructure(),
        variables={},
    ),
    stacks=(
        DeployedOutputs(name="a", is_changed=False, outputs={"KmsKeyArn": "k", "DataBucket": "d"}),
        DeployedOutputs(name="a-x", is_changed=True, outputs={}),
    ),
    orphaned=("a-gone",),
)


def test_outputs() -> None:
    assert render_deployment(DEPLOYMENT) == "a\n  DataBucket  d\n  KmsKeyArn   k\na-x"


@pytest.mark.parametrize(
    ("deployment", "text"),
    [
        pytest.param(replace(DEPLOYMENT, orphaned=()), "", id="none"),
        pytest.param(replace(DEPLOYMENT, orphaned=None), "", id="not looked for"),
        pytest.param(
            replace(DEPLOYMENT, orphaned=None, listing_error="denied"),
            "orphaned stacks not checked: denied",
            id="denied",
        ),
        pytest.param(
            DEPLOYMENT,
            "orphaned stacks, which no spec needs; they were not changed:\n  a-gone\nhelp: "
            "`hptc destroy STACK --env dev` deletes one, unless a running job uses its role",
            id="one",
        ),
        pytest.param(
            replace(DEPLOYMENT, orphaned=("a-gone-schedule",)),
            "orphaned stacks, which no spec needs; they were not changed:\n  a-gone-schedule\n"
            "help: `hptc destroy STACK --env dev` deletes one, unless a running job uses its role; "
            "until then, the stack of a schedule starts tuning jobs",
            id="a schedule",
        ),
    ],
)
def test_orphans(deployment: Deployment, text: str) -> None:
    assert render_orphans(deployment) == text


@pytest.mark.parametrize("orphaned", [None, (), ("a-gone",)])
def test_json(orphaned: tuple[str, ...] | None) -> None:
    assert json.loads(deployment_json(replace(DEPLOYMENT, orphaned=orphaned))) == {
        "version": 1,
        "command": "deploy",
        "project": "churn",
        "environment": "dev",
        "account": "123456789012",
        "region": "us-east-1",
        "stacks": [
            {"name": "a", "changed": False, "outputs": {"DataBucket": "d", "KmsKeyArn": "k"}},
            {"name": "a-x", "changed": True, "outputs": {}},
        ],
        "uploads": [],
        "orphaned_stacks": orphaned if orphaned is None else list(orphaned),
    }


def test_removals() -> None:
    bucket = StackResource(logical_id="Data", type="AWS::S3::Bucket", is_retained=True)
    role = StackResource(logical_id="Role", type="AWS::IAM::Role", is_retained=False)
    planned = [
        Removal(name="a-gone", arn="arn", resources=(role,)),
        Removal(name="a", arn="arn", resources=(bucket, role, role)),
    ]
    assert render_removals(planned) == (
        "a-gone: 1 resource to delete\na: 2 resources to delete\n  retained: AWS::S3::Bucket Data"
    )
    left = replace(ROLE, logical_id="Data", type="AWS::S3::Bucket", physical_id="data-1")
    removed = [Removed(name="a", retained=(left,))]
    assert render_removed(removed[0], "us-east-1") == (
        "deleted a\n  retained: AWS::S3::Bucket data-1: "
        "`aws s3 rb --region us-east-1 s3://data-1` removes it"
    )
    assert json.loads(removed_json(removed)) == {
        "version": 1,
        "command": "destroy",
        "stacks": [
            {
                "name": "a",
                "retained": [
                    {"logical_id": "Data", "type": "AWS::S3::Bucket", "physical_id": "data-1"}
                ],
            }
        ],
    }

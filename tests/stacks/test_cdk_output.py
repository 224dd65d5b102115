"""The output of the CDK CLI while it deploys several stacks side by side."""

from __future__ import annotations

import pytest

from hptc.aws.client import Aws
from hptc.service.interface import StackEvent
from hptc.stacks import deploy_errors
from hptc.stacks.cdk_output import CdkOutput
from hptc.stacks.deploy_errors import deployment_error
from hptc.stacks.results import StackActivity, StackFinished, StackProgress
from tests.support.fake_service import FakeStacks, FakeTuning, stack_event
from tests.support.stacks import variant

# Recorded from aws-cdk 2.1148.1 with --concurrency 8, on the sandbox.
SIDE_BY_SIDE = """\
a-dev-one: creating CloudFormation changeset...
a-dev-two: creating CloudFormation changeset...
a-dev-one: deploying... [2/5]
a-dev-two: deploying... [3/5]
a-dev-three: deploying... [4/5]
a-dev-one | 0/3 | 8:41:39 PM | CREATE_IN_PROGRESS      | AWS::CloudFormation::Stack | a-dev-one User Initiated
a-dev-two | 0/3 | 8:41:40 PM | CREATE_IN_PROGRESS      | AWS::CloudFormation::Stack | a-dev-two User Initiated
a-dev-one | 0/3 | 8:41:40 PM | CREATE_FAILED           | AWS::IAM::Role             | ExecutionRole (ExecutionRole605A040B) Role with name ml-one already exists.
a-dev-three | 0/3 | 8:41:40 PM | UPDATE_IN_PROGRESS      | AWS::CloudFormation::Stack | a-dev-three User Initiated
a-dev-one | 0/3 | 8:41:40 PM | ROLLBACK_IN_PROGRESS    | AWS::CloudFormation::Stack | a-dev-one Role with name ml-one already exists.
a-dev-one | 1/3 | 8:41:40 PM | ROLLBACK_COMPLETE       | AWS::CloudFormation::Stack | a-dev-one 

Failed resources:
a-dev-one | 8:41:40 PM | CREATE_FAILED           | AWS::IAM::Role             | ExecutionRole (ExecutionRole605A040B) Role with name ml-one already exists.

✅  a-dev-two

✨  Deployment time: 0.71s

Outputs:
a-dev-two.Digest = 95cdd46aeed6990c
Stack ARN:
arn:aws:cloudformation:us-east-1:123456789012:stack/a-dev-two/100a446c-5e83-489f-9d68-ac26c53b9fae
a-dev-three | 0/3 | 8:41:41 PM | UPDATE_ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | a-dev-three The policy is malformed.
a-dev-three | 1/3 | 8:41:41 PM | UPDATE_ROLLBACK_COMPLETE | AWS::CloudFormation::Stack | a-dev-three 
❌  a-dev-three failed to deploy
‣ DeploymentError: Resource updates failed:
a-dev-three/Permissions  (AWS::IAM::Policy Permissions)
  The policy is malformed.
"""  # noqa: E501, W291


def parsed() -> tuple[CdkOutput, list[StackProgress], list[str]]:
    steps: list[StackProgress] = []
    lines: list[str] = []
    output = CdkOutput(steps.append, lines.append)
    for line in SIDE_BY_SIDE.split("\n"):
        output.feed_line(line)
    return output, steps, lines


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("UPDATE_ROLLBACK_IN_PROG", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("UPDATE_ROLLBACK_COMPLET", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_COMPLETE_CLEANUP", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"),
        ("CREATE_COMPLETE", "CREATE_COMPLETE"),
    ],
)
def test_a_status_that_the_cli_has_cut(cut: str, whole: str) -> None:
    steps: list[StackProgress] = []
    output = CdkOutput(steps.append, lambda _: None)
    output.feed_line(f"a | 0/3 | 8:41:39 PM | {cut.ljust(23)} | AWS::CloudFormation::Stack | a ")
    (step,) = steps
    assert isinstance(step, StackActivity)
    assert step.event.status == whole


def test_every_step_has_its_stack() -> None:
    output, steps, lines = parsed()
    assert lines == []  # nothing of the CLI's own is left
    by_stack = [step.event.stack for step in steps if isinstance(step, StackActivity)]
    assert by_stack == [
        f"a-dev-{name}" for name in ["one", "two", "one", "three", "one", "one", "three", "three"]
    ]
    # Numbered as they end: of five stacks, the first to end is this one, although it began third.
    assert [step for step in steps if isinstance(step, StackFinished)] == [
        StackFinished(stack="a-dev-two", is_changed=True, number=1, count=5)
    ]
    assert output.unfinished == ()


def test_each_failure_is_reported_although_the_cli_reports_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output, _, _ = parsed()
    assert output.failed == "a-dev-three"
    assert output.failures == ("a-dev-one", "a-dev-three")

    stacks = FakeStacks()
    for stack, type_, prefix, reason in (
        ("a-dev-one", "AWS::IAM::Role", "CREATE", "Role with name ml-one already exists."),
        ("a-dev-three", "AWS::IAM::Policy", "UPDATE", "The policy is malformed."),
    ):
        rollback = "ROLLBACK" if prefix == "CREATE" else "UPDATE_ROLLBACK"
        stacks.history[stack] = [
            stack_event(stack, f"{prefix}_IN_PROGRESS", "User Initiated"),
            StackEvent(
                stack=stack, logical_id="A", type=type_, status=f"{prefix}_FAILED", reason=reason
            ),
            stack_event(stack, f"{rollback}_IN_PROGRESS"),
            stack_event(stack, f"{rollback}_COMPLETE"),
        ]
    aws = Aws(tuning=FakeTuning(), stacks=stacks, region="us-east-1")
    monkeypatch.setattr(deploy_errors, "connect", lambda _: aws)
    error = deployment_error(variant("china"), output, 1)
    assert error.message == (
        "`a-dev-one`: A (AWS::IAM::Role) could not be created: Role with name ml-one already "
        "exists.\n  `a-dev-three`: A (AWS::IAM::Policy) could not be updated: The policy is "
        "malformed."
    )
    assert error.help == (
        "fix this, then rerun `hptc deploy`; the CDK deletes the failed stack before it creates it "
        "again; fix this, then rerun `hptc deploy`; the stack was rolled back to its previous state"
    )


def test_without_events_the_cli_s_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    output, _, _ = parsed()
    stacks = FakeStacks()
    aws = Aws(tuning=FakeTuning(), stacks=stacks, region="us-east-1")
    monkeypatch.setattr(deploy_errors, "connect", lambda _: aws)
    error = deployment_error(variant("china"), output, 1)
    assert error.message == (
        "`a-dev-three`: Resource updates failed: a-dev-three/Permissions (AWS::IAM::Policy "
        "Permissions) The policy is malformed."
    )

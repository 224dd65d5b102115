"""The policies of CloudFormation's execution role: they suffice for the stacks, and no more."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.deployer_policy import deployer_policies, deployer_statements
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.policy_size import MAX_MANAGED_POLICY, policy_size
from hptc.infrastructure.statements import Statement, document
from hptc.project.project_file import Environment
from tests.support.iam_deployments import Place, calls, generated_name, handler_actions
from tests.support.iam_evaluator import Call, is_allowed, sids_of
from tests.support.paths import GOLDEN, ROOT
from tests.support.stacks import REGIONS, VARIANTS, WITH_A_SPEC, searched, variant

PARTITIONS = {"china": "aws-cn", "gov": "aws-us-gov"}
NAMES = ["dev", *(name for name in VARIANTS if name != "nothing")]


@cache
def dev() -> tuple[Environment, list[DeployableSpec]]:
    outcomes = compile_paths([str(ROOT)], Workspace(environment="dev"))
    environment = next(
        outcome.environment for outcome in outcomes if outcome.environment is not None
    )
    return environment, deployable_specs(outcomes)


def specs_of(name: str) -> tuple[Environment, list[DeployableSpec]]:
    if name == "dev":
        return dev()
    chosen = variant(name)
    if name not in WITH_A_SPEC:
        return chosen, []
    spec = DeployableSpec(name="churn", job=searched(chosen), request={}, digest="")
    return chosen, [spec]


@cache
def statements(name: str, boundary: str | None = None) -> tuple[Statement, ...]:
    chosen, specs = specs_of(name)
    return deployer_statements(chosen, environment_stacks(chosen, specs), boundary)


def policy(name: str, boundary: str | None = None) -> dict[str, Any]:
    return document(statements(name, boundary))


def templates(name: str) -> dict[str, dict[str, Any]]:
    """The synthesized templates of an environment, by stack."""
    if name == "dev":
        paths = {path.stem: path for path in (GOLDEN / "stacks" / "dev").iterdir()}
    else:
        stack = f"hptc-demo-{name}"
        paths = {stack: GOLDEN / "stacks" / "foundations" / f"{name}.json"}
        if name in WITH_A_SPEC:
            paths[f"{stack}-churn"] = GOLDEN / "stacks" / "roles" / f"{name}.json"
    return {stack: json.loads(path.read_text(encoding="utf-8")) for stack, path in paths.items()}


def place(name: str, stack: str, boundary: str | None = None) -> Place:
    return Place(
        stack=stack,
        account="123456789012",
        region=REGIONS.get(name, "us-east-1"),
        partition=PARTITIONS.get(name, "aws"),
        tags={"hptc:project": "demo", "hptc:environment": name},
        boundary=boundary,
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_call_of_every_resource_is_allowed(name: str) -> None:
    denied, seen = [], 0
    for stack, template in templates(name).items():
        for kind, call in calls(template, place(name, stack)):
            seen += 1
            if not is_allowed(call, policy(name)):
                denied.append(f"{kind}: {call}")
    assert denied == []
    assert seen > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_one_of_a_resource(name: str) -> None:
    """Except those of CloudFormation itself, which the statement explains."""
    kinds = {
        resource["Type"]
        for template in templates(name).values()
        for resource in template["Resources"].values()
    }
    needed = {action for kind in kinds for action in handler_actions(kind)}
    needed |= {"ec2:DescribeAccountAttributes", "ec2:DescribeAvailabilityZones"}  # Fn::GetAZs
    needed |= {"ssm:GetParameters", "route53:AssociateVPCWithHostedZone"}
    allowed = {action for statement in statements(name) for action in statement.actions}
    assert allowed - needed == set()
    assert not any("*" in action for action in allowed)


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_is_needed(name: str) -> None:
    used = {
        sid
        for stack, template in templates(name).items()
        for _, call in calls(template, place(name, stack))
        for sid in sids_of(call, policy(name))
    }
    assert {statement.sid for statement in statements(name)} - used <= {
        "Parameters",
        "PrivateNames",
    }


OTHERS = {"hptc:project": "other", "hptc:environment": "dev"}
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def tagged(key: str, tags: dict[str, str]) -> dict[str, str]:
    return {f"aws:{key}/{tag}": value for tag, value in tags.items()}


def role(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


def ec2(name: str) -> str:
    return f"arn:aws:ec2:us-east-1:123456789012:{name}"


DENIED: dict[str, tuple[str, str, dict[str, str]]] = {
    "a user": ("iam:CreateUser", "arn:aws:iam::123456789012:user/hptc/demo/dev/x", {}),
    "an access key": ("iam:CreateAccessKey", "arn:aws:iam::123456789012:user/x", {}),
    "a role of another project": ("iam:CreateRole", role("hptc/other/dev/hptc-other-dev-x"), {}),
    "a role of another environment": (
        "iam:PutRolePolicy", role("hptc/demo/prod/hptc-demo-prod-x"), {}),
    "a role of nobody": ("iam:PutRolePolicy", role("Admin"), {}),
    "the role of CloudFormation itself": (
        "iam:PutRolePolicy", role("cdk-hnb659fds-cfn-exec-role-123456789012-us-east-1"), {}),
    "an administrator's policy for an own role": (
        "iam:AttachRolePolicy", role("hptc/demo/dev/hptc-demo-dev-x"), {}),
    "another policy": ("iam:CreatePolicy", "arn:aws:iam::123456789012:policy/x", {}),
    "the launcher policy for somebody": (
        "iam:AttachUserPolicy", "arn:aws:iam::123456789012:user/x", {}),
    "passing a role to EC2": (
        "iam:PassRole", role("hptc/demo/dev/hptc-demo-dev-x"),
        {"iam:PassedToService": "ec2.amazonaws.com"}),
    "passing a role of another project": (
        "iam:PassRole", role("hptc/other/dev/x"), {"iam:PassedToService": "states.amazonaws.com"}),
    "assuming a role": ("sts:AssumeRole", role("hptc/demo/dev/hptc-demo-dev-x"), {}),
    "reading an object": (
        "s3:GetObject", "arn:aws:s3:::hptc-demo-dev-databuckete3889a50-x/a", {}),
    "writing an object": (
        "s3:PutObject", "arn:aws:s3:::hptc-demo-dev-databuckete3889a50-x/a", {}),
    "another bucket": ("s3:DeleteBucket", "arn:aws:s3:::hptc-demo-prod-databucket-x", {}),
    "another bucket's policy": ("s3:PutBucketPolicy", "arn:aws:s3:::lake", {}),
    "a key without tags": ("kms:CreateKey", "*", {}),
    "a key of another project": (
        "kms:ScheduleKeyDeletion", "arn:aws:kms:us-east-1:123456789012:key/x",
        tagged("ResourceTag", OTHERS)),
    "a key of nobody": (
        "kms:PutKeyPolicy", "arn:aws:kms:us-east-1:123456789012:key/x", {}),
    "claiming a key": (
        "kms:TagResource", "arn:aws:kms:us-east-1:123456789012:key/x",
        tagged("RequestTag", {"hptc:project": "demo", "hptc:environment": "dev"})
        | tagged("ResourceTag", OTHERS)),
    "decrypting": (
        "kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/x",
        tagged("ResourceTag", {"hptc:project": "demo", "hptc:environment": "dev"})),
    "another alias": ("kms:CreateAlias", "arn:aws:kms:us-east-1:123456789012:alias/x", {}),
    "a VPC of nobody": ("ec2:DeleteVpc", ec2("vpc/x"), {}),
    "a VPC of another project": ("ec2:DeleteVpc", ec2("vpc/x"), tagged("ResourceTag", OTHERS)),
    "a subnet in another VPC": ("ec2:CreateSubnet", ec2("vpc/x"), tagged("ResourceTag", OTHERS)),
    "opening a group of another project": (
        "ec2:AuthorizeSecurityGroupIngress", ec2("security-group/x"),
        tagged("ResourceTag", OTHERS)),
    "claiming a VPC": (
        "ec2:CreateTags", ec2("vpc/x"),
        tagged("RequestTag", {"hptc:project": "demo", "hptc:environment": "dev"})
        | tagged("ResourceTag", OTHERS)),
    "a tag of its own choice": ("ec2:CreateTags", ec2("vpc/x"), {"aws:RequestTag/a": "b"}),
    "an internet gateway": ("ec2:CreateInternetGateway", ec2("internet-gateway/x"), {}),
    "an instance": ("ec2:RunInstances", ec2("instance/x"), {}),
    "a function": (
        "lambda:CreateFunction", "arn:aws:lambda:us-east-1:123456789012:function:x", {}),
    "another state machine": (
        "states:UpdateStateMachine", "arn:aws:states:us-east-1:123456789012:stateMachine:x",
        tagged("ResourceTag", OTHERS)),
    "starting a state machine": (
        "states:StartExecution", "arn:aws:states:us-east-1:123456789012:stateMachine:x",
        tagged("ResourceTag", {"hptc:project": "demo", "hptc:environment": "dev"})),
    "a tuning job": (
        "sagemaker:CreateHyperParameterTuningJob",
        "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/x", {}),
    "another alarm": (
        "cloudwatch:DeleteAlarms", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x", {}),
    "another Region": ("ec2:CreateVpc", ec2("vpc/x").replace("us-east-1", "eu-west-1"), {}),
}  # fmt: skip


@pytest.mark.parametrize("what", DENIED)
def test_other_calls_are_denied(what: str) -> None:
    action, resource, context = DENIED[what]
    assert not is_allowed(Call(action=action, resource=resource, context=context), policy("dev"))


def test_a_role_needs_the_boundary() -> None:
    bounded = policy("dev", BOUNDARY)
    own = role(f"hptc/demo/dev/{generated_name('hptc-demo-dev-churn', 'ExecutionRole', 64)}")
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        call = Call(action=action, resource=own)
        assert not is_allowed(call, bounded)
        other = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
        assert not is_allowed(replace(call, context=other), bounded)
        assert is_allowed(replace(call, context={"iam:PermissionsBoundary": BOUNDARY}), bounded)
    remove = Call(action="iam:DeleteRolePermissionsBoundary", resource=own)
    assert not is_allowed(remove, bounded)
    for stack, template in templates("dev").items():
        for kind, call in calls(template, place("dev", stack, BOUNDARY)):
            assert is_allowed(call, bounded), f"{kind}: {call}"


def test_a_long_stack_name_that_cloudformation_cuts_is_covered() -> None:
    chosen, specs = dev()
    long = replace(chosen, project="a-project-with-a-long-name", name="production")
    documented = document(deployer_statements(long, environment_stacks(long, specs), None))
    stack = long.spec_stack("churn")
    name = generated_name(stack, "StateMachineRole78EC082E", 64)
    assert len(name) == 64
    arn = role(f"hptc/a-project-with-a-long-name/production/{name}")
    assert is_allowed(Call(action="iam:CreateRole", resource=arn), documented)
    bucket = generated_name(long.foundation_stack, "ArtifactBucket7410C9EF", 63).lower()
    create = Call(action="s3:CreateBucket", resource=f"arn:aws:s3:::{bucket}")
    assert is_allowed(create, documented)


def test_what_an_environment_does_not_create_is_not_allowed() -> None:
    bare = {action for statement in statements("without-network") for action in statement.actions}
    assert not any(action.startswith(("ec2:", "states:", "iam:PassRole")) for action in bare)
    brought = {action for statement in statements("brought-key") for action in statement.actions}
    assert not any(action.startswith("kms:") for action in brought)
    parameters = {statement.sid: statement for statement in statements("parameters")}
    assert (
        "arn:aws:ssm:us-east-1:123456789012:parameter/ml/key" in parameters["Parameters"].resources
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_policy_fits_and_none_of_the_statements_is_lost(name: str) -> None:
    chosen, _ = specs_of(name)
    policies = deployer_policies(chosen, statements(name))
    split = tuple(statement for policy in policies for statement in policy.statements)
    assert split == statements(name)
    for number, policy in enumerate(policies, 1):
        assert policy.name == f"hptc-demo-{name}-deployer-{number}"
        size = len(json.dumps(document(policy.statements), separators=(",", ":")))
        assert size <= MAX_MANAGED_POLICY


def test_wildcards_have_reasons() -> None:
    for name in NAMES:
        for statement in statements(name):
            assert statement.reason
            assert statement.resources
            if "*" in statement.resources:
                assert statement.reason.startswith("AWS has no narrower form")


@pytest.mark.parametrize(("size", "count"), [(6_143, 1), (6_144, 1), (6_145, 2)])
def test_a_policy_is_filled_up_to_the_limit_of_iam(size: int, count: int) -> None:
    chosen, _ = dev()

    def padded(length: int) -> list[Statement]:
        first = Statement(sid="First", actions=("s3:GetObject",), resources=("r",), reason="")
        return [first, replace(first, sid="Second", resources=("r" * length,))]

    filled = padded(size - policy_size(padded(0), chosen))
    assert policy_size(filled, chosen) == size
    assert len(deployer_policies(chosen, filled)) == count

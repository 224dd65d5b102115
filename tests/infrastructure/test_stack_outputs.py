"""References: which stack provides each, and what SSM parameters stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.spec_stacks import spec_stacks
from hptc.infrastructure.stack_outputs import Output, locate, output_key
from hptc.infrastructure.statements import document
from hptc.project.infrastructure_choices import (
    Infrastructure,
    parameters_replaced,
)
from hptc.project.project_file import load
from hptc.project.references import NAMES, names_in
from tests.support.jobs import (
    ACCOUNT,
    BY_PARAMETER,
    KEY,
    ROLE,
    by_parameter,
    definition,
    environment,
    job,
)
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT


def test_every_reference_has_its_output() -> None:
    whole = by_parameter(
        kms_key="managed",
        network={
            "subnet_ids": [f"ssm:/subnet/{i}" for i in range(16)],
            "security_group_ids": [f"ssm:/group/{i}" for i in range(5)],
        },
    )
    assert {name: locate(whole, name, "churn") for name in NAMES} == {
        name: Output(
            stack="hptc-demo-dev-churn" if name == "execution_role_arn" else "hptc-demo-dev",
            key=output_key(name),
        )
        for name in NAMES
    }
    assert output_key("subnet_id_1") == "SubnetId1"
    assert output_key("execution_role_arn") == "ExecutionRoleArn"


@pytest.mark.parametrize("name", ["kms_key_arn", "subnet_id_1", "data_bucket"])
def test_a_resource_that_is_not_managed_has_no_output(name: str) -> None:
    assert locate(environment(data_bucket="mine"), name, "churn") is None


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_specs_of_this_repository_reference_outputs_only(name: str) -> None:
    compiled = compile_paths([str(ROOT)], Workspace(environment=name))
    chosen = next(outcome.environment for outcome in compiled if outcome.environment is not None)
    stacks = spec_stacks(
        chosen, [(outcome.name, outcome.job) for outcome in all_succeeded(compiled)]
    )
    assert stacks
    for stack in stacks:
        for reference in names_in(document(stack.permissions)):
            output = locate(chosen, reference, stack.spec)
            assert output is not None
            assert output.key == output_key(reference)


def test_a_parameter_provides_a_reference() -> None:
    result = by_parameter(**BY_PARAMETER)
    parameters = {parameter.provides: parameter.name for parameter in foundation(result).parameters}
    assert parameters == {
        "vpc_id": "/vpc",
        "subnet_id_1": "/a",
        "execution_role_arn": "/ml/role",
        "artifact_bucket": "/ml/models",
        "data_bucket": "lake",
        "kms_key_arn": "/ml/key",
        "input_kms_key_2": "/lake/key",
        "permissions_boundary_arn": "/iam/boundary",
    }
    for name in parameters:
        assert locate(result, name, "churn") == Output(stack="hptc-demo-dev", key=output_key(name))
    assert result.variables["subnet_ids"] == ["${hptc:subnet_id_1}", "subnet-1"]
    assert result.variables["security_group_ids"] == ["${hptc:security_group_id}"]
    assert result.variables["kms_key_arn"] == "${hptc:kms_key_arn}"
    assert result.infrastructure.execution_role == ROLE


def test_a_role_from_a_parameter_is_not_managed() -> None:
    result = by_parameter(execution_role="ssm:/ml/role")
    assert spec_stacks(result, [("churn", job(definition()))]) == ()
    output = locate(result, "execution_role_arn", "churn")
    assert output == Output(stack="hptc-demo-dev", key="ExecutionRoleArn")


def test_without_a_parameter_nothing_changes() -> None:
    chosen = Infrastructure.model_validate({"network": "managed", "kms_key": KEY})
    assert parameters_replaced(chosen) == (chosen, {})


@pytest.mark.parametrize(
    ("infrastructure", "message"),
    [
        ("kms_key: 'ssm:'", "is not a valid SSM parameter"),
        ("data_bucket: ssm:/a b", "is not a valid SSM parameter"),
        ("network: {subnet_ids: ['ssm:/a/']}", "is not a valid SSM parameter"),
        ("network: {security_group_ids: [sg-1]}", "requires `subnet_ids`"),
        ("network: {vpc_id: vpc-1}", "requires `subnet_ids`"),
        ("network: {subnet_ids: [subnet-1]}", "requires `security_group_ids`, or `vpc_id`"),
        (
            "network: {subnet_ids: [vpc-1], security_group_ids: [sg-1]}",
            "`vpc-1` is not a valid subnet",
        ),
        ("network: {s3_prefix_list_id: ssm:/list}", "`ssm:/list` is not a valid prefix list"),
        ("network: {s3_buckets: ['s3://lake']}", "`s3://lake` is not a valid bucket"),
        ("kms_key: lake", "`lake` is not a valid KMS key"),
        ("permissions_boundary: 'a policy'", "`a policy` is not a valid managed policy"),
        (
            "network: {subnet_ids: [subnet-1], security_group_ids: [sg-1], cidr: 10.0.0.0/20}",
            "`cidr` configures a VPC that hptc creates",
        ),
        ("role_path: /", "role_path"),
        ("role_path: ml/tuning/", "role_path"),
        ("role_path: /ml/*/", "role_path"),
        ("role_path: /ml//tuning/", "role_path"),
        ("role_path: '/ml:tuning/'", "role_path"),
    ],
)
def test_an_invalid_identifier_is_a_finding_on_its_line(
    infrastructure: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "hptc.yaml"
    file.write_text(
        f"project: demo\nenvironments:\n  dev:\n    account: '{ACCOUNT}'\n    region: us-east-1\n"
        f"    infrastructure:\n      {infrastructure}\n",
        encoding="utf-8",
    )
    project, (diagnostic,) = load(file)
    assert project is None
    assert message in diagnostic.message
    assert diagnostic.span.line == 7

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.infrastructure.foundation import GroupInVpc, foundation
from hptc.infrastructure.foundation import Network as MadeNetwork
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.spec_stacks import Output, locate, output_key, spec_stacks
from hptc.infrastructure.statements import Condition, Statement, document, merge
from hptc.project.infrastructure_choices import Infrastructure, Network, by_parameters, provided
from hptc.project.project_file import Environment, load
from hptc.project.references import NAMES, names_in
from tests.support.jobs import (
    ACCOUNT,
    BY_PARAMETER,
    KEY,
    ROLE,
    algorithm,
    definition,
    environment,
    file_system,
    image,
    inputs,
    job,
    s3_input,
    volume,
)
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT

ALWAYS = ["WriteOutput", "WriteLogs", "PutMetrics"]


VPC = {"VpcConfig": {"Subnets": ["${hptc:subnet_id_1}"], "SecurityGroupIds": ["sg-1"]}}
LIST, GET, PUT = "s3:ListBucket", "s3:GetObject", "s3:PutObject"
DATA = "arn:aws:s3:::${hptc:data_bucket}"
POINT = "arn:aws:s3:us-east-1:111122223333:accesspoint/team"
SUBNET = "arn:aws:ec2:us-east-1:123456789012:subnet/${hptc:subnet_id_1}"
EFS = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-0123456789abcdef0"
SAGEMAKER = "arn:aws:sagemaker:us-east-1:123456789012"
DLC = "arn:aws:ecr:us-east-1:763104351884:repository/"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
LOG_IN = ("ecr:GetAuthorizationToken", "*", None)
SEAL = ["kms:Decrypt", "kms:GenerateDataKey"]
VIA_S3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
VIA_EITHER = {"StringEquals": {"kms:ViaService": [
    "s3.us-east-1.amazonaws.com", "sagemaker.us-east-1.amazonaws.com"]}}  # fmt: skip
FOR_RESOURCE = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
AN_ENI = "arn:aws:ec2:us-east-1:123456789012:network-interface/*"
ANY_KEY = "arn:aws:kms:us-east-1:123456789012:key/*"
THEIR_KEY = "arn:aws:kms:us-east-1:111122223333:key/*"
BY_ALIAS = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/ml"}}


def under(prefix: str | list[str]) -> dict[str, Any]:
    return {"StringLike": {"s3:prefix": prefix}}


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # what: (of the definition, of the infrastructure, statements beyond those of every role)
    "nothing": ({}, {}, {}),
    "a prefix of a made bucket": (
        inputs("s3://${hptc:data_bucket}/churn/train/"), {},
        {"ListInputDataBucket": (LIST, DATA, under("churn/train/*")),
         "ReadInput": (GET, f"{DATA}/churn/train/*", None)},
    ),
    "two prefixes of another bucket": (
        inputs("s3://lake/b", "s3://lake/a/"), {},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under(["a/*", "b*"])),
         "ReadInput": (GET, ["arn:aws:s3:::lake/a/*", "arn:aws:s3:::lake/b*"], None)},
    ),
    "a whole bucket": (
        inputs("s3://lake"), {},
        {"ListInputLake6f021fWhole": (LIST, "arn:aws:s3:::lake", None),
         "ReadInput": (GET, "arn:aws:s3:::lake/*", None)},
    ),
    "keys that mean something to IAM": (
        inputs("s3://lake/a*b?${aws:username}/"), {},
        {"ListInputLake6f021f": (
            LIST, "arn:aws:s3:::lake", under("a${*}b${?}${$}{aws:username}/*")),
         "ReadInput": (GET, "arn:aws:s3:::lake/a${*}b${?}${$}{aws:username}/*", None)},
    ),
    "a manifest": (
        inputs("s3://lake/lists/train.json", data_type="ManifestFile"), {},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under("lists/train.json*")),
         "ReadManifest": (GET, "arn:aws:s3:::lake/*", None)},
    ),
    "an augmented manifest": (
        inputs("s3://lake/train.manifest", data_type="AugmentedManifestFile"), {},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under("train.manifest*")),
         "ReadManifest": (GET, "arn:aws:s3:::lake/*", None)},
    ),
    "an https URI": (
        inputs("https://lake.s3.us-east-1.amazonaws.com/a/"), {},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under("a/*")),
         "ReadInput": (GET, "arn:aws:s3:::lake/a/*", None)},
    ),
    "an access point": (
        inputs("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/team/a/"), {},
        {"ListInputTeamca8b22": (LIST, POINT, under("a/*")),
         "ReadInput": (GET, f"{POINT}/object/a/*", None)},
    ),
    "S3 Express One Zone": (
        inputs("s3://fast--use1-az4--x-s3/a/"), {},
        {"OpenInputSession": (
            "s3express:CreateSession",
            "arn:aws:s3express:us-east-1:123456789012:bucket/fast--use1-az4--x-s3",
            {"StringEquals": {"s3express:SessionMode": "ReadOnly"}})},
    ),
    "a training script": (
        {"StaticHyperParameters": {"sagemaker_submit_directory": '"s3://code/source.tar.gz"'}}, {},
        {"ReadCode": (GET, "arn:aws:s3:::code/source.tar.gz", None)},
    ),
    "checkpoints": (
        {"CheckpointConfig": {"S3Uri": "s3://out/ckpt"}}, {},
        {"ListCheckpointsOut762069": (LIST, "arn:aws:s3:::out", under(["ckpt", "ckpt/*"])),
         "ReadWriteCheckpoints": ([GET, PUT], "arn:aws:s3:::out/ckpt/*", None)},
    ),
    "an input in a bucket of the project's key": (
        inputs("s3://${hptc:data_bucket}/a/"), {"kms_key": "managed"},
        {"ListInputDataBucket": (LIST, DATA, under("a/*")),
         "ReadInput": (GET, f"{DATA}/a/*", None),
         "DecryptInput": ("kms:Decrypt", "${hptc:kms_key_arn}", VIA_S3)},
    ),
    "an input in a brought bucket with brought keys": (
        inputs("s3://lake/a/"),
        {"data_bucket": "lake", "kms_key": KEY, "input_kms_keys": ["alias/ml"]},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under("a/*")),
         "ReadInput": (GET, "arn:aws:s3:::lake/a/*", None),
         "DecryptInput": ("kms:Decrypt", KEY, VIA_S3),
         "DecryptInputByAlias": ("kms:Decrypt", ANY_KEY, VIA_S3 | BY_ALIAS)},
    ),
    "keys of two accounts by their aliases, which are not each other's": (
        inputs("s3://lake/a/"),
        {"input_kms_keys": ["alias/ml", "arn:aws:kms:us-east-1:111122223333:alias/theirs"]},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under("a/*")),
         "ReadInput": (GET, "arn:aws:s3:::lake/a/*", None),
         "DecryptInputByAlias": ("kms:Decrypt", ANY_KEY, VIA_S3 | BY_ALIAS),
         "DecryptInputByAliasOf111122223333": ("kms:Decrypt", THEIR_KEY, VIA_S3 | {
             "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/theirs"}})},
    ),
    "an input elsewhere, for which the project's key is nothing": (
        inputs("s3://lake/a/"), {"kms_key": "managed"},
        {"ListInputLake6f021f": (LIST, "arn:aws:s3:::lake", under("a/*")),
         "ReadInput": (GET, "arn:aws:s3:::lake/a/*", None)},
    ),
    "an output key by its ARN": (
        {"OutputDataConfig": {"S3OutputPath": "s3://out/models/", "KmsKeyId": KEY}}, {},
        {"EncryptOutput": (SEAL, KEY, VIA_S3),
         "SealOutput": ("kms:Encrypt", KEY, VIA_EITHER)},
    ),
    "an output key by its id": (
        {"OutputDataConfig": {"S3OutputPath": "s3://out/models/", "KmsKeyId": "mrk-1"}}, {},
        {"EncryptOutput": (SEAL, "arn:aws:kms:us-east-1:123456789012:key/mrk-1", VIA_S3),
         "SealOutput": (
            "kms:Encrypt", "arn:aws:kms:us-east-1:123456789012:key/mrk-1", VIA_EITHER)},
    ),
    "an output key by an alias": (
        {"OutputDataConfig": {"S3OutputPath": "s3://out/models/", "KmsKeyId": "alias/ml"}}, {},
        {"EncryptOutputByAlias": (SEAL, ANY_KEY, VIA_S3 | BY_ALIAS),
         "SealOutputByAlias": ("kms:Encrypt", ANY_KEY, VIA_EITHER | BY_ALIAS)},
    ),
    "an output key by another account's alias": (
        {"OutputDataConfig": {"S3OutputPath": "s3://out/models/",
                              "KmsKeyId": "arn:aws:kms:us-east-1:111122223333:alias/ml"}}, {},
        {"EncryptOutputByAliasOf111122223333": (SEAL, THEIR_KEY, VIA_S3 | BY_ALIAS),
         "SealOutputByAliasOf111122223333": ("kms:Encrypt", THEIR_KEY, VIA_EITHER | BY_ALIAS)},
    ),
    "a volume key": (
        volume(KEY), {}, {"GrantVolumeKey": ("kms:CreateGrant", KEY, FOR_RESOURCE)},
    ),
    "a volume key by an alias": (
        volume("alias/ml"), {},
        {"GrantVolumeKeyByAlias": ("kms:CreateGrant", ANY_KEY, FOR_RESOURCE | BY_ALIAS)},
    ),
    "an own image": (
        image("111122223333.dkr.ecr.us-west-2.amazonaws.com/team/keras:2"), {},
        {"LogInToRegistry": LOG_IN,
         "PullImage": (PULL, "arn:aws:ecr:us-west-2:111122223333:repository/team/keras", None)},
    ),
    "a framework container": (
        image("763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.1.0-cpu-py310"), {},
        {"LogInToRegistry": LOG_IN,
         "PullImage": (PULL, DLC + "pytorch-training", None)},
    ),
    "an algorithm by name": (
        algorithm("trees"), {},
        {"DescribeAlgorithm": (
            "sagemaker:DescribeAlgorithm", f"{SAGEMAKER}:algorithm/trees", None)},
    ),
    "an algorithm by ARN": (
        algorithm("arn:aws:sagemaker:us-east-1:865070037744:algorithm/x"), {},
        {"DescribeAlgorithm": (
            "sagemaker:DescribeAlgorithm",
            "arn:aws:sagemaker:us-east-1:865070037744:algorithm/x", None)},
    ),
    "a hub's dataset": (
        {"InputDataConfig": [{"ChannelName": "train", "DataSource": {"DatasetSource": {
            "DatasetArn": f"{SAGEMAKER}:hub-content/h/DataSet/d/1.0.0"}}}]}, {},
        {"DescribeHubContent": ("sagemaker:DescribeHubContent", [
            f"{SAGEMAKER}:hub-content/h/DataSet/d/1.0.0",
            f"{SAGEMAKER}:hub/h"], None)},
    ),
    "a VPC": (
        VPC, {},
        {"CreateNetworkInterface": ("ec2:CreateNetworkInterface", [
            "arn:aws:ec2:us-east-1:*:security-group/sg-1", AN_ENI,
            SUBNET], None),
         "DescribeNetwork": ([
            "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], "*", None),
         "ManageNetworkInterface": ([
            "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission"], AN_ENI,
            {"ArnLikeIfExists": {"ec2:Subnet": SUBNET}})},
    ),
    "EFS": (
        file_system("EFS"), {},
        {"DescribeFileSystem": (
            ["elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeMountTargets"],
            EFS, None)},
    ),
    "FSx for Lustre": (
        file_system("FSxLustre"), {}, {"DescribeLustre": ("fsx:DescribeFileSystems", "*", None)},
    ),
}  # fmt: skip


def by_sid(statements: tuple[Statement, ...]) -> dict[str, Any]:
    return {
        each["Sid"]: (each["Action"], each["Resource"], each.get("Condition"))
        for each in document(statements)["Statement"]
    }


@pytest.mark.parametrize("case", CASES)
def test_a_role_has_what_its_request_names(case: str) -> None:
    members, chosen, expected = CASES[case]
    made = by_sid(permissions(environment(**chosen), job(definition(**members))))
    assert {sid: what for sid, what in made.items() if sid not in ALWAYS} == expected
    assert [sid for sid in made if sid in ALWAYS] == ALWAYS


def test_what_every_role_has() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/TrainingJobs"
    assert by_sid(permissions(environment(), job(definition()))) == {
        "WriteOutput": ("s3:PutObject", "arn:aws:s3:::out/models/*", None),
        "WriteLogs": (
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [group, f"{group}:*"],
            None,
        ),
        "PutMetrics": (
            "cloudwatch:PutMetricData",
            "*",
            {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}},
        ),
    }


@pytest.mark.parametrize("case", CASES)
def test_each_statement_says_why_and_who_asked(case: str) -> None:
    members, chosen, _ = CASES[case]
    request = {"TrainingJobDefinition": definition(**members)}
    for statement in permissions(environment(**chosen), job(request["TrainingJobDefinition"])):
        assert statement.reason
        assert statement.asked_by
        for path in statement.asked_by:
            value: Any = request
            for part in path:
                value = value[part]  # the request has what is said to ask
        if "*" in statement.resources:
            assert statement.reason.startswith("AWS has no narrower form")
        assert not any("*" in action for action in statement.actions)


def test_sids_are_unique_and_meet_iams_pattern() -> None:
    many = inputs("s3://a-b/x/", "s3://ab/x/", "s3://a.b/x/", "s3://ab", "s3://" + "long-" * 12)
    made = document(permissions(environment(), job(definition(**many))))["Statement"]
    sids = [each["Sid"] for each in made]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() and len(sid) <= 100 for sid in sids)
    assert sum(sid.startswith("ListInput") for sid in sids) == 5


def test_no_two_families_share_a_sid() -> None:
    fast = "s3://fast--use1-az4--x-s3/a/"
    everything = definition(
        **inputs(fast, "s3://${hptc:data_bucket}/a/"),
        **VPC,
        **volume("alias/ml"),
        OutputDataConfig={"S3OutputPath": fast, "KmsKeyId": KEY},
        CheckpointConfig={"S3Uri": fast},
    )
    made = permissions(environment(kms_key="managed"), job(everything, everything))
    sids = [each.sid for each in made]
    assert len(set(sids)) == len(sids)
    assert {"OpenInputSession", "OpenOutputSession", "OpenCheckpointsSession"} <= set(sids)


def test_the_order_of_channels_and_definitions_says_nothing() -> None:
    channels = [s3_input(f"s3://bucket-{i % 3}/{i}/") for i in range(9)]
    one = definition(InputDataConfig=channels, **VPC)
    other = definition(CheckpointConfig={"S3Uri": "s3://c/d"})
    shuffled = random.Random(7).sample(channels, len(channels))
    again = definition(InputDataConfig=shuffled, **VPC)
    assert by_sid(permissions(environment(), job(one, other))) == by_sid(
        permissions(environment(), job(other, again))
    )


def test_a_definition_with_a_role_of_its_own_asks_for_nothing() -> None:
    brought = definition(RoleArn="arn:aws:iam::123456789012:role/mine", **inputs("s3://secret/"))
    assert permissions(environment(), job(brought)) == ()
    both = by_sid(permissions(environment(), job(brought, definition())))
    assert list(both) == ALWAYS


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_are_of_the_regions_partition(region: str, partition: str) -> None:
    members = inputs("s3://${hptc:data_bucket}/a/") | VPC | volume("alias/ml")
    made = permissions(environment(region, kms_key="managed"), job(definition(**members)))
    arns = [r for each in made for r in each.resources if r.startswith("arn:")]
    assert arns
    assert {arn.split(":")[1] for arn in arns} == {partition}
    key = foundation(environment(region, kms_key="managed")).key
    assert key is not None
    assert key.policy[0].principal == ("AWS", f"arn:{partition}:iam::{ACCOUNT}:root")


def test_merge_refuses_two_meanings_of_one_sid() -> None:
    one = Statement(sid="A", actions=("s3:GetObject",), resources=("x",), reason="r")
    other = Statement(
        sid="A", actions=("s3:GetObject",), resources=("y",), reason="r",
        conditions=(Condition(operator="Bool", key="k", values=("true",)),),
    )  # fmt: skip
    with pytest.raises(ValueError, match="two different permissions"):
        merge([one, other])


def test_a_spec_has_a_stack_and_trusts_sagemaker_of_its_account_only() -> None:
    (stack,) = spec_stacks(environment(), [("churn", job(definition()))])
    assert stack.stack == "hptc-demo-dev-churn"
    assert document([stack.trust])["Statement"] == [
        {
            "Sid": "SageMakerOfThisAccount",
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
    ]


@pytest.mark.parametrize(
    ("chosen", "spec", "path", "name"),
    [
        ({}, "churn", "/hptc/demo/dev/", None),
        ({"role_path": "/ml/"}, "churn", "/ml/", None),
        ({"role_name_prefix": "ml-"}, "churn", "/hptc/demo/dev/", "ml-demo-dev-churn"),
        (
            {"role_name_prefix": "ml-"},
            "x" * 80,
            "/hptc/demo/dev/",
            f"ml-demo-dev-{'x' * 43}-0dd9a02a",
        ),
    ],
    ids=["made up", "a path", "a prefix", "cut"],
)
def test_the_name_of_a_role(chosen: dict[str, str], spec: str, path: str, name: str | None) -> None:
    (stack,) = spec_stacks(environment(**chosen), [(spec, job(definition()))])
    assert (stack.role_path, stack.role_name) == (path, name)
    assert name is None or len(name) <= 64


def test_a_parameter_gives_a_reference_its_value() -> None:
    made = by_parameter(**BY_PARAMETER)
    parameters = {each.provides: each.name for each in foundation(made).parameters}
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
        assert locate(made, name, "churn") == Output(stack="hptc-demo-dev", key=output_key(name))
    assert made.variables["subnet_ids"] == ["${hptc:subnet_id_1}", "subnet-1"]
    assert made.variables["security_group_ids"] == ["${hptc:security_group_id}"]
    assert made.variables["kms_key_arn"] == "${hptc:kms_key_arn}"
    assert made.infrastructure.execution_role == ROLE


def test_a_role_by_parameter_is_none_that_hptc_makes() -> None:
    made = by_parameter(execution_role="ssm:/ml/role")
    assert spec_stacks(made, [("churn", job(definition()))]) == ()
    assert locate(made, "execution_role_arn", "churn").stack == "hptc-demo-dev"


def test_keys_and_subnets_by_parameter_are_in_the_statements() -> None:
    made = by_parameter(**(BY_PARAMETER | {"execution_role": "managed"}))
    asked = definition(**inputs("s3://${hptc:data_bucket}/a/"), **VPC)
    (stack,) = spec_stacks(made, [("churn", job(asked))])
    assert stack.permissions_boundary == "${hptc:permissions_boundary_arn}"
    statements = by_sid(stack.permissions)
    assert statements["DecryptInput"][1] == ["${hptc:input_kms_key_2}", "${hptc:kms_key_arn}"]
    # a subnet of yours may be another account's
    assert (
        "arn:aws:ec2:us-east-1:*:subnet/${hptc:subnet_id_1}"
        in (statements["CreateNetworkInterface"][1])
    )


def test_without_a_parameter_nothing_changes() -> None:
    chosen = Infrastructure.model_validate({"network": "managed", "kms_key": KEY})
    assert by_parameters(chosen) == (chosen, {})


@pytest.mark.parametrize(
    ("infrastructure", "message"),
    [
        ("kms_key: 'ssm:'", "is no SSM parameter"),
        ("data_bucket: ssm:/a b", "is no SSM parameter"),
        ("network: {subnet_ids: ['ssm:/a/']}", "is no SSM parameter"),
        ("network: {security_group_ids: [sg-1]}", "needs `subnet_ids`"),
        ("network: {vpc_id: vpc-1}", "needs `subnet_ids`"),
        ("network: {subnet_ids: [subnet-1]}", "needs `security_group_ids`, or `vpc_id`"),
        ("network: {subnet_ids: [vpc-1], security_group_ids: [sg-1]}", "`vpc-1` is no subnet"),
        ("network: {s3_prefix_list_id: ssm:/list}", "`ssm:/list` is no prefix list"),
        ("network: {s3_buckets: ['s3://lake']}", "`s3://lake` is no bucket"),
        ("kms_key: lake", "`lake` is no KMS key"),
        ("permissions_boundary: 'a policy'", "`a policy` is no managed policy"),
        (
            "network: {subnet_ids: [subnet-1], security_group_ids: [sg-1], cidr: 10.0.0.0/20}",
            "`cidr` is of a VPC that hptc makes",
        ),
        ("role_path: /", "role_path"),
        ("role_path: ml/tuning/", "role_path"),
    ],
)
def test_what_can_not_be_brought_is_said_at_its_place(
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


def test_a_security_group_is_made_in_a_vpc_of_yours() -> None:
    network = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "s3_prefix_list_id": "pl-1"}
    made = foundation(environment(network=network))
    assert isinstance(made.network, GroupInVpc)
    assert made.network.vpc_id == "vpc-1"
    assert "security_group_id" in made.provides
    assert "subnet_id_1" not in made.provides
    outside = {r.peer for r in made.network.rules if r.peer != "members"}
    assert outside == {"pl-1"}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("mrk-1", "arn:aws:kms:us-east-1:123456789012:key/mrk-1"),
        ("alias/ml", "arn:aws:kms:us-east-1:123456789012:alias/ml"),
        (KEY, KEY),
    ],
)
def test_a_bucket_names_its_key_by_arn(given: str, named: str) -> None:
    assert {each.kms_key for each in foundation(environment(kms_key=given)).buckets} == {named}


def test_a_bucket_can_not_have_another_accounts_alias() -> None:
    theirs = "arn:aws:kms:us-east-1:111122223333:alias/ml"
    with pytest.raises(UsageError, match="alias of another account"):
        foundation(environment(kms_key=theirs))


def test_a_spec_that_brings_its_role_has_no_stack() -> None:
    brought = definition(RoleArn="arn:aws:iam::123456789012:role/mine")
    assert spec_stacks(environment(), [("churn", job(brought))]) == ()


def test_the_order_of_specs_says_nothing() -> None:
    jobs = [(name, job(definition())) for name in ("b", "a", "c")]
    assert spec_stacks(environment(), jobs) == spec_stacks(environment(), reversed(jobs))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a_b"], "can't be the name of a stack"),
        (["x" * 120], "can't be the name of a stack"),
        (["a", "a"], "two specs are named `a`"),
    ],
    ids=["a letter that no stack's name has", "too long", "twice"],
)
def test_names_that_no_stack_can_have(names: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        spec_stacks(environment(), [(name, job(definition())) for name in names])


@pytest.mark.parametrize(
    ("chosen", "provides"),
    [
        ({}, ("artifact_bucket", "data_bucket")),
        ({"artifact_bucket": "absent", "data_bucket": "mine"}, ()),
        ({"kms_key": "managed"}, ("artifact_bucket", "data_bucket", "kms_key_arn")),
        (
            {"network": "managed", "data_bucket": "absent"},
            ("artifact_bucket", "security_group_id", "subnet_id_1", "subnet_id_2"),
        ),
        (
            {
                "artifact_bucket": "mine",
                "data_bucket": "mine",
                "network": {"availability_zones": [f"us-east-1{z}" for z in "abc"]},
            },
            ("security_group_id", "subnet_id_1", "subnet_id_2", "subnet_id_3"),
        ),
        (
            {"network": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}},
            ("artifact_bucket", "data_bucket"),
        ),
    ],
    ids=["buckets", "nothing", "key", "network", "three zones", "brought network"],
)
def test_a_foundation_has_what_is_managed(
    chosen: dict[str, Any], provides: tuple[str, ...]
) -> None:
    made = foundation(environment(**chosen))
    assert made.provides == provides
    assert made.is_empty == (not provides)
    assert set(provides) <= set(NAMES)


def test_buckets_have_the_key_that_there_is() -> None:
    def keys(**chosen: str) -> set[str | None]:
        return {bucket.kms_key for bucket in foundation(environment(**chosen)).buckets}

    assert keys(kms_key="managed") == {"${hptc:kms_key_arn}"}
    assert keys(kms_key=KEY) == {KEY}
    assert keys(kms_key="absent") == {None}


def test_removal_decides_what_outlives_the_stack() -> None:
    kept = foundation(environment(kms_key="managed"))
    gone = foundation(environment(kms_key="managed", removal="destroy"))
    assert (kept.is_retained, gone.is_retained) == (True, False)
    assert kept.key is not None
    assert gone.key is not None
    assert (kept.key.pending_window_days, gone.key.pending_window_days) == (30, 7)


def rules(region: str = "us-east-1", **network: Any) -> set[tuple[str, str, str, int | None]]:
    made = foundation(environment(region, network=Network(**network))).network
    assert isinstance(made, MadeNetwork)
    return {(r.group, r.direction, r.peer, r.port) for r in made.rules}


MEMBER_RULES = {("members", direction, "members", None) for direction in ("in", "out")}
"""All traffic, which instances with an Elastic Fabric Adapter demand."""


@pytest.mark.parametrize(
    ("region", "chosen", "to"),
    [
        ("us-east-1", {}, "pl-63a5400a"),
        ("eu-west-1", {}, "pl-6da54004"),
        ("eu-west-1", {"s3_prefix_list_id": "pl-1"}, "pl-1"),
        ("cn-north-1", {}, "0.0.0.0/0"),
        ("cn-north-1", {"s3_prefix_list_id": "pl-1"}, "pl-1"),
    ],
    ids=["known", "known elsewhere", "said", "not known", "said where not known"],
)
def test_members_reach_each_other_and_s3(region: str, chosen: dict[str, Any], to: str) -> None:
    assert rules(region, **chosen) == MEMBER_RULES | {("members", "out", to, 443)}


def test_a_vpc_of_yours_needs_a_prefix_list_where_it_is_not_known() -> None:
    network = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"]}
    made = foundation(environment(network=network)).network
    assert isinstance(made, GroupInVpc)
    assert {rule.peer for rule in made.rules} == {"members", "pl-63a5400a"}
    with pytest.raises(UsageError, match="prefix list in cn-north-1 is not known") as raised:
        foundation(environment("cn-north-1", network=network))
    assert "describe-managed-prefix-lists --region cn-north-1" in raised.value.help


def test_known_prefix_lists_are_of_regions_that_there_are() -> None:
    table = json.loads((ROOT / "hptc/catalog/data/prefix_lists.json").read_text(encoding="utf-8"))[
        "s3"
    ]
    assert set(table) <= set(Session().get_available_regions("ec2"))
    assert all(re.fullmatch("pl-[0-9a-f]{8}", each) for each in table.values())


def test_interface_endpoints_take_members_only() -> None:
    assert rules(interface_endpoints=["sts"]) == rules() | {
        ("members", "out", "endpoints", 443),
        ("endpoints", "in", "members", 443),
    }


def test_a_network_has_its_regions_zones_and_room_for_four() -> None:
    made = foundation(environment("eu-west-1", network="managed")).network
    assert isinstance(made, MadeNetwork)
    assert made.availability_zones == ("eu-west-1a", "eu-west-1b")
    assert (made.cidr, made.subnet_prefix) == ("10.42.0.0/20", 22)


@pytest.mark.parametrize(
    ("zones", "problem"),
    [
        (["eu-west-1a", "eu-west-1b"], "eu-west-1a is not of us-east-1"),
        (["us-east-1a", "us-east-1a"], "us-east-1a is named twice"),
    ],
)
def test_zones_that_a_vpc_can_not_have(zones: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        foundation(environment(network={"availability_zones": zones}))


@pytest.mark.parametrize("cidr", ["10.42.0.1/20", "10.0.0.0/8", "10.0.0.0/28", "here"])
def test_a_cidr_that_no_vpc_can_have(cidr: str) -> None:
    with pytest.raises(UsageError, match="environment `dev`"):
        foundation(environment(network={"cidr": cidr}))


def by_parameter(**infrastructure: Any) -> Environment:
    """An environment, some of whose parts are named by SSM parameters."""
    made = environment(**infrastructure)
    chosen, parameters = by_parameters(made.infrastructure)
    variables = provided(chosen)
    return replace(made, infrastructure=chosen, parameters=parameters, variables=variables)


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
def test_what_is_not_made_is_nowhere(name: str) -> None:
    with pytest.raises(UsageError, match="makes no such thing"):
        locate(environment(data_bucket="mine"), name, "churn")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_specs_of_this_repository_name_only_what_is_made(name: str) -> None:
    compiled = compile_paths([str(ROOT)], Workspace(environment=name))
    chosen = next(each.environment for each in compiled if each.environment is not None)
    stacks = spec_stacks(chosen, [(each.name, each.job) for each in all_succeeded(compiled)])
    assert stacks
    for stack in stacks:
        for reference in names_in(document(stack.permissions)):
            assert locate(chosen, reference, stack.spec).key == output_key(reference)


def test_a_policy_that_no_role_can_hold_is_refused() -> None:
    many = definition(**inputs(*(f"s3://lake/{'x' * 200}/{i}/" for i in range(40))))
    with pytest.raises(UsageError, match="10240 is IAM's most"):
        spec_stacks(environment(), [("churn", job(many))])

from __future__ import annotations

import random
from typing import Any

import pytest

from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.permissions import permissions
from hptc.infrastructure.spec_stacks import spec_stacks
from hptc.infrastructure.statements import Condition, Statement, document, merge
from tests.support.jobs import (
    ACCOUNT,
    BY_PARAMETER,
    KEY,
    algorithm,
    by_parameter,
    definition,
    environment,
    file_system,
    image,
    inputs,
    job,
    s3_input,
    volume,
)

ALWAYS = ["WriteOutput", "PutMetrics", "FindLogs", "WriteLogs"]


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
    "a key that CloudFormation would replace with a secret": (
        inputs("s3://lake/{{resolve:ssm:/secret}}/"), {},
        {"ListInputLake6f021f": (
            LIST, "arn:aws:s3:::lake", under("?{resolve:ssm:/secret}}/*")),
         "ReadInput": (GET, "arn:aws:s3:::lake/?{resolve:ssm:/secret}}/*", None)},
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
    "an input in a existing bucket with existing keys": (
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
    "an output key by its ID": (
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
        statement["Sid"]: (statement["Action"], statement["Resource"], statement.get("Condition"))
        for statement in document(statements)["Statement"]
    }


@pytest.mark.parametrize("case", CASES)
def test_a_role_has_what_its_request_requires(case: str) -> None:
    members, chosen, expected = CASES[case]
    result = by_sid(permissions(environment(**chosen), job(definition(**members))))
    assert {sid: what for sid, what in result.items() if sid not in ALWAYS} == expected
    assert [sid for sid in result if sid in ALWAYS] == ALWAYS


def test_what_every_role_has() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/TrainingJobs"
    assert by_sid(permissions(environment(), job(definition()))) == {
        "WriteOutput": ("s3:PutObject", "arn:aws:s3:::out/models/*", None),
        "PutMetrics": (
            "cloudwatch:PutMetricData",
            "*",
            {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}},
        ),
        "FindLogs": (
            ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
            [group, f"{group}:*"],
            None,
        ),
        "WriteLogs": (
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"{group}:log-stream:j-*/algo-*",
            None,
        ),
    }


@pytest.mark.parametrize("case", CASES)
def test_each_statement_has_a_reason_and_a_request_path(case: str) -> None:
    members, chosen, _ = CASES[case]
    request = {"TrainingJobDefinition": definition(**members)}
    for statement in permissions(environment(**chosen), job(request["TrainingJobDefinition"])):
        assert statement.reason
        assert statement.required_by
        for path in statement.required_by:
            value: Any = request
            for part in path:
                value = value[part]  # the path exists in the request
        if "*" in statement.resources:
            assert statement.reason.startswith("AWS has no narrower form")
        assert not any("*" in action for action in statement.actions)


def test_sids_are_unique_and_meet_iams_pattern() -> None:
    many = inputs("s3://a-b/x/", "s3://ab/x/", "s3://a.b/x/", "s3://ab", "s3://" + "long-" * 12)
    result = document(permissions(environment(), job(definition(**many))))["Statement"]
    sids = [statement["Sid"] for statement in result]
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
    result = permissions(environment(kms_key="managed"), job(everything, everything))
    sids = [statement.sid for statement in result]
    assert len(set(sids)) == len(sids)
    assert {"OpenInputSession", "OpenOutputSession", "OpenCheckpointsSession"} <= set(sids)


def test_the_order_of_channels_and_definitions_does_not_matter() -> None:
    channels = [s3_input(f"s3://bucket-{i % 3}/{i}/") for i in range(9)]
    single = definition(InputDataConfig=channels, **VPC)
    other = definition(CheckpointConfig={"S3Uri": "s3://c/d"})
    shuffled = random.Random(7).sample(channels, len(channels))
    again = definition(InputDataConfig=shuffled, **VPC)
    assert by_sid(permissions(environment(), job(single, other))) == by_sid(
        permissions(environment(), job(other, again))
    )


def test_a_definition_with_another_role_requires_nothing() -> None:
    other = definition(RoleArn="arn:aws:iam::123456789012:role/mine", **inputs("s3://secret/"))
    assert permissions(environment(), job(other)) == ()
    both = by_sid(permissions(environment(), job(other, definition())))
    assert list(both) == ALWAYS


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_are_in_the_regions_partition(region: str, partition: str) -> None:
    members = inputs("s3://${hptc:data_bucket}/a/") | VPC | volume("alias/ml")
    result = permissions(environment(region, kms_key="managed"), job(definition(**members)))
    arns = [
        resource
        for statement in result
        for resource in statement.resources
        if resource.startswith("arn:")
    ]
    assert arns
    assert {arn.split(":")[1] for arn in arns} == {partition}
    key = foundation(environment(region, kms_key="managed")).key
    assert key is not None
    assert key.policy[0].principal == ("AWS", f"arn:{partition}:iam::{ACCOUNT}:root")


def test_merge_rejects_different_statements_with_the_same_sid() -> None:
    single = Statement(sid="A", actions=("s3:GetObject",), resources=("x",), reason="r")
    other = Statement(
        sid="A", actions=("s3:GetObject",), resources=("y",), reason="r",
        conditions=(Condition(operator="Bool", key="k", values=("true",)),),
    )  # fmt: skip
    with pytest.raises(ValueError, match="two different permissions"):
        merge([single, other])


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


def test_a_spec_with_an_existing_role_has_no_stack() -> None:
    existing = definition(RoleArn="arn:aws:iam::123456789012:role/mine")
    assert spec_stacks(environment(), [("churn", job(existing))]) == ()


def test_the_order_of_specs_does_not_matter() -> None:
    jobs = [(name, job(definition())) for name in ("b", "a", "c")]
    assert spec_stacks(environment(), jobs) == spec_stacks(environment(), reversed(jobs))


def test_keys_and_subnets_from_parameters_are_in_the_statements() -> None:
    result = by_parameter(**(BY_PARAMETER | {"execution_role": "managed"}))
    requested = definition(**inputs("s3://${hptc:data_bucket}/a/"), **VPC)
    (stack,) = spec_stacks(result, [("churn", job(requested))])
    assert stack.permissions_boundary == "${hptc:permissions_boundary_arn}"
    statements = by_sid(stack.permissions)
    assert statements["DecryptInput"][1] == ["${hptc:input_kms_key_2}", "${hptc:kms_key_arn}"]
    # a subnet of yours may be another account's
    assert (
        "arn:aws:ec2:us-east-1:*:subnet/${hptc:subnet_id_1}"
        in (statements["CreateNetworkInterface"][1])
    )

"""Calls similar to those that a request needs, none of which its role may allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.support.iam_calls import (
    LOGS,
    Request,
    World,
    definitions,
    log_stream,
    repository,
    s3_inputs,
    split,
)
from tests.support.iam_evaluator import Call

STRANGER = "999988887777"


def neighbors(request: Request, world: World) -> Iterator[tuple[str, Call]]:
    """Every such call, with a description."""
    for definition in definitions(request):
        yield from _near_inputs(definition, world)
        yield from _near_output(definition, world)
        yield from _near_image(definition, world)
        yield from _near_network(definition, world)
        yield from _near_file_systems(definition, world)
    yield from _near_keys(world)
    yield from _near_logs(request["HyperParameterTuningJobName"], world)
    yield from _elsewhere(world)


def _s3(world: World, action: str, key: str, **context: str) -> Call:
    return Call(
        action=f"s3:{action}",
        resource=world.s3(key),
        context={f"s3:{k}": v for k, v in context.items()},
    )


def _near_inputs(definition: Request, world: World) -> Iterator[tuple[str, Call]]:
    reads = list(s3_inputs(definition))
    for bucket, key, kind in reads:
        inside = f"{bucket}/{key}part-00000"
        for action in ("PutObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl"):
            yield f"{action} on an input", _s3(world, action, inside)
        yield "delete a version of an input", _s3(world, "DeleteObjectVersion", inside)
        yield "list the whole bucket", _s3(world, "ListBucket", bucket)
        yield "list from the root", _s3(world, "ListBucket", bucket, prefix="")
        yield "list another prefix", _s3(world, "ListBucket", bucket, prefix="zz-secret/")
        yield "read the bucket's policy", _s3(world, "GetBucketPolicy", bucket)
        yield "remove the bucket", _s3(world, "DeleteBucket", bucket)
        yield "read another bucket", _s3(world, "GetObject", f"zz-other/{key}part-00000")
        yield "list another bucket", _s3(world, "ListBucket", "zz-other", prefix=key)
        yield (
            "read a bucket with a longer name",
            _s3(world, "GetObject", f"{bucket}-2/{key}part-00000"),
        )
        if any(where == bucket and how != "S3Prefix" for where, _, how in reads):
            continue  # a manifest may list any object of its bucket
        yield "read another prefix", _s3(world, "GetObject", f"{bucket}/zz-secret/part-00000")
        if kind == "S3Prefix" and key.endswith("/"):
            longer = f"{key.removesuffix('/')}-secret/"
            yield (
                "read a longer prefix",
                _s3(world, "GetObject", f"{bucket}/{longer}part-00000"),
            )
            yield (
                "list a longer prefix",
                _s3(world, "ListBucket", bucket, prefix=longer),
            )
            upper = f"{bucket}/{key.rstrip('/').rpartition('/')[0]}zz/part-00000"
            yield "read a sibling of the prefix", _s3(world, "GetObject", upper)


def _near_output(definition: Request, world: World) -> Iterator[tuple[str, Call]]:
    bucket, key = split(definition["OutputDataConfig"]["S3OutputPath"])
    below = f"{bucket}/{key}"
    model = "job-001-abc/output/model.tar.gz"
    for action in ("GetObject", "DeleteObject", "PutObjectAcl", "PutObjectRetention"):
        yield f"{action} on the output", _s3(world, action, f"{below}{model}")
    longer = f"{below.removesuffix('/')}-2/{model}"
    yield "write a longer path", _s3(world, "PutObject", longer)
    yield "write another spec's output", _s3(world, "PutObject", f"{bucket}/zz-other/{model}")
    yield "read another spec's output", _s3(world, "GetObject", f"{bucket}/zz-other/{model}")
    yield "write at the root", _s3(world, "PutObject", f"{bucket}/model.tar.gz")
    yield "write another bucket", _s3(world, "PutObject", f"zz-other/{key}{model}")
    yield "list the outputs", _s3(world, "ListBucket", bucket, prefix=key)
    if "CheckpointConfig" in definition:
        bucket, key = split(definition["CheckpointConfig"]["S3Uri"])
        longer = f"{key.rstrip('/')}-2/"
        yield "list a longer checkpoint prefix", _s3(world, "ListBucket", bucket, prefix=longer)
        for action in ("GetObject", "PutObject"):
            near = f"{bucket}/{longer}job-001-abc/epoch-1.pt"
            yield f"{action} on a longer checkpoint prefix", _s3(world, action, near)
        inside = f"{bucket}/{key.rstrip('/')}/job-001-abc/epoch-1.pt"
        yield "delete a checkpoint", _s3(world, "DeleteObject", inside)


def _near_keys(world: World) -> Iterator[tuple[str, Call]]:
    other = world.arn("kms", "key/ffffffff-ffff-ffff-ffff-ffffffffffff")
    granted = {"kms:GrantIsForAWSResource": "true"}
    no_context: dict[str, str] = {}
    for action, context in (
        ("Decrypt", world.via_s3),
        ("GenerateDataKey", world.via_s3),
        ("Encrypt", world.via("sagemaker")),
        ("CreateGrant", granted),
    ):
        call = Call(action=f"kms:{action}", resource=other, context=context)
        yield f"{action} with another key", call
    for key in set(world.bucket_keys.values()):
        for action, context in (
            ("Decrypt", no_context),
            ("Decrypt", {"kms:ViaService": f"secretsmanager.{world.region}.{world.domain}"}),
            ("Decrypt", {"kms:ViaService": f"s3.zz-north-1.{world.domain}"}),
            ("GenerateDataKey", no_context),
            ("GenerateDataKeyWithoutPlaintext", world.via_s3),
            ("Encrypt", no_context),
            ("Encrypt", world.via("secretsmanager")),
            ("CreateGrant", no_context),
            ("CreateGrant", {"kms:GrantIsForAWSResource": "false"}),
            ("ReEncryptFrom", world.via_s3),
            ("DescribeKey", no_context),
            ("PutKeyPolicy", no_context),
            ("ScheduleKeyDeletion", no_context),
            ("DisableKey", no_context),
            ("RevokeGrant", no_context),
        ):
            call = Call(action=f"kms:{action}", resource=key, context=context)
            yield f"the key itself: {call}", call


def _near_image(definition: Request, world: World) -> Iterator[tuple[str, Call]]:
    own = repository(definition)
    if own is None:
        return
    for near in (
        replace(own, name=f"{own.name}-2"),
        replace(own, name="zz-other"),
        replace(own, account=STRANGER),
        replace(own, name=f"zz/{own.name}"),
    ):
        call = Call(action="ecr:BatchGetImage", resource=near.arn(world))
        yield "pull another repository", call
    arn = own.arn(world)
    for action in ("PutImage", "BatchDeleteImage", "InitiateLayerUpload", "SetRepositoryPolicy"):
        yield f"{action} to the image's repository", Call(action=f"ecr:{action}", resource=arn)


def _near_network(definition: Request, world: World) -> Iterator[tuple[str, Call]]:
    interface = world.arn("ec2", "network-interface/eni-0123456789abcdef0")
    other = world.arn("ec2", "subnet/subnet-0ffffffffffffffff")
    yield "another subnet", Call(action="ec2:CreateNetworkInterface", resource=other)
    group = world.arn("ec2", "security-group/sg-0ffffffffffffffff")
    yield "another security group", Call(action="ec2:CreateNetworkInterface", resource=group)
    for action in ("DeleteNetworkInterface", "CreateNetworkInterfacePermission"):
        yield (
            "an interface of another subnet",
            Call(action=f"ec2:{action}", resource=interface, context={"ec2:Subnet": other}),
        )
        if "VpcConfig" not in definition:
            yield "an interface of no subnet", Call(action=f"ec2:{action}", resource=interface)
    if "VpcConfig" not in definition:
        yield "the network", Call(action="ec2:CreateNetworkInterface", resource=interface)
        yield "the network", Call(action="ec2:DescribeSubnets")
    for action in ("RunInstances", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress"):
        yield action, Call(action=f"ec2:{action}", resource=interface)


def _near_file_systems(definition: Request, world: World) -> Iterator[tuple[str, Call]]:
    other = world.arn("elasticfilesystem", "file-system/fs-0ffffffffffffffff")
    for action in ("DescribeMountTargets", "ClientMount", "DeleteFileSystem"):
        yield "another file system", Call(action=f"elasticfilesystem:{action}", resource=other)
    sources = [channel["DataSource"] for channel in definition.get("InputDataConfig", ())]
    if not any("FileSystemDataSource" in source for source in sources):
        yield "file systems", Call(action="fsx:DescribeFileSystems")


def _near_logs(name: str, world: World) -> Iterator[tuple[str, Call]]:
    for group in ("/aws/sagemaker/ProcessingJobs", f"{LOGS}-2", "/aws/lambda/zz"):
        for action, stream in (("CreateLogGroup", ""), ("PutLogEvents", ":log-stream:a")):
            resource = world.arn("logs", f"log-group:{group}{stream}")
            yield "another log group", Call(action=f"logs:{action}", resource=resource)
    here = world.arn("logs", f"log-group:{LOGS}")
    for action in ("DeleteLogGroup", "PutRetentionPolicy", "FilterLogEvents"):
        yield f"{action} of the log", Call(action=f"logs:{action}", resource=here)
    for near in ("job", f"x{name}", name[:4], name.upper(), f"other-{name}"):
        for action in ("CreateLogStream", "PutLogEvents"):
            other = world.arn("logs", log_stream(near))
            yield f"the log of {near}", Call(action=f"logs:{action}", resource=other)
    own = world.arn("logs", log_stream(name, "data"))
    yield "another stream of its own", Call(action="logs:PutLogEvents", resource=own)
    for action in ("GetLogEvents", "DeleteLogStream"):
        stream = world.arn("logs", log_stream(name))
        yield f"{action} of its own log", Call(action=f"logs:{action}", resource=stream)
    metrics = "cloudwatch:PutMetricData"
    yield "another namespace", Call(action=metrics, context={"cloudwatch:namespace": "AWS/S3"})
    yield "no namespace", Call(action=metrics)
    yield "read metrics", Call(action="cloudwatch:GetMetricData")


def _elsewhere(world: World) -> Iterator[tuple[str, Call]]:
    role = f"arn:{world.partition}:iam::{world.account}:role/zz"
    for action, resource in (
        ("iam:PassRole", role),
        ("sts:AssumeRole", role),
        ("iam:AttachRolePolicy", role),
        ("sagemaker:CreateTrainingJob", world.arn("sagemaker", "training-job/zz")),
        (
            "sagemaker:CreateHyperParameterTuningJob",
            world.arn("sagemaker", "hyper-parameter-tuning-job/zz"),
        ),
        ("sagemaker:DescribeAlgorithm", world.arn("sagemaker", "algorithm/zz")),
        ("secretsmanager:GetSecretValue", world.arn("secretsmanager", "secret:zz")),
        ("ssm:GetParameter", world.arn("ssm", "parameter/zz")),
        ("s3:ListAllMyBuckets", "*"),
        ("dynamodb:Scan", world.arn("dynamodb", "table/zz")),
    ):
        yield action, Call(action=action, resource=resource)

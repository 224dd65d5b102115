"""The calls that SageMaker and a container make for a request, derived from the request alone.

Written from AWS's documentation, not from hptc/infrastructure, so that the two can disagree:
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.iam_evaluator import Call

Request = Mapping[str, Any]
DEEP_LEARNING_CONTAINERS = "763104351884"
LOGS = "/aws/sagemaker/TrainingJobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The context of the calls: the account, the Region, and the key of each encrypted bucket."""

    account: str
    region: str
    partition: str
    domain: str
    bucket_keys: Mapping[str, str]

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def s3(self, resource: str) -> str:
        return f"arn:{self.partition}:s3:::{resource}"

    def via(self, service: str) -> dict[str, str]:
        return {"kms:ViaService": f"{service}.{self.region}.{self.domain}"}

    @property
    def via_s3(self) -> dict[str, str]:
        return self.via("s3")


def definitions(request: Request) -> list[Request]:
    single = request.get("TrainingJobDefinition")
    return [single] if single is not None else list(request["TrainingJobDefinitions"])


def needed(request: Request, world: World) -> set[str]:
    """The text of every call that must be allowed, for comparison."""
    return set(by_text(request, world))


def by_text(request: Request, world: World) -> dict[str, Call]:
    calls = {
        str(call): call for definition in definitions(request) for call in _calls(definition, world)
    }
    return calls | {str(call): call for call in _logs(request, world)}


def _calls(definition: Request, world: World) -> Iterator[Call]:
    yield from _reads(definition, world)
    yield from _writes(definition, world)
    yield from _looks_up(definition, world)
    if "VpcConfig" in definition:
        yield from _interfaces(definition["VpcConfig"], world)
    yield Call(action="cloudwatch:PutMetricData", context={"cloudwatch:namespace": LOGS})


def log_stream(tuning_job: str, host: str = "algo-1") -> str:
    """A log stream of a training job, whose name is that of its tuning job and a number."""
    return f"log-group:{LOGS}:log-stream:{tuning_job}-001-0f0444b1/{host}-1600000000"


def _logs(request: Request, world: World) -> Iterator[Call]:
    # IAM sees an action on a log group as one on an empty stream.
    for action in ("CreateLogGroup", "DescribeLogStreams"):
        for resource in (f"log-group:{LOGS}", f"log-group:{LOGS}:log-stream:"):
            yield Call(action=f"logs:{action}", resource=world.arn("logs", resource))
    for action in ("CreateLogStream", "PutLogEvents"):
        for host in ("algo-1", "algo-12"):
            stream = log_stream(request["HyperParameterTuningJobName"], host)
            yield Call(action=f"logs:{action}", resource=world.arn("logs", stream))


def s3_inputs(definition: Request) -> Iterator[tuple[str, str, str]]:
    """The bucket, key and data type of each S3 input."""
    for channel in definition.get("InputDataConfig", ()):
        source = channel["DataSource"].get("S3DataSource")
        if source is not None:
            bucket, key = split(source["S3Uri"])
            yield bucket, key, source["S3DataType"]


def split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def objects_read(definition: Request) -> Iterator[tuple[str, str]]:
    """Some objects that the jobs read: for each prefix, one at its top and one deeper."""
    for bucket, key, kind in s3_inputs(definition):
        if kind == "S3Prefix":
            yield bucket, f"{key}part-00000"
            yield bucket, f"{key}2026/11/part.csv.gz"
        else:
            yield bucket, key
            yield bucket, "named/in/the/manifest.jpg"
    script = definition.get("StaticHyperParameters", {}).get("sagemaker_submit_directory")
    if script is not None and (uri := json.loads(script)).startswith("s3://"):
        yield split(uri)


def _reads(definition: Request, world: World) -> Iterator[Call]:
    for bucket, key, _ in s3_inputs(definition):
        yield Call(action="s3:ListBucket", resource=world.s3(bucket), context={"s3:prefix": key})
    for bucket, key in objects_read(definition):
        yield Call(action="s3:GetObject", resource=world.s3(f"{bucket}/{key}"))
        if bucket in world.bucket_keys:
            yield Call(
                action="kms:Decrypt", resource=world.bucket_keys[bucket], context=world.via_s3
            )


def _writes(definition: Request, world: World) -> Iterator[Call]:
    output = definition["OutputDataConfig"]
    bucket, key = split(output["S3OutputPath"])
    below = key.rstrip("/") + "/" if key else ""
    for name in ("model.tar.gz", "output.tar.gz"):
        written = f"{bucket}/{below}job-001-abc/output/{name}"
        yield Call(action="s3:PutObject", resource=world.s3(written))
    keys = [output["KmsKeyId"]] if "KmsKeyId" in output else []
    for name in keys:
        for service in ("s3", "sagemaker"):  # AWS does not document which of them calls
            yield Call(action="kms:Encrypt", resource=name, context=world.via(service))
    places = [bucket]
    checkpoint = definition.get("CheckpointConfig")
    if checkpoint is not None:
        bucket, key = split(checkpoint["S3Uri"])
        places.append(bucket)
        below = key.rstrip("/") + "/"
        yield Call(action="s3:ListBucket", resource=world.s3(bucket), context={"s3:prefix": below})
        for action in ("s3:GetObject", "s3:PutObject"):
            yield Call(action=action, resource=world.s3(f"{bucket}/{below}job-001-abc/epoch-1.pt"))
    keys += [world.bucket_keys[place] for place in places if place in world.bucket_keys]
    for name in keys:
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            yield Call(action=action, resource=name, context=world.via_s3)
    for member in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
        key = definition.get(member, {}).get("VolumeKmsKeyId")
        if key:
            context = {"kms:GrantIsForAWSResource": "true"}
            yield Call(action="kms:CreateGrant", resource=key, context=context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The repository of an image."""

    account: str
    region: str
    name: str

    def arn(self, world: World) -> str:
        return f"arn:{world.partition}:ecr:{self.region}:{self.account}:repository/{self.name}"


def repository(definition: Request) -> Repository | None:
    """The repository of a definition's image; None without an image."""
    image = definition["AlgorithmSpecification"].get("TrainingImage")
    if image is None:
        return None
    host, _, path = image.partition("/")
    account, _, _, region, *_ = host.split(".")
    name = path.partition("@")[0].partition(":")[0]
    return Repository(account=account, region=region, name=name)


def _looks_up(definition: Request, world: World) -> Iterator[Call]:
    pulled = repository(definition)
    if pulled is not None and pulled.account in (world.account, DEEP_LEARNING_CONTAINERS):
        arn = pulled.arn(world)
        yield Call(action="ecr:GetAuthorizationToken")
        for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
            yield Call(action=f"ecr:{action}", resource=arn)
    algorithm = definition["AlgorithmSpecification"].get("AlgorithmName")
    if algorithm is not None:
        yield Call(action="sagemaker:DescribeAlgorithm", resource=algorithm)
    for channel in definition.get("InputDataConfig", ()):
        system = channel["DataSource"].get("FileSystemDataSource")
        if system is not None and system["FileSystemType"] == "EFS":
            arn = world.arn("elasticfilesystem", f"file-system/{system['FileSystemId']}")
            for action in ("DescribeFileSystems", "DescribeMountTargets"):
                yield Call(action=f"elasticfilesystem:{action}", resource=arn)
        elif system is not None:
            yield Call(action="fsx:DescribeFileSystems")


def _interfaces(vpc: Request, world: World) -> Iterator[Call]:
    interface = world.arn("ec2", "network-interface/eni-0123456789abcdef0")
    named = [interface]
    named += [world.arn("ec2", f"subnet/{subnet}") for subnet in vpc["Subnets"]]
    named += [
        world.arn("ec2", f"security-group/{security_group_id}")
        for security_group_id in vpc["SecurityGroupIds"]
    ]
    for resource in named:
        yield Call(action="ec2:CreateNetworkInterface", resource=resource)
    # The empty context is for the check before the interface exists and has a subnet.
    contexts: list[dict[str, str]] = [{}]
    contexts += [{"ec2:Subnet": world.arn("ec2", f"subnet/{subnet}")} for subnet in vpc["Subnets"]]
    for context in contexts:
        for action in (
            "CreateNetworkInterfacePermission",
            "DeleteNetworkInterface",
            "DeleteNetworkInterfacePermission",
        ):
            yield Call(action=f"ec2:{action}", resource=interface, context=context)
    for what in ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs"):
        yield Call(action=f"ec2:Describe{what}")

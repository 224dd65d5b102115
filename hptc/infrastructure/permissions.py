"""What the training jobs of a search may do: a request in, the statements of its role out.

The sets follow "CreateHyperParameterTuningJob API: Execution Role Permissions" of
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, each cut down to what the
request names. A `*` stands only where AWS has no narrower form, and its reason says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress

from hptc.diagnostics import Path
from hptc.images import identify, parse_image
from hptc.infrastructure.arns import (
    S3Location,
    arn,
    escaped,
    key_grant,
    s3_location,
    service_host,
)
from hptc.infrastructure.policy import Condition, Statement, merge
from hptc.job import DatasetSource, Definition, FileSystemSource, S3Source, TuningJob
from hptc.project import Environment
from hptc.references import has_reference, reference

LOG_GROUP = METRIC_NAMESPACE = "/aws/sagemaker/TrainingJobs"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""

MANAGED_ROLE = reference("execution_role_arn")
_SUBMIT_DIRECTORY = "sagemaker_submit_directory"

Family = Callable[[Definition, Environment], Iterator[Statement]]


def permissions(environment: Environment, job: TuningJob) -> tuple[Statement, ...]:
    """The statements of the role that hptc makes for a search; none when nothing in it uses one.

    They depend on what the search names, not on the order in which it does.
    """
    served = [each for each in job.definitions if each.role_arn == MANAGED_ROLE]
    return tuple(
        statement
        for family in FAMILIES
        for statement in merge(s for each in served for s in family(each, environment))
    )


def _inputs(definition: Definition, environment: Environment) -> Iterator[Statement]:
    for source in _s3_sources(definition):
        place = s3_location(source.uri, environment)
        if place is None:
            continue
        by = (*source.path, "S3Uri")
        if place.is_directory_bucket:
            yield _express_session("ReadOnly", place, by)
            continue
        yield _list("ListInput", place, by)
        # What a manifest names is known when it is read; SageMaker takes its objects from one
        # bucket: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
        is_manifest = source.data_type in ("ManifestFile", "AugmentedManifestFile")
        yield Statement(
            sid="ReadManifest" if is_manifest else "ReadInput",
            actions=("s3:GetObject",),
            resources=(place.all_objects if is_manifest else place.objects,),
            reason="reads the manifest and what it names, known only when the job runs"
            if is_manifest
            else "reads the training data under its prefix",
            asked_by=(by,),
        )


def _code(definition: Definition, environment: Environment) -> Iterator[Statement]:
    place = _code_location(definition, environment)
    if place is not None:
        yield Statement(
            sid="ReadCode",
            actions=("s3:GetObject",),
            resources=(place.object,),
            reason="the container fetches the training script itself",
            asked_by=(_code_path(definition),),
        )


def _output(definition: Definition, environment: Environment) -> Iterator[Statement]:
    place = s3_location(definition.output_path, environment)
    by = _output_path(definition)
    if place is None:
        return
    if place.is_directory_bucket:
        yield _express_session("ReadWrite", place, by)
        return
    yield Statement(
        sid="WriteOutput",
        actions=("s3:PutObject",),
        resources=(place.below,),
        reason="writes the model artifacts under the output path",
        asked_by=(by,),
    )


def _checkpoints(definition: Definition, environment: Environment) -> Iterator[Statement]:
    place = s3_location(definition.checkpoint_uri or "", environment)
    by = (*definition.path, "CheckpointConfig", "S3Uri")
    if place is None:
        return
    if place.is_directory_bucket:
        yield _express_session("ReadWrite", place, by)
        return
    yield _list("ListCheckpoints", place, by)
    yield Statement(
        sid="ReadWriteCheckpoints",
        actions=("s3:GetObject", "s3:PutObject"),
        resources=(place.below,),
        reason="saves checkpoints, and reads them back when a spot instance is replaced",
        asked_by=(by,),
    )


def _input_keys(definition: Definition, environment: Environment) -> Iterator[Statement]:
    through_s3 = Condition(
        operator="StringEquals",
        key="kms:ViaService",
        values=(service_host(environment, "s3"),),
    )
    read = [
        (s3_location(source.uri, environment), (*source.path, "S3Uri"))
        for source in _s3_sources(definition)
    ]
    read.append((_code_location(definition, environment), _code_path(definition)))
    for place, by in read:
        if place is None or place.is_directory_bucket:
            continue
        own = _project_key(environment)
        keys = [own] if own is not None and _is_project_bucket(place, environment) else []
        for key in [*keys, *environment.infrastructure.input_kms_keys]:
            grant = key_grant(key, environment)
            yield Statement(
                sid=f"DecryptInput{grant.suffix}",
                actions=("kms:Decrypt",),
                resources=(grant.resource,),
                conditions=(through_s3, *grant.conditions),
                reason=f"S3 decrypts the training data{grant.note}",
                asked_by=(by,),
            )


def _output_keys(definition: Definition, environment: Environment) -> Iterator[Statement]:
    keys: list[tuple[str, Path]] = []
    if definition.output_kms_key_id is not None:
        keys.append(
            (definition.output_kms_key_id, (*definition.path, "OutputDataConfig", "KmsKeyId"))
        )
    own = _project_key(environment)
    for uri, by in (
        (definition.output_path, _output_path(definition)),
        (definition.checkpoint_uri, (*definition.path, "CheckpointConfig", "S3Uri")),
    ):
        place = s3_location(uri or "", environment)
        if place is not None and own is not None and _is_project_bucket(place, environment):
            keys.append((own, by))  # the bucket's default encryption
    for key, by in keys:
        grant = key_grant(key, environment)
        yield Statement(
            sid=f"EncryptOutput{grant.suffix}",
            # Encrypt is what SageMaker documents; S3 asks for a data key, and for Decrypt to put a
            # multipart upload together: https://repost.aws/knowledge-center/s3-large-file-encryption-kms-key
            actions=("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
            resources=(grant.resource,),
            conditions=grant.conditions,
            reason=f"encrypts what the jobs write{grant.note}",
            asked_by=(by,),
        )


def _volume_keys(definition: Definition, environment: Environment) -> Iterator[Statement]:
    for resources in definition.resources:
        if resources.volume_kms_key_id is None:
            continue
        grant = key_grant(resources.volume_kms_key_id, environment)
        yield Statement(
            sid=f"GrantVolumeKey{grant.suffix}",
            actions=("kms:CreateGrant",),
            resources=(grant.resource,),
            conditions=(
                Condition(operator="Bool", key="kms:GrantIsForAWSResource", values=("true",)),
                *grant.conditions,
            ),
            reason=f"lets EBS use the key of the instances' volumes{grant.note}",
            asked_by=((*resources.path, "VolumeKmsKeyId"),),
        )


def _image(definition: Definition, environment: Environment) -> Iterator[Statement]:
    image = parse_image(definition.training_image or "")
    by = (*definition.path, "AlgorithmSpecification", "TrainingImage")
    if image is None:
        return
    known = identify(definition.training_image or "")
    if known is not None and known.kind == "algorithm":
        return  # built-in algorithms: SageMaker pulls them itself
    repository = f"repository/{image.repository}"
    yield Statement(
        sid="PullImage",
        actions=(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        ),
        resources=(
            arn(environment, "ecr", repository, account=image.account, region=image.region),
        ),
        reason="pulls the training image from its repository",
        asked_by=(by,),
    )
    yield Statement(
        sid="LogInToRegistry",
        actions=("ecr:GetAuthorizationToken",),
        resources=("*",),
        reason="AWS has no narrower form: a registry token belongs to no resource",
        asked_by=(by,),
    )


def _algorithm(definition: Definition, environment: Environment) -> Iterator[Statement]:
    name = definition.algorithm_name
    if name is not None:
        yield Statement(
            sid="DescribeAlgorithm",
            actions=("sagemaker:DescribeAlgorithm",),
            resources=(
                name
                if name.startswith("arn:")
                else arn(environment, "sagemaker", f"algorithm/{name}"),
            ),
            reason="looks the algorithm up",
            asked_by=((*definition.path, "AlgorithmSpecification", "AlgorithmName"),),
        )


def _hubs(definition: Definition, _environment: Environment) -> Iterator[Statement]:
    for channel in definition.channels:
        for source in channel.sources:
            match source:
                case S3Source(hub_content_arn=str() as content):
                    by = (*source.path, "HubAccessConfig", "HubContentArn")
                case DatasetSource(arn=content):
                    by = (*source.path, "DatasetArn")
                case _:
                    continue
            owner, _, rest = content.partition(":hub-content/")
            yield Statement(
                sid="DescribeHubContent",
                actions=("sagemaker:DescribeHubContent",),
                resources=(content, f"{owner}:hub/{rest.partition('/')[0]}"),
                reason="looks up what the hub holds",
                asked_by=(by,),
            )


def _network(definition: Definition, environment: Environment) -> Iterator[Statement]:
    vpc = definition.vpc
    if vpc is None:
        return
    interfaces = arn(environment, "ec2", "network-interface/*")
    subnets = tuple(_ec2_arn(environment, "subnet", each) for each in vpc.subnets)
    groups = tuple(_ec2_arn(environment, "security-group", g) for g in vpc.security_group_ids)
    yield Statement(
        sid="CreateNetworkInterface",
        actions=("ec2:CreateNetworkInterface",),
        resources=(interfaces, *subnets, *groups),
        reason="puts the instances into these subnets and security groups; AWS makes up the "
        "interface's id, and a shared subnet may be another account's",
        asked_by=(vpc.path,),
    )
    yield Statement(
        sid="ManageNetworkInterface",
        actions=(
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
        ),
        resources=(interfaces,),
        conditions=(Condition(operator="ArnLike", key="ec2:Subnet", values=subnets),),
        reason="attaches and removes the interfaces in these subnets; AWS makes up their ids",
        asked_by=((*vpc.path, "Subnets"),),
    )
    yield Statement(
        sid="DescribeNetwork",
        actions=(
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ),
        resources=("*",),
        reason="AWS has no narrower form: EC2's Describe actions name no resource",
        asked_by=(vpc.path,),
    )


def _file_systems(definition: Definition, environment: Environment) -> Iterator[Statement]:
    for channel in definition.channels:
        for source in channel.sources:
            if not isinstance(source, FileSystemSource):
                continue
            by = ((*source.path, "FileSystemId"),)
            if source.type == "EFS":
                yield Statement(
                    sid="DescribeFileSystem",
                    actions=(
                        "elasticfilesystem:DescribeFileSystems",
                        "elasticfilesystem:DescribeMountTargets",
                    ),
                    resources=(arn(environment, "elasticfilesystem", f"file-system/{source.id}"),),
                    reason="finds where the file system is mounted",
                    asked_by=by,
                )
            else:
                yield Statement(
                    sid="DescribeLustre",
                    actions=("fsx:DescribeFileSystems",),
                    resources=("*",),
                    reason="AWS has no narrower form: fsx:DescribeFileSystems names no resource",
                    asked_by=by,
                )


def _logs(definition: Definition, environment: Environment) -> Iterator[Statement]:
    group = arn(environment, "logs", f"log-group:{LOG_GROUP}")
    yield Statement(
        sid="WriteLogs",
        actions=(
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ),
        resources=(group, f"{group}:*"),
        reason="writes the training log; AWS makes up the names of the log streams",
        asked_by=(definition.path,),
    )


def _metrics(definition: Definition, _environment: Environment) -> Iterator[Statement]:
    yield Statement(
        sid="PutMetrics",
        actions=("cloudwatch:PutMetricData",),
        resources=("*",),
        conditions=(
            Condition(
                operator="StringEquals", key="cloudwatch:namespace", values=(METRIC_NAMESPACE,)
            ),
        ),
        reason="AWS has no narrower form: a metric is no resource, hence the namespace",
        asked_by=(definition.path,),
    )


FAMILIES: tuple[Family, ...] = (
    _inputs,
    _code,
    _output,
    _checkpoints,
    _input_keys,
    _output_keys,
    _volume_keys,
    _image,
    _algorithm,
    _hubs,
    _network,
    _file_systems,
    _logs,
    _metrics,
)
"""In the order in which a role has them."""


def _s3_sources(definition: Definition) -> Iterator[S3Source]:
    for channel in definition.channels:
        for source in channel.sources:
            if isinstance(source, S3Source):
                yield source


def _code_location(definition: Definition, environment: Environment) -> S3Location | None:
    text = definition.static.get(_SUBMIT_DIRECTORY, "")
    with suppress(ValueError):
        text = str(json.loads(text))  # the training toolkit reads values as JSON
    return s3_location(text, environment)


def _code_path(definition: Definition) -> Path:
    return (*definition.path, "StaticHyperParameters", _SUBMIT_DIRECTORY)


def _output_path(definition: Definition) -> Path:
    return (*definition.path, "OutputDataConfig", "S3OutputPath")


def _list(purpose: str, place: S3Location, by: Path) -> Statement:
    """List a bucket under a prefix. Each bucket has its own sid: the prefix is a condition."""
    if not place.key:
        return Statement(
            sid=f"{purpose}{place.word}Whole",
            actions=("s3:ListBucket",),
            resources=(place.arn,),
            reason="lists the bucket; the URI names all of it",
            asked_by=(by,),
        )
    return Statement(
        sid=f"{purpose}{place.word}",
        actions=("s3:ListBucket",),
        resources=(place.arn,),
        conditions=(
            Condition(operator="StringLike", key="s3:prefix", values=(f"{escaped(place.key)}*",)),
        ),
        reason="lists the bucket under the prefix",
        asked_by=(by,),
    )


def _express_session(mode: str, place: S3Location, by: Path) -> Statement:
    conditions = (Condition(operator="StringEquals", key="s3express:SessionMode", values=(mode,)),)
    return Statement(
        sid=f"Open{mode}Session",
        actions=("s3express:CreateSession",),
        resources=(place.arn,),
        conditions=conditions if mode == "ReadOnly" else (),
        reason="S3 Express One Zone has one permission, for the whole bucket",
        asked_by=(by,),
    )


def _project_key(environment: Environment) -> str | None:
    match environment.infrastructure.kms_key:
        case "absent":
            return None
        case "managed":
            return reference("kms_key_arn")
        case key:
            return key


def _is_project_bucket(place: S3Location, environment: Environment) -> bool:
    chosen = environment.infrastructure
    buckets = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    return any(
        place.bucket == (reference(name) if choice == "managed" else choice)
        for name, choice in buckets.items()
    )


def _ec2_arn(environment: Environment, kind: str, name: str) -> str:
    """A subnet or security group of ours by its account; another's may be shared with us."""
    account = environment.account if has_reference(name) else "*"
    return arn(environment, "ec2", f"{kind}/{name}", account=account)

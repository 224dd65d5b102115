"""The permissions of training jobs: the statements of a tuning job's execution role.

The sets follow "CreateHyperParameterTuningJob API: Execution Role Permissions" of
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, each limited to the
resources in the request. `*` is used only where AWS has no narrower form, and the reason states it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from hptc.catalog.images import identify, parse_image
from hptc.infrastructure import storage_permissions
from hptc.infrastructure.arns import arn
from hptc.infrastructure.log_permissions import write_logs
from hptc.infrastructure.statements import Condition, Statement, merge
from hptc.project.project_file import Environment
from hptc.project.references import has_reference, reference
from hptc.request.tuning_job import DatasetSource, Definition, FileSystemSource, S3Source, TuningJob

METRIC_NAMESPACE = "/aws/sagemaker/TrainingJobs"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""

MANAGED_ROLE = reference("execution_role_arn")

_MAX_SMALL_COUNT = 4  # sources, and network IDs
_MAX_SMALL_LENGTH = 1_200  # characters of all texts together
_ESCAPED = re.compile(r'[*?"\\]|\$(?!\{hptc:)')
"""Characters that a policy escapes, which makes texts longer."""

Family = Callable[[Definition, Environment], Iterator[Statement]]


def permissions(
    environment: Environment,
    job: TuningJob,
    role: str = MANAGED_ROLE,
    *,
    spec: str | None = None,
) -> tuple[Statement, ...]:
    """The permissions that a tuning job requires of one of its roles, by default the managed one.

    `spec` is the name of the job's spec, whose schedule starts jobs of other names; None for a
    request. Empty if no definition uses the role. The order of definitions and channels does not
    matter.
    """
    served = [definition for definition in job.definitions if definition.role_arn == role]
    by_family = (
        statement
        for family in FAMILIES
        for statement in merge(
            of_definition
            for definition in served
            for of_definition in family(definition, environment)
        )
    )
    return (*by_family, *write_logs(environment, job, served, spec))


def needed_by(
    environment: Environment, job: TuningJob, definition: Definition, *, spec: str | None = None
) -> Iterator[Statement]:
    """The permissions of one definition's role as `permissions`, each with the path that needs it.

    Nothing is merged: a statement has one request path, and its resources are of that path.
    """
    for family in FAMILIES:
        yield from family(definition, environment)
    yield from write_logs(environment, job, [definition], spec)


def has_managed_role(environment: Environment, job: TuningJob) -> bool:
    """Whether a tuning job uses a role that hptc creates for it."""
    return environment.has_managed_roles and any(
        definition.role_arn == MANAGED_ROLE for definition in job.definitions
    )


def has_small_policy(environment: Environment, job: TuningJob) -> bool:
    """Whether a role's policy is certainly far below IAM's limit, without building it.

    True for one definition with few and short texts, which most jobs have. For any other job
    `policy_size` decides.
    """
    if len(job.definitions) != 1:
        return False
    (definition,) = job.definitions
    sources = [source for channel in definition.channels for source in channel.sources]
    vpc = (*definition.vpc.subnets, *definition.vpc.security_group_ids) if definition.vpc else ()
    chosen = environment.infrastructure
    if max(len(sources), len(vpc)) > _MAX_SMALL_COUNT or len(chosen.input_kms_keys) > 1:
        return False
    texts = [
        *(source.uri for source in sources if isinstance(source, S3Source)),
        *vpc,
        *chosen.input_kms_keys,
        *(resources.volume_kms_key_id for resources in definition.resources),
        definition.output_path,
        definition.output_kms_key_id,
        definition.checkpoint_uri,
        storage_permissions.code_uri(definition),
        definition.training_image,
        definition.algorithm_name,
        chosen.kms_key,
    ]
    text = "".join(text for text in texts if text is not None)
    is_plain = text.isascii() and not _ESCAPED.search(text)
    has_hub = any(getattr(source, "hub_content_arn", None) for source in sources)
    is_known = all(isinstance(source, (S3Source, FileSystemSource)) for source in sources)
    return is_plain and is_known and not has_hub and len(text) <= _MAX_SMALL_LENGTH


def _image(definition: Definition, environment: Environment) -> Iterator[Statement]:
    image = parse_image(definition.training_image or "")
    by = definition.path / "AlgorithmSpecification" / "TrainingImage"
    if image is None:
        return
    known = identify(definition.training_image or "")
    if known is not None and known.kind == "algorithm":
        return  # SageMaker itself pulls the images of built-in algorithms
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
        required_by=(by,),
    )
    yield Statement(
        sid="LogInToRegistry",
        actions=("ecr:GetAuthorizationToken",),
        resources=("*",),
        reason="AWS has no narrower form: a registry token does not belong to a resource",
        required_by=(by,),
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
            reason="looks up the algorithm",
            required_by=(definition.path / "AlgorithmSpecification" / "AlgorithmName",),
        )


def _hubs(definition: Definition, _environment: Environment) -> Iterator[Statement]:
    for channel in definition.channels:
        for source in channel.sources:
            match source:
                case S3Source(hub_content_arn=str() as content):
                    by = source.path / "HubAccessConfig" / "HubContentArn"
                case DatasetSource(arn=content):
                    by = source.path / "DatasetArn"
                case _:
                    continue
            owner, _, rest = content.partition(":hub-content/")
            yield Statement(
                sid="DescribeHubContent",
                actions=("sagemaker:DescribeHubContent",),
                resources=(content, f"{owner}:hub/{rest.partition('/')[0]}"),
                reason="looks up the hub's content",
                required_by=(by,),
            )


def _network(definition: Definition, environment: Environment) -> Iterator[Statement]:
    vpc = definition.vpc
    if vpc is None:
        return
    interfaces = arn(environment, "ec2", "network-interface/*")
    subnets = tuple(_ec2_arn(environment, "subnet", subnet) for subnet in vpc.subnets)
    groups = tuple(
        _ec2_arn(environment, "security-group", group) for group in vpc.security_group_ids
    )
    yield Statement(
        sid="CreateNetworkInterface",
        actions=("ec2:CreateNetworkInterface",),
        resources=(interfaces, *subnets, *groups),
        reason="creates network interfaces in these subnets and security groups; AWS generates "
        "their ids, and a shared subnet may belong to another account",
        required_by=(vpc.path,),
    )
    yield Statement(
        sid="ManageNetworkInterface",
        actions=(
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
        ),
        resources=(interfaces,),
        # Every interface has a subnet, but a check before it exists has none, hence IfExists: see
        # "CreateProcessingJob API" on the page above for checks at creation that a condition fails.
        conditions=(Condition(operator="ArnLikeIfExists", key="ec2:Subnet", values=subnets),),
        reason="attaches and removes the interfaces in these subnets; AWS generates their ids",
        required_by=(vpc.path / "Subnets",),
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
        reason="AWS has no narrower form: EC2's Describe actions do not apply to a resource",
        required_by=(vpc.path,),
    )


def _file_systems(definition: Definition, environment: Environment) -> Iterator[Statement]:
    for channel in definition.channels:
        for source in channel.sources:
            if not isinstance(source, FileSystemSource):
                continue
            by = (source.path / "FileSystemId",)
            if source.type == "EFS":
                yield Statement(
                    sid="DescribeFileSystem",
                    actions=(
                        "elasticfilesystem:DescribeFileSystems",
                        "elasticfilesystem:DescribeMountTargets",
                    ),
                    resources=(arn(environment, "elasticfilesystem", f"file-system/{source.id}"),),
                    reason="finds where the file system is mounted",
                    required_by=by,
                )
            else:
                yield Statement(
                    sid="DescribeLustre",
                    actions=("fsx:DescribeFileSystems",),
                    resources=("*",),
                    reason="AWS has no narrower form: fsx:DescribeFileSystems does not apply to a "
                    "resource",
                    required_by=by,
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
        reason="AWS has no narrower form: a metric is not a resource, hence the namespace",
        required_by=(definition.path,),
    )


FAMILIES: tuple[Family, ...] = (
    storage_permissions.inputs,
    storage_permissions.code,
    storage_permissions.output,
    storage_permissions.checkpoints,
    storage_permissions.input_keys,
    storage_permissions.output_keys,
    storage_permissions.volume_keys,
    _image,
    _algorithm,
    _hubs,
    _network,
    _file_systems,
    _metrics,
)
"""In the order of a role's statements; those for its logs follow."""


def _ec2_arn(environment: Environment, kind: str, name: str) -> str:
    """The ARN of a subnet or security group; an existing one may be shared by any account."""
    existing = {reference(parameter) for parameter in environment.parameters}
    account = environment.account if has_reference(name) and name not in existing else "*"
    return arn(environment, "ec2", f"{kind}/{name}", account=account)

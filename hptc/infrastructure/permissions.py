"""What the training jobs of a search may do: a request in, the statements of its role out.

The sets follow "CreateHyperParameterTuningJob API: Execution Role Permissions" of
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html, each cut down to what the
request names. A `*` stands only where AWS has no narrower form, and its reason says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hptc.catalog.images import identify, parse_image
from hptc.infrastructure import storage_permissions
from hptc.infrastructure.arns import arn
from hptc.infrastructure.statements import Condition, Statement, merge
from hptc.project.project_file import Environment
from hptc.project.references import has_reference, reference
from hptc.request.tuning_job import DatasetSource, Definition, FileSystemSource, S3Source, TuningJob

LOG_GROUP = METRIC_NAMESPACE = "/aws/sagemaker/TrainingJobs"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html"""

MANAGED_ROLE = reference("execution_role_arn")

Family = Callable[[Definition, Environment], Iterator[Statement]]


def permissions(
    environment: Environment, job: TuningJob, role: str = MANAGED_ROLE
) -> tuple[Statement, ...]:
    """What a search asks of one of its roles, the one that hptc makes unless another is said.

    None when nothing in the search uses the role. The statements depend on what the search names,
    not on the order in which it does.
    """
    served = [each for each in job.definitions if each.role_arn == role]
    return tuple(
        statement
        for family in FAMILIES
        for statement in merge(s for each in served for s in family(each, environment))
    )


def _image(definition: Definition, environment: Environment) -> Iterator[Statement]:
    image = parse_image(definition.training_image or "")
    by = definition.path / "AlgorithmSpecification" / "TrainingImage"
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
        required_by=(by,),
    )
    yield Statement(
        sid="LogInToRegistry",
        actions=("ecr:GetAuthorizationToken",),
        resources=("*",),
        reason="AWS has no narrower form: a registry token belongs to no resource",
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
            reason="looks the algorithm up",
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
                reason="looks up what the hub holds",
                required_by=(by,),
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
        # Every interface has a subnet, but what is asked before there is one has none, hence
        # IfExists: "CreateProcessingJob API" of the page above tells of checks at creation that a
        # condition fails.
        conditions=(Condition(operator="ArnLikeIfExists", key="ec2:Subnet", values=subnets),),
        reason="attaches and removes the interfaces in these subnets; AWS makes up their ids",
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
        reason="AWS has no narrower form: EC2's Describe actions name no resource",
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
                    reason="AWS has no narrower form: fsx:DescribeFileSystems names no resource",
                    required_by=by,
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
        required_by=(definition.path,),
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
    _logs,
    _metrics,
)
"""In the order in which a role has them."""


def _ec2_arn(environment: Environment, kind: str, name: str) -> str:
    """A subnet or security group of ours by its account; another's may be shared with us."""
    brought = {reference(parameter) for parameter in environment.parameters}
    account = environment.account if has_reference(name) and name not in brought else "*"
    return arn(environment, "ec2", f"{kind}/{name}", account=account)

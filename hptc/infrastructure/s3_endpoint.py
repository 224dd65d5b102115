"""The policy of the S3 endpoint in a VPC that hptc creates: it allows the environment's buckets.

The policy of a gateway endpoint limits every caller in the VPC, whatever their own policies allow:
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.infrastructure.arns import bucket_arn
from hptc.infrastructure.statements import Condition, Statement
from hptc.infrastructure.storage_permissions import locations
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.tuning_job import Definition, TuningJob


def endpoint_policy(environment: Environment) -> tuple[Statement, ...]:
    """The statements of the S3 endpoint's policy."""
    buckets = reachable_buckets(environment)
    layers = bucket_arn(environment, f"prod-{environment.region}-starport-layer-bucket")
    project = Statement(
        sid="BucketsOfTheEnvironment",
        principal=("AWS", "*"),
        actions=(
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:ListBucket",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ),
        resources=tuple(
            resource for bucket in buckets for resource in _bucket_and_objects(environment, bucket)
        ),
        conditions=(
            # Credentials smuggled into a training job belong to another account.
            Condition(
                operator="StringEquals", key="aws:PrincipalAccount", values=(environment.account,)
            ),
        ),
        reason="training jobs read and write these buckets, as their roles allow",
    )
    service = Statement(
        sid="LayersOfImages",
        principal=("AWS", "*"),
        actions=("s3:GetObject",),
        resources=(f"{layers}/*",),
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
        reason="ECR stores image layers in its own bucket in each Region",
    )
    return (project, service) if buckets else (service,)


def _bucket_and_objects(environment: Environment, bucket: str) -> tuple[str, str]:
    if ":accesspoint/" in bucket:
        return bucket, f"{bucket}/object/*"
    arn = bucket_arn(environment, bucket)
    return arn, f"{arn}/*"


def reachable_buckets(environment: Environment) -> tuple[str, ...]:
    """The buckets, by name, and access points, by ARN, that the endpoint allows."""
    chosen = environment.infrastructure
    own = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    named = [
        reference(name) if choice == "managed" else choice
        for name, choice in own.items()
        if choice != "absent"
    ]
    more = chosen.network.s3_buckets if chosen.network is not None else []
    return tuple(dict.fromkeys([*named, *more]))


@frozen
class UnreachableBucket:
    """A bucket or access point that a spec uses but that its network can't reach."""

    name: str  # an access point by its ARN
    path: RequestPath
    is_directory_bucket: (
        bool  # in S3 Express One Zone, which hptc's gateway endpoints don't support
    )


def unreachable_buckets(environment: Environment, job: TuningJob) -> Iterator[UnreachableBucket]:
    """The buckets that a job uses but the S3 endpoint of its VPC does not allow, each once."""
    network = environment.infrastructure.network
    if network is None or not network.is_managed:
        return
    reachable, reported = reachable_buckets(environment), set[str]()
    for definition in filter(_is_in_managed_network, job.definitions):
        for location, path in locations(definition, environment):
            name = location.arn if location.is_access_point else location.bucket
            is_reachable = name in reachable and not location.is_directory_bucket
            if not is_reachable and name not in reported:
                reported.add(name)
                yield UnreachableBucket(
                    name=name, path=path, is_directory_bucket=location.is_directory_bucket
                )


def _is_in_managed_network(definition: Definition) -> bool:
    subnets = definition.vpc.subnets if definition.vpc is not None else ()
    return any(subnet.startswith("${hptc:subnet_id_") for subnet in subnets)

"""What the S3 endpoint of a VPC that hptc makes lets through: the environment's buckets only.

A gateway endpoint's policy bounds every caller behind it, whatever their own policies allow:
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from hptc.catalog.images import partition
from hptc.diagnostics import path_text
from hptc.errors import UsageError
from hptc.infrastructure.statements import Condition, Statement
from hptc.infrastructure.storage_permissions import places
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.tuning_job import Definition, TuningJob


def endpoint_policy(environment: Environment) -> tuple[Statement, ...]:
    """The statements of the S3 endpoint's policy."""
    prefix = f"arn:{partition(environment.region)}:s3:::"
    buckets = reachable_buckets(environment)
    layers = f"{prefix}prod-{environment.region}-starport-layer-bucket"
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
            resource for bucket in buckets for resource in _bucket_and_objects(bucket, prefix)
        ),
        conditions=(
            # Credentials that were smuggled in are another account's.
            Condition(
                operator="StringEquals", key="aws:PrincipalAccount", values=(environment.account,)
            ),
        ),
        reason="training jobs read and write these buckets, as far as their roles allow",
    )
    service = Statement(
        sid="LayersOfImages",
        principal=("AWS", "*"),
        actions=("s3:GetObject",),
        resources=(f"{layers}/*",),
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
        reason="ECR keeps the layers of images in a bucket of its own in each Region",
    )
    return (project, service) if buckets else (service,)


def _bucket_and_objects(bucket: str, prefix: str) -> tuple[str, str]:
    if ":accesspoint/" in bucket:
        return bucket, f"{bucket}/object/*"
    return f"{prefix}{bucket}", f"{prefix}{bucket}/*"


def reachable_buckets(environment: Environment) -> tuple[str, ...]:
    """The buckets, by name, and access points, by ARN, that the endpoint lets through."""
    chosen = environment.infrastructure
    own = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    named = [
        reference(name) if choice == "managed" else choice
        for name, choice in own.items()
        if choice != "absent"
    ]
    more = chosen.network.s3_buckets if chosen.network is not None else []
    return tuple(dict.fromkeys([*named, *more]))


def check_reach(environment: Environment, spec: str, job: TuningJob) -> None:
    """Raise UsageError when a spec's jobs need a bucket that the endpoint keeps from them."""
    network = environment.infrastructure.network
    if network is None or not network.is_managed:
        return
    reachable = reachable_buckets(environment)
    for definition in filter(_is_behind, job.definitions):
        for place, by in places(definition, environment):
            if place.is_directory_bucket:
                raise UsageError(
                    f"`{spec}` needs {place.bucket} ({path_text(by)}), and the network of the "
                    f"environment `{environment.name}` has no way to S3 Express One Zone",
                    help="use a bucket of another storage class, or bring a network that has a "
                    "gateway endpoint for s3express",
                )
            name = place.arn if ":accesspoint/" in place.arn else place.bucket
            if name not in reachable:
                raise UsageError(
                    f"`{spec}` needs {name} ({path_text(by)}), which the S3 endpoint of the "
                    f"environment `{environment.name}` lets no training job reach",
                    help=f"add {name} to `infrastructure.network.s3_buckets` in hptc.yaml",
                )


def _is_behind(definition: Definition) -> bool:
    subnets = definition.vpc.subnets if definition.vpc is not None else ()
    return any(subnet.startswith("${hptc:subnet_id_") for subnet in subnets)

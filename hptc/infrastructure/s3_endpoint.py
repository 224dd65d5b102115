"""The policy of the S3 endpoint in a VPC that hptc creates: which buckets and keys it allows.

The policy of a gateway endpoint limits every caller in the VPC, whatever their own policies allow:
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.infrastructure.arns import bucket_arn, escaped
from hptc.infrastructure.globs import remaining_globs
from hptc.infrastructure.statements import Condition, Statement
from hptc.infrastructure.storage_permissions import checkpoint_location, code_location, locations
from hptc.project.patterns import matches_any_glob
from hptc.project.policy import Policy
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.tuning_job import Definition, TuningJob

_READ = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_IN_LOCATIONS = "the policy in hptc.yaml allows only these locations"


def endpoint_policy(environment: Environment) -> tuple[Statement, ...]:
    """The statements of the S3 endpoint's policy.

    The project's policy on S3 locations applies to the listed buckets here too, whatever the
    callers' own policies allow. The environment's own buckets are always allowed.
    """
    own, listed = _own_buckets(environment), _listed_buckets(environment)
    if not _has_locations(environment):
        own, listed = reachable_buckets(environment), ()
    layers = bucket_arn(environment, f"prod-{environment.region}-starport-layer-bucket")
    statements = [
        *_whole_buckets(environment, own),
        *_in_locations(environment, listed),
        Statement(
            sid="LayersOfImages",
            principal=("AWS", "*"),
            actions=("s3:GetObject",),
            resources=(f"{layers}/*",),
            # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
            reason="ECR stores image layers in its own bucket in each Region",
        ),
    ]
    return tuple(statements)


def _whole_buckets(environment: Environment, buckets: Sequence[str]) -> Iterator[Statement]:
    if buckets:
        yield _statement(
            environment,
            "BucketsOfTheEnvironment",
            tuple(sorted((*_READ, *_WRITE, "s3:GetBucketLocation", "s3:ListBucket"))),
            tuple(
                resource
                for bucket in buckets
                for resource in (_arn(environment, bucket), _objects(environment, bucket, "*"))
            ),
            "training jobs read and write these buckets, as their roles allow",
        )


@frozen
class _AllowedKeys:
    """The patterns of the keys in a bucket that the project's policy allows."""

    bucket: str
    readable: tuple[str, ...]
    written: tuple[str, ...]


def _in_locations(environment: Environment, buckets: Sequence[str]) -> Iterator[Statement]:
    """What the project's policy allows in each bucket: reading, writing and listing."""
    allowed = [
        _AllowedKeys(
            bucket=bucket,
            readable=_readable_keys(environment.policy, bucket),
            written=_written_keys(environment.policy, bucket),
        )
        for bucket in buckets
    ]
    inputs = [_objects(environment, keys.bucket, key) for keys in allowed for key in keys.readable]
    outputs = [_objects(environment, keys.bucket, key) for keys in allowed for key in keys.written]
    if inputs:
        yield _statement(
            environment,
            "AllowedInputs",
            _READ,
            tuple(dict.fromkeys(inputs)),
            f"training jobs read their inputs and checkpoints; {_IN_LOCATIONS}",
        )
    if outputs:
        yield _statement(
            environment,
            "AllowedOutputs",
            _WRITE,
            tuple(dict.fromkeys(outputs)),
            f"training jobs write their output and checkpoints; {_IN_LOCATIONS}",
        )
    for number, keys in enumerate(allowed, 1):
        if keys.readable:
            yield _listing(environment, f"ListBucket{number}", keys)


def _listing(environment: Environment, sid: str, allowed: _AllowedKeys) -> Statement:
    """The statement that lists the readable keys of a bucket."""
    statement = _statement(
        environment,
        sid,
        ("s3:ListBucket",),
        (_arn(environment, allowed.bucket),),
        f"training jobs list the bucket; {_IN_LOCATIONS}",
    )
    # A folder is listed with or without its slash.
    folders = (key.removesuffix("/*") for key in allowed.readable if key.endswith("/*"))
    prefixes = tuple(dict.fromkeys((*allowed.readable, *folders)))
    if "*" in prefixes:
        return statement
    prefix = Condition(operator="StringLike", key="s3:prefix", values=prefixes)
    return replace(statement, conditions=(*statement.conditions, prefix))


def _statement(
    environment: Environment,
    sid: str,
    actions: tuple[str, ...],
    resources: tuple[str, ...],
    reason: str,
) -> Statement:
    return Statement(
        sid=sid,
        principal=("AWS", "*"),
        actions=actions,
        resources=resources,
        conditions=(
            # Stolen credentials that a training job brings along belong to another account.
            Condition(
                operator="StringEquals", key="aws:PrincipalAccount", values=(environment.account,)
            ),
        ),
        reason=reason,
    )


def _has_locations(environment: Environment) -> bool:
    policy = environment.policy
    return policy.input_locations is not None or policy.output_locations is not None


def _readable_keys(policy: Policy, bucket: str) -> tuple[str, ...]:
    """Patterns of the keys that may be read: each input location is a prefix, as an input is.

    Checkpoints are read where the policy allows writing them.
    """
    if policy.input_locations is None:
        return ("*",)
    keys = (f"{key.removesuffix('*')}*" for key in _keys(policy.input_locations, bucket))
    written = _written_keys(policy, bucket) if policy.output_locations is not None else ()
    return tuple(dict.fromkeys((*keys, *written)))


def _written_keys(policy: Policy, bucket: str) -> tuple[str, ...]:
    """Patterns of the keys that may be written: each location is a folder, as an output is."""
    if policy.output_locations is None:
        return ("*",)
    keys = [key or "*" for key in _keys(policy.output_locations, bucket)]
    return tuple(
        dict.fromkeys(key if key.endswith("*") else f"{key.rstrip('/')}/*" for key in keys)
    )


def _keys(locations: Sequence[str], bucket: str) -> list[str]:
    """The globs of keys in a bucket that locations allow; empty for the whole bucket."""
    whole = [""] if matches_any_glob(locations, f"s3://{bucket}") else []
    return [
        *whole,
        *(key for location in locations for key in remaining_globs(location, f"s3://{bucket}/")),
    ]


def _arn(environment: Environment, bucket: str) -> str:
    return bucket if ":accesspoint/" in bucket else bucket_arn(environment, bucket)


def _objects(environment: Environment, bucket: str, key: str) -> str:
    arn = _arn(environment, bucket)
    folder = f"{arn}/object" if ":accesspoint/" in bucket else arn
    return f"{folder}/{_escaped(key)}"


def _escaped(glob: str) -> str:
    return "*".join(escaped(part) for part in glob.split("*"))


def reachable_buckets(environment: Environment) -> tuple[str, ...]:
    """The buckets, by name, and access points, by ARN, that the endpoint allows."""
    return tuple(dict.fromkeys([*_own_buckets(environment), *_listed_buckets(environment)]))


def _own_buckets(environment: Environment) -> tuple[str, ...]:
    chosen = environment.infrastructure
    own = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    return tuple(
        dict.fromkeys(
            reference(name) if choice == "managed" else choice
            for name, choice in own.items()
            if choice != "absent"
        )
    )


def _listed_buckets(environment: Environment) -> tuple[str, ...]:
    """The buckets of `s3_buckets`, without the environment's own."""
    network, own = environment.infrastructure.network, _own_buckets(environment)
    listed = network.s3_buckets if network is not None else []
    return tuple(dict.fromkeys(bucket for bucket in listed if bucket not in own))


@frozen
class UnreachableBucket:
    """A bucket or access point that a spec uses but that its network can't reach."""

    name: str  # an access point by its ARN
    path: RequestPath
    is_directory_bucket: bool  # of S3 Express One Zone, which needs its own endpoint
    key: str | None = None  # of what can't be read, if only the project's policy denies it


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
        yield from _unreadable(environment, definition)


def _unreadable(environment: Environment, definition: Definition) -> Iterator[UnreachableBucket]:
    """A training script or checkpoints in a listed bucket, where the policy allows no reading.

    HPT821 and HPT822 are about inputs, and about writing.
    """
    if not _has_locations(environment):
        return
    policy, listed = environment.policy, _listed_buckets(environment)
    for place, below in (
        (code_location(definition, environment), ""),
        (checkpoint_location(definition, environment), "/"),
    ):
        if place is None:
            continue
        location, path = place
        name = location.arn if location.is_access_point else location.bucket
        key = location.key.rstrip("/") + below
        if name in listed and not matches_any_glob(_readable_keys(policy, name), key):
            yield UnreachableBucket(name=name, path=path, is_directory_bucket=False, key=key)


def _is_in_managed_network(definition: Definition) -> bool:
    subnets = definition.vpc.subnets if definition.vpc is not None else ()
    return any(subnet.startswith("${hptc:subnet_id_") for subnet in subnets)

"""What the specs of an environment share: network, key and buckets, where hptc makes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import assert_never

from hptc.catalog.images import partition
from hptc.catalog.prefix_lists import s3_prefix_list
from hptc.errors import UsageError
from hptc.infrastructure.arns import arn
from hptc.infrastructure.launcher_policy import launcher
from hptc.infrastructure.s3_endpoint import endpoint_policy
from hptc.infrastructure.statements import Statement, document
from hptc.project.infrastructure_choices import Network as NetworkChoice
from hptc.project.kms_keys import key_arn
from hptc.project.project_file import Environment
from hptc.project.references import reference

_HTTPS = 443
_SUBNET_SLOTS_BITS = 2  # four equal parts, so that a zone more moves no subnet
_LARGEST_POLICY = 6144
"""Of a managed policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_LARGEST_VPC, _SMALLEST_VPC = 16, 26  # /28 is the smallest subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a security group lets through; `peer` is a group, a CIDR or a prefix list."""

    group: str  # members | endpoints
    direction: str  # in | out
    peer: str
    port: int | None = None  # of TCP; None: all traffic
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A VPC without a way to the internet."""

    cidr: str
    subnet_prefix: int
    availability_zones: tuple[str, ...]
    interface_endpoints: tuple[str, ...]
    s3_policy: tuple[Statement, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInVpc:
    """A security group in a VPC of the user's."""

    vpc_id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """An SSM parameter that holds what the user brings, and the reference that it gives a value to.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """

    provides: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A KMS key."""

    alias: str
    policy: tuple[Statement, ...]
    pending_window_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A private bucket. `provides` is the reference that names it; no key means S3's own."""

    provides: str
    kms_key: str | None
    abort_uploads_after_days: int
    expire_old_versions_after_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherPolicy:
    """The managed policy for those who may start searches. It has a name, to be attached by."""

    name: str
    path: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """The stack that the specs of one environment share."""

    stack: str
    key: Key | None
    buckets: tuple[Bucket, ...]
    network: Network | GroupInVpc | None
    launcher: LauncherPolicy | None
    parameters: tuple[Parameter, ...]
    is_retained: bool

    @property
    def provides(self) -> tuple[str, ...]:
        """The names of the references that this stack gives a value to."""
        names = [bucket.provides for bucket in self.buckets]
        if self.key is not None:
            names.append("kms_key_arn")
        match self.network:
            case Network(availability_zones=zones):
                names += ["security_group_id", *(f"subnet_id_{i + 1}" for i in range(len(zones)))]
            case GroupInVpc():
                names.append("security_group_id")
            case None:
                pass
            case _:
                assert_never(self.network)
        if self.launcher is not None:
            names.append("launcher_policy_arn")
        return (*names, *(each.provides for each in self.parameters))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to make, and so no stack."""
        return not self.provides


def foundation(environment: Environment) -> Foundation:
    """What an environment makes for all of its specs. Raises UsageError for an unusable network."""
    chosen = environment.infrastructure
    network = chosen.network
    kms_key = None if chosen.kms_key == "absent" else _bucket_key(environment)
    buckets = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    return Foundation(
        stack=environment.foundation_stack,
        key=_key(environment) if chosen.kms_key == "managed" else None,
        buckets=tuple(
            Bucket(
                provides=name,
                kms_key=kms_key,
                abort_uploads_after_days=7,
                expire_old_versions_after_days=90,
            )
            for name, choice in buckets.items()
            if choice == "managed"
        ),
        network=_network(environment, network) if network else None,
        launcher=_launcher(environment) if chosen.launcher_policy == "managed" else None,
        parameters=tuple(
            Parameter(provides=name, name=parameter)
            for name, parameter in environment.parameters.items()
        ),
        is_retained=chosen.removal == "retain",
    )


def _bucket_key(environment: Environment) -> str:
    chosen = environment.infrastructure.kms_key
    key = reference("kms_key_arn") if chosen == "managed" else key_arn(chosen, environment)
    if ":alias/" in key and not key.startswith(arn(environment, "kms", "alias/")):
        raise UsageError(
            f"environment `{environment.name}`: {key} is an alias of another account or Region, "
            "and a bucket's default key can't be named by it",
            help="give `infrastructure.kms_key` the key's ARN",
        )
    return key


def _launcher(environment: Environment) -> LauncherPolicy:
    statements = launcher(environment)
    size = len(json.dumps(document(statements), separators=(",", ":")))
    if size > _LARGEST_POLICY:
        raise UsageError(
            f"environment `{environment.name}`: the launcher policy that its `policy` makes has "
            f"{size} characters, and {_LARGEST_POLICY} is IAM's most",
            help="name instance types by patterns such as ml.m5.*, or say "
            "`infrastructure.launcher_policy: absent`",
        )
    return LauncherPolicy(
        name=f"{environment.foundation_stack}-launcher",
        path=environment.role_path,
        statements=statements,
    )


def _key(environment: Environment) -> Key:
    return Key(
        alias=f"alias/{environment.foundation_stack}",
        policy=(
            Statement(
                sid="AccountDecidesByIam",
                principal=(
                    "AWS",
                    f"arn:{partition(environment.region)}:iam::{environment.account}:root",
                ),
                actions=("kms:*",),
                resources=("*",),
                # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
                reason="AWS's own default: the account's IAM policies decide, so that a role has "
                "the key by its own statements only and the key can't be locked out; in a key "
                "policy `*` is this key",
            ),
        ),
        pending_window_days=30 if environment.infrastructure.removal == "retain" else 7,
    )


def _network(environment: Environment, choice: NetworkChoice) -> Network | GroupInVpc | None:
    if choice.is_managed:
        return _vpc(environment, choice)
    if choice.makes_group and choice.vpc_id is not None:
        return GroupInVpc(vpc_id=choice.vpc_id, rules=tuple(_rules(environment, choice)))
    return None


def _vpc(environment: Environment, choice: NetworkChoice) -> Network:
    try:
        cidr = IPv4Network(choice.cidr)
    except ValueError as error:
        raise _no_cidr(environment, f"{choice.cidr} is no network: {error}") from None
    if not _LARGEST_VPC <= cidr.prefixlen <= _SMALLEST_VPC:
        raise _no_cidr(environment, f"{choice.cidr} is no size that a VPC can have")
    zones = choice.availability_zones or [f"{environment.region}{zone}" for zone in "ab"]
    for zone in zones:
        if not zone.startswith(environment.region) or zones.count(zone) > 1:
            problem = "named twice" if zones.count(zone) > 1 else f"not of {environment.region}"
            raise UsageError(
                f"environment `{environment.name}`: the zone {zone} is {problem}",
                help="give `infrastructure.network.availability_zones` such as "
                f"[{environment.region}a, {environment.region}b]",
            )
    return Network(
        cidr=str(cidr),
        subnet_prefix=cidr.prefixlen + _SUBNET_SLOTS_BITS,
        availability_zones=tuple(zones),
        interface_endpoints=tuple(sorted(set(choice.interface_endpoints))),
        s3_policy=endpoint_policy(environment),
        rules=tuple(_rules(environment, choice)),
    )


def _no_cidr(environment: Environment, problem: str) -> UsageError:
    return UsageError(
        f"environment `{environment.name}`: {problem}",
        help="give `infrastructure.network.cidr` such as 10.42.0.0/20, "
        f"from /{_LARGEST_VPC} to /{_SMALLEST_VPC}",
    )


def _rules(environment: Environment, choice: NetworkChoice) -> list[Rule]:
    """Members reach each other, S3 and the endpoints.

    Between members all traffic: instances with an Elastic Fabric Adapter demand it, and it holds
    the UDP 500 and protocol 50 that containers encrypt their traffic with:
    https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html#train-vpc-groups
    """
    rules = [
        Rule(group="members", direction=direction, peer="members",
             description="training jobs among themselves, UDP 500 and protocol 50 included")
        for direction in ("in", "out")
    ]  # fmt: skip
    rules.append(_to_s3(environment, choice))
    if choice.interface_endpoints:
        rules += [
            Rule(group="members", direction="out", peer="endpoints", port=_HTTPS,
                 description="AWS services, by their interface endpoints"),
            Rule(group="endpoints", direction="in", peer="members", port=_HTTPS,
                 description="training jobs"),
        ]  # fmt: skip
    return rules


def _to_s3(environment: Environment, choice: NetworkChoice) -> Rule:
    """The way out to S3: its prefix list, or, in a VPC that leads nowhere else, any address."""
    to, how = choice.s3_prefix_list_id or s3_prefix_list(environment.region), "by its endpoint"
    if to is None and not choice.is_managed:
        raise UsageError(
            f"environment `{environment.name}`: the id of S3's prefix list in "
            f"{environment.region} is not known here, and without it the security group would let "
            "out to everywhere that your VPC leads to",
            help="give `infrastructure.network.s3_prefix_list_id`; "
            f"`aws ec2 describe-managed-prefix-lists --region {environment.region}` lists it as "
            f"com.amazonaws.{environment.region}.s3",
        )
    if to is None:
        to, how = "0.0.0.0/0", "by its endpoint: the subnets have no other way out"
    return Rule(group="members", direction="out", peer=to, port=_HTTPS, description=f"S3, {how}")

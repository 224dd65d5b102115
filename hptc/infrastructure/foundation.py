"""The shared resources of an environment: VPC, KMS key, buckets and launcher policy to create.

Pure data. It is complete for every project that `hptc check` accepts; project_findings.py reports
what AWS would reject.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from hptc.catalog.prefix_lists import s3_prefix_list
from hptc.frozen import frozen
from hptc.infrastructure.arns import account_root
from hptc.infrastructure.launcher_policy import launcher_statements
from hptc.infrastructure.s3_endpoint import endpoint_policy
from hptc.infrastructure.stack_outputs import foundation_outputs
from hptc.infrastructure.statements import Statement
from hptc.project.infrastructure_choices import Network as NetworkChoice
from hptc.project.kms_keys import key_arn
from hptc.project.project_file import Environment
from hptc.project.references import reference

LARGEST_VPC_PREFIX, SMALLEST_VPC_PREFIX = 16, 26  # /28 is the smallest subnet
_HTTPS = 443
_SUBNET_SLOTS_BITS = 2  # four equal parts, so that adding a zone moves no subnet


@frozen
class SecurityGroupRule:
    """Traffic that a security group allows; `peer` is a group, a CIDR block or a prefix list."""

    group: str  # members | endpoints
    direction: str  # in | out
    peer: str
    port: int | None = None  # TCP; None: all traffic
    description: str


@frozen
class Network:
    """A VPC without internet access."""

    cidr: str
    subnet_prefix: int
    zone_count: int
    availability_zones: tuple[str, ...]  # without any, CloudFormation lists the account's
    interface_endpoints: tuple[str, ...]
    s3_policy: tuple[Statement, ...]
    rules: tuple[SecurityGroupRule, ...]


@frozen
class SecurityGroupInVpc:
    """A security group in an existing VPC."""

    vpc_id: str
    rules: tuple[SecurityGroupRule, ...]


@frozen
class Parameter:
    """An SSM parameter that identifies an existing resource, and the reference it provides.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """

    provides: str
    name: str


@frozen
class Key:
    """A KMS key."""

    alias: str
    policy: tuple[Statement, ...]
    pending_window_days: int


@frozen
class Bucket:
    """A private bucket. `provides` is the reference to it; without a key, S3's own key is used."""

    provides: str
    kms_key: str | None
    abort_uploads_after_days: int
    expire_old_versions_after_days: int


@frozen
class LauncherPolicy:
    """The managed policy for people who launch tuning jobs, with a fixed name to attach it by."""

    name: str
    path: str
    statements: tuple[Statement, ...]


@frozen
class Foundation:
    """The stack that the specs of one environment share."""

    stack: str
    key: Key | None
    buckets: tuple[Bucket, ...]
    network: Network | SecurityGroupInVpc | None
    launcher: LauncherPolicy | None
    parameters: tuple[Parameter, ...]
    is_retained: bool
    outputs: tuple[str, ...]  # the references that it provides

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to create. An empty foundation has no stack."""
        return not self.outputs


def foundation(environment: Environment) -> Foundation:
    """The resources that an environment creates for all of its specs."""
    chosen = environment.infrastructure
    kms_key = None if chosen.kms_key == "absent" else bucket_key(environment)
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
        network=_network(environment, chosen.network) if chosen.network else None,
        launcher=_launcher(environment) if chosen.launcher_policy == "managed" else None,
        parameters=tuple(
            Parameter(provides=name, name=parameter)
            for name, parameter in environment.parameters.items()
        ),
        is_retained=chosen.removal == "retain",
        outputs=foundation_outputs(environment),
    )


def bucket_key(environment: Environment) -> str:
    """The default encryption key of the buckets: a reference or an ARN."""
    chosen = environment.infrastructure.kms_key
    return reference("kms_key_arn") if chosen == "managed" else key_arn(chosen, environment)


def launcher_policy_name(environment: Environment) -> str:
    """The name of the managed policy for people who launch tuning jobs."""
    return f"{environment.foundation_stack}-launcher"


def _launcher(environment: Environment) -> LauncherPolicy:
    return LauncherPolicy(
        name=launcher_policy_name(environment),
        path=environment.role_path,
        statements=launcher_statements(environment),
    )


def _key(environment: Environment) -> Key:
    return Key(
        alias=f"alias/{environment.foundation_stack}",
        policy=(
            Statement(
                sid="AccountDecidesByIam",
                principal=("AWS", account_root(environment)),
                actions=("kms:*",),
                resources=("*",),
                # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
                reason="AWS's default: the account's IAM policies decide, so a role can use the "
                "key only through its own statements, and the key can't be locked out; in a key "
                "policy `*` means this key",
            ),
        ),
        pending_window_days=30 if environment.infrastructure.removal == "retain" else 7,
    )


def _network(
    environment: Environment, choice: NetworkChoice
) -> Network | SecurityGroupInVpc | None:
    if choice.is_managed:
        return _vpc(environment, choice)
    if choice.has_managed_group and choice.vpc_id is not None:
        return SecurityGroupInVpc(vpc_id=choice.vpc_id, rules=tuple(_rules(environment, choice)))
    return None


def _vpc(environment: Environment, choice: NetworkChoice) -> Network:
    cidr = cidr_block(choice.cidr)
    prefix = SMALLEST_VPC_PREFIX if cidr is None else cidr.prefixlen
    return Network(
        cidr=choice.cidr if cidr is None else str(cidr),
        subnet_prefix=prefix + _SUBNET_SLOTS_BITS,
        zone_count=choice.zone_count,
        availability_zones=tuple(choice.availability_zones or ()),
        interface_endpoints=tuple(sorted(set(choice.interface_endpoints))),
        s3_policy=endpoint_policy(environment),
        rules=tuple(_rules(environment, choice)),
    )


def cidr_block(text: str) -> IPv4Network | None:
    """The addresses of a CIDR block; None for text that is not a valid one."""
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def _rules(environment: Environment, choice: NetworkChoice) -> list[SecurityGroupRule]:
    """Training jobs reach each other, S3 and the interface endpoints.

    Among themselves all traffic is allowed: instances with an Elastic Fabric Adapter require it,
    and it includes UDP 500 and protocol 50, which containers encrypt their traffic with:
    https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html#train-vpc-groups
    """
    rules = [
        SecurityGroupRule(group="members", direction=direction, peer="members",
             description="training jobs among themselves, UDP 500 and protocol 50 included")
        for direction in ("in", "out")
    ]  # fmt: skip
    if (to_s3 := _to_s3(environment, choice)) is not None:
        rules.append(to_s3)
    if choice.interface_endpoints:
        rules += [
            SecurityGroupRule(group="members", direction="out", peer="endpoints", port=_HTTPS,
                 description="AWS services, by their interface endpoints"),
            SecurityGroupRule(group="endpoints", direction="in", peer="members", port=_HTTPS,
                 description="training jobs"),
        ]  # fmt: skip
    return rules


def _to_s3(environment: Environment, choice: NetworkChoice) -> SecurityGroupRule | None:
    """The rule to S3's prefix list or, in a VPC whose only way out is S3, to any address.

    None in an existing VPC of a Region whose prefix list is unknown.
    """
    to, how = s3_prefix_list_id(environment, choice), "by its endpoint"
    if to is None and not choice.is_managed:
        return None
    if to is None:
        to, how = "0.0.0.0/0", "by its endpoint: the subnets have no other way out"
    return SecurityGroupRule(
        group="members", direction="out", peer=to, port=_HTTPS, description=f"S3, {how}"
    )


def s3_prefix_list_id(environment: Environment, choice: NetworkChoice) -> str | None:
    """The ID of S3's managed prefix list: the one in hptc.yaml, or the Region's known one."""
    return choice.s3_prefix_list_id or s3_prefix_list(environment.region)

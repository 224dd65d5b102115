"""Checks the environments of hptc.yaml for what AWS or CDK synthesis would reject.

Findings have paths in hptc.yaml. hptc/rules/deployability.py checks a spec in its environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from hptc.catalog.arn import ARN
from hptc.catalog.region_names import is_region, meant_region
from hptc.diagnostics import Finding, ProjectPath, respelled
from hptc.infrastructure.foundation import (
    LARGEST_VPC_PREFIX,
    SMALLEST_VPC_PREFIX,
    bucket_key,
    cidr_block,
    launcher_policy_name,
    s3_prefix_list_id,
)
from hptc.infrastructure.launcher_policy import launcher_statements
from hptc.infrastructure.policy_size import (
    MAX_ENDPOINT_POLICY,
    MAX_MANAGED_POLICY,
    policy_size,
)
from hptc.infrastructure.s3_endpoint import endpoint_policy
from hptc.infrastructure.stack_names import (
    MAX_STACK_NAME,
    created_roles,
    is_stack_name,
    passable_roles,
)
from hptc.infrastructure.stack_outputs import endpoint_id, foundation_outputs
from hptc.project.identifiers import Location
from hptc.project.infrastructure_choices import Network, mismatches
from hptc.project.project_file import Environment, Project

_ELSEWHERE, _UNDEPLOYABLE = "HPT108", "HPT109"
_ENDPOINT_SERVICE = r"(?!com\.|cn\.com\.)[a-z0-9]+([.-][a-z0-9]+)*"
_MAX_POLICY_NAME = 128
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html"""
_RESERVED_ADDRESSES = tuple(
    map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"))
)
"""The link-local one is documented, and no network has addresses of the others:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions"""
_MAX_INTERFACE_ENDPOINTS = 400
"""A stack has at most 500 resources, and the rest of a foundation has fewer than 100:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


def project_findings(project: Project) -> list[Finding]:
    """The findings of a project's environments, in the order of hptc.yaml."""
    findings: list[Finding] = []
    for name, entry in project.file.environments.items():
        environment = project.environment(name)
        if environment is None:
            continue
        if not is_region(entry.region):
            findings.append(_unknown_region(name, entry.region))
            continue
        location = Location(account=entry.account, region=entry.region)
        at = ProjectPath(("environments", name, "infrastructure"))
        for path, kind, value, mismatch in mismatches(entry.infrastructure, location):
            findings.append(
                Finding(
                    code=_ELSEWHERE,
                    message=f"the {kind.noun} `{value}` is in {_place(mismatch.part)}"
                    f"{mismatch.actual}, but the environment `{name}` is in "
                    f"{_place(mismatch.part)}{mismatch.expected}",
                    path=ProjectPath((*at, *path)),
                    label=f"another {mismatch.part}",
                    help=f"use a {kind.noun} in {_place(mismatch.part)}{mismatch.expected}",
                )
            )
        findings += environment_findings(environment)
    return [*findings, *_passable_roles(project)]


def _passable_roles(project: Project) -> Iterator[Finding]:
    """Environments whose launchers may pass the roles of another one in the same account.

    People who launch tuning jobs may pass the roles that hptc creates in their environment, which
    the policy identifies by their path, and by the start of their names if that is fixed.
    """
    environments = [
        managed
        for name in project.file.environments
        if (managed := project.environment(name))
        and managed.infrastructure.execution_role == "managed"
    ]
    for environment in environments:
        passed = passable_roles(environment)
        if environment.infrastructure.launcher_policy != "managed":
            continue
        for other in environments:
            if other is environment or other.account != environment.account:
                continue
            if created_roles(other).startswith(passed):
                yield _finding(
                    environment,
                    ("infrastructure", "role_path")
                    if environment.infrastructure.role_path is not None
                    else (),
                    f"people who launch tuning jobs in `{environment.name}` could pass "
                    f"the roles of `{other.name}`: both are in the account {environment.account}, "
                    f"and the roles of `{other.name}` start with {created_roles(other)}",
                    f"use another `role_path`, such as {environment.role_path}{environment.name}/",
                )
                break


def _unknown_region(environment: str, region: str) -> Finding:
    meant = meant_region(region)
    path = ProjectPath(("environments", environment, "region"))
    return Finding(
        code="HPT104",
        message=f"`{region}` is not an AWS Region",
        path=path,
        label=f"did you mean {meant}?" if meant else "",
        fixes=respelled(meant, path),
        help="" if meant else "write a Region such as us-east-1; update botocore if it is new",
    )


def _place(part: str) -> str:
    return "" if part == "Region" else f"the {part} "


def environment_findings(environment: Environment) -> list[Finding]:
    """The findings of one environment, except ARNs in another partition, Region or account."""
    findings = [*_name(environment), *_bucket_key(environment), *_launcher(environment)]
    network = environment.infrastructure.network
    if network is not None and network.is_managed:
        findings += _cidr(environment, network)
        findings += _zones(environment, network)
        findings += _interface_endpoints(environment, network)
        findings += _s3_endpoint(environment)
    elif network is not None and network.has_managed_group:
        findings += _prefix_list(environment, network)
    return findings


def _finding(
    environment: Environment, path: tuple[str | int, ...], message: str, help: str
) -> Finding:
    return Finding(
        code=_UNDEPLOYABLE,
        message=message,
        path=ProjectPath(("environments", environment.name, *path)),
        help=help,
        on_key=path in ((), ("policy",)),
    )


def _name(environment: Environment) -> Iterator[Finding]:
    chosen = environment.infrastructure
    if not foundation_outputs(environment) and chosen.execution_role != "managed":
        return
    stack = environment.foundation_stack
    if not is_stack_name(stack):
        yield _finding(
            environment,
            (),
            f"`{stack}` is not a valid stack name",
            "use letters, digits and hyphens in the environment's name; a stack name has at most "
            f"{MAX_STACK_NAME} characters",
        )
        return
    policy = launcher_policy_name(environment)
    if chosen.launcher_policy == "managed" and len(policy) > _MAX_POLICY_NAME:
        yield _finding(
            environment,
            (),
            f"the name of the launcher policy must have at most {_MAX_POLICY_NAME} characters, "
            f"but `{policy}` has {len(policy)}",
            "shorten the environment's name",
        )


def _bucket_key(environment: Environment) -> Iterator[Finding]:
    chosen = environment.infrastructure
    has_buckets = "managed" in (chosen.artifact_bucket, chosen.data_bucket)
    key = ARN.parse(bucket_key(environment)) if has_buckets else None
    if key is None or not key.resource.startswith("alias/") or key.account == environment.account:
        return
    yield _finding(
        environment,
        ("infrastructure", "kms_key"),
        f"`{key}` is an alias in another account, {key.account}, but the default key of a bucket "
        f"in the account {environment.account} can't be such an alias",
        "set `kms_key` to the ARN of the key itself, such as "
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    )


def _launcher(environment: Environment) -> Iterator[Finding]:
    if environment.infrastructure.launcher_policy != "managed":
        return
    size = policy_size(launcher_statements(environment), environment)
    if size > MAX_MANAGED_POLICY:
        yield _finding(
            environment,
            ("policy",),
            f"the launcher policy of the environment `{environment.name}` has {size:,} "
            f"characters, but IAM allows {MAX_MANAGED_POLICY:,}",
            "shorten `policy`: match instance types with patterns such as ml.m5.*; or set "
            "`infrastructure.launcher_policy: absent`",
        )


def _cidr(environment: Environment, network: Network) -> Iterator[Finding]:
    block = cidr_block(network.cidr)
    if block is None:
        problem = f"`{network.cidr}` is not a valid CIDR block"
    elif not LARGEST_VPC_PREFIX <= block.prefixlen <= SMALLEST_VPC_PREFIX:
        problem = (
            f"a VPC must be between /{LARGEST_VPC_PREFIX} and /{SMALLEST_VPC_PREFIX}, but "
            f"`{network.cidr}` is /{block.prefixlen}"
        )
    elif any(map(block.overlaps, _RESERVED_ADDRESSES)):
        problem = f"`{network.cidr}` is a reserved block, which a VPC can't have"
    else:
        return
    yield _finding(
        environment,
        ("infrastructure", "network", "cidr"),
        problem,
        "use a block such as 10.42.0.0/20, with no bits set after the prefix",
    )


def _zones(environment: Environment, network: Network) -> Iterator[Finding]:
    zones = network.availability_zones or []
    for index, zone in enumerate(zones):
        at = ("infrastructure", "network", "availability_zones", index)
        advice = f"use zones such as [{environment.region}a, {environment.region}b]"
        if not re.fullmatch(rf"{re.escape(environment.region)}(-[a-z0-9-]+)?[a-z]", zone):
            yield _finding(
                environment,
                at,
                f"`{zone}` is not an Availability Zone in {environment.region}",
                advice,
            )
        elif zone in zones[:index]:
            yield _finding(environment, at, f"the zone `{zone}` is listed twice", advice)


def _interface_endpoints(environment: Environment, network: Network) -> Iterator[Finding]:
    at = ("infrastructure", "network", "interface_endpoints")
    services = network.interface_endpoints
    if len(services) > _MAX_INTERFACE_ENDPOINTS:
        yield _finding(
            environment,
            at,
            f"`interface_endpoints` must have at most {_MAX_INTERFACE_ENDPOINTS} services, but "
            f"has {len(services)}",
            "a stack has at most 500 resources: keep the services that training code calls",
        )
        return
    seen: dict[str, str] = {}
    for index, service in enumerate(services):
        if re.fullmatch(_ENDPOINT_SERVICE, service) is None:
            yield _finding(
                environment,
                (*at, index),
                f"`{service}` is not the name of an AWS service",
                "write the service without com.amazonaws.REGION, such as `logs` or `ecr.api`",
            )
        elif service == "s3":
            yield _finding(
                environment,
                (*at, index),
                "S3 already has a gateway endpoint in this VPC",
                "remove `s3`",
            )
        else:
            other = seen.setdefault(endpoint_id(service), service)
            if other != service:
                yield _finding(
                    environment,
                    (*at, index),
                    f"`{service}` and `{other}` are the same service",
                    "keep one of the two",
                )


def _s3_endpoint(environment: Environment) -> Iterator[Finding]:
    size = policy_size(endpoint_policy(environment), environment)
    if size > MAX_ENDPOINT_POLICY:
        yield _finding(
            environment,
            ("infrastructure", "network", "s3_buckets"),
            f"the policy of the S3 endpoint has {size:,} characters, but AWS allows "
            f"{MAX_ENDPOINT_POLICY:,}",
            "list fewer buckets, or use an existing network",
        )


def _prefix_list(environment: Environment, network: Network) -> Iterator[Finding]:
    if s3_prefix_list_id(environment, network) is not None:
        return
    region = environment.region
    yield _finding(
        environment,
        ("infrastructure", "network"),
        f"the ID of S3's prefix list in {region} is unknown, and without it the security group "
        "would allow traffic to every destination of the VPC",
        f"set `s3_prefix_list_id`; `aws ec2 describe-managed-prefix-lists --region {region}` "
        f"lists it as com.amazonaws.{region}.s3",
    )

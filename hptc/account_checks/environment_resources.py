"""Checks the existing resources that only hptc.yaml names: SSM parameters, a boundary and a VPC.

Each query runs once for all specs of an environment. What a spec itself uses, such as buckets, keys
and subnets, is checked with the spec, whichever file names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.account_checks.deployed_spec import Subject
from hptc.account_checks.parameter_values import (
    READABLE_TYPE,
    existing_parameters,
    named_parameters,
    problem_of,
    resolved,
)
from hptc.compiler.outcome import CompiledSpec
from hptc.diagnostics import Finding, Path, ProjectPath
from hptc.project.identifiers import POLICY
from hptc.project.project_file import Environment
from hptc.text import listed


def ssm_parameters(subject: Subject) -> Iterator[Finding]:
    """HPT971 and HPT972: parameters that don't exist, or that a deployment can't use."""
    environment = _environment(subject)
    if environment is None or not environment.parameters:
        return
    existing = existing_parameters(environment, subject.queries)
    if existing is None:
        return
    for named in named_parameters(subject.compiled):
        path = _path(environment, named.path)
        parameter = existing.get(named.name)
        if parameter is None:
            yield Finding(
                code="HPT971",
                message=f"the SSM parameter `{named.name}` does not exist in {environment.region} "
                f"in the account {environment.account}",
                path=path,
                label="not found",
                help=f"create it with the type {READABLE_TYPE} and the {named.kind.noun} as its "
                "value, or fix the name, which is case-sensitive",
            )
        elif (problem := problem_of(parameter, named.kind, environment)) is not None:
            yield Finding(
                code="HPT972",
                message=f"the SSM parameter `{named.name}` {problem.message}",
                path=path,
                label=problem.label,
                help=problem.help,
            )


def permissions_boundary(subject: Subject) -> Iterator[Finding]:
    """HPT943: a permissions boundary that does not exist, for roles that hptc creates."""
    environment = _environment(subject)
    named = environment.infrastructure.permissions_boundary if environment is not None else None
    if environment is None or named is None:
        return
    is_used = (
        environment.infrastructure.execution_role == "managed"
        or subject.compiled.schedule is not None
    )
    arn = resolved(subject.compiled, named, subject.queries) if is_used else None
    if arn is None or POLICY.parse_arn(arn) is None:
        return
    queries = subject.queries
    answer = queries.get("permissions boundary", queries.account.inventory.has_policy, arn)
    if answer is not None and not answer.value:
        yield Finding(
            code="HPT943",
            message=f"the permissions boundary `{arn}` does not exist",
            path=_path(environment, ("permissions_boundary",)),
            label="not found",
            help="create the managed policy, or fix its name or path: without it, IAM creates none "
            "of the roles",
        )


def existing_vpc(subject: Subject) -> Iterator[Finding]:
    """HPT961 and HPT962: the VPC in which hptc creates a security group, and its subnets."""
    environment = _environment(subject)
    network = environment.infrastructure.network if environment is not None else None
    if environment is None or network is None or network.is_managed or network.vpc_id is None:
        return
    queries, inventory = subject.queries, subject.queries.account.inventory
    vpc = resolved(subject.compiled, network.vpc_id, queries) if network.has_managed_group else None
    if vpc is None:
        return
    answer = queries.get("VPC", inventory.tenancy, vpc)
    path = _path(environment, ("network", "vpc_id"))
    if answer is not None and answer.value is None:
        yield Finding(
            code="HPT961",
            message=f"no VPC `{vpc}` found in {queries.account.region}",
            path=path,
            label="not found",
            help="fix the ID",
        )
        return
    named = (
        resolved(subject.compiled, subnet_id, queries) for subnet_id in network.subnet_ids or ()
    )
    ids = tuple(subnet_id for subnet_id in named if subnet_id is not None)
    subnets = queries.get("subnets", inventory.subnets, ids) if ids else None
    elsewhere = [
        f"`{id_}` is in {subnet.vpc}"
        for id_, subnet in (subnets.value.items() if subnets is not None else ())
        if subnet.vpc != vpc
    ]
    if elsewhere:
        yield Finding(
            code="HPT962",
            message=f"hptc creates the security group in `{vpc}`, but {listed(elsewhere)}",
            path=path,
            label="another VPC",
            help="use the VPC of the subnets, or subnets in this VPC",
        )


def _environment(subject: Subject) -> Environment | None:
    """The environment of a spec; None for a request in the API's form, which deploys nothing."""
    return subject.compiled.environment if isinstance(subject.compiled, CompiledSpec) else None


def _path(environment: Environment, path: Path) -> ProjectPath:
    return ProjectPath(("environments", environment.name, "infrastructure", *path))

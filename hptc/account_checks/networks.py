"""Checks the subnets and security groups of a tuning job, and their routes to Amazon S3."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from hptc.account_checks.deployed_spec import Subject
from hptc.catalog.arn import ARN
from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.project.references import has_reference
from hptc.request.tuning_job import Definition, Vpc
from hptc.service.inventory import RouteTable, S3Endpoint, Subnet
from hptc.text import listed_code

_DEFAULT_TENANCY = "default"
"""https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"""
_ADDRESSES = 2
"""Per instance: https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"""


def networks(subject: Subject) -> Iterator[Finding]:
    """HPT961 to HPT964, HPT967: subnets and security groups that do not exist or do not fit.

    Those that a deployment still has to create are not checked.
    """
    for definition in subject.job.definitions:
        if definition.vpc is not None:
            yield from _network(subject, definition, definition.vpc)


def _network(subject: Subject, definition: Definition, vpc: Vpc) -> Iterator[Finding]:
    queries, inventory = subject.queries, subject.queries.account.inventory
    subnet_ids, group_ids = _known(vpc.subnets), _known(vpc.security_group_ids)
    subnets = queries.get("subnets", inventory.subnets, subnet_ids) if subnet_ids else None
    groups = (
        queries.get("security groups", inventory.security_groups, group_ids) if group_ids else None
    )
    missing: list[Finding] = []
    vpcs: dict[str, str] = {}  # by subnet or security group
    for member, noun, ids, existing in (
        ("Subnets", "subnet", vpc.subnets, _vpcs(subnets.value) if subnets else None),
        ("SecurityGroupIds", "security group", vpc.security_group_ids,
         {id_: group.vpc for id_, group in groups.value.items()} if groups else None),
    ):  # fmt: skip
        if existing is not None:
            path, region = vpc.path / member, queries.account.region
            missing += _missing(ids, existing, path, noun, region)
            vpcs |= {id_: existing[id_] for id_ in ids if id_ in existing}
    yield from missing
    if len({*vpcs.values()}) > 1:
        places = ", ".join(f"{id_} is in {vpc_id}" for id_, vpc_id in vpcs.items())
        yield Finding(
            code="HPT962",
            message=f"subnets and security groups must be in one VPC, but {places}",
            path=vpc.path,
            help="use subnets and security groups of one VPC",
        )
    elif subnets is not None and len(subnet_ids) == len(vpc.subnets) and not missing:
        free = sum(subnet.free_addresses for subnet in subnets.value.values())
        yield from _tenancy(subject, vpc, next(iter(vpcs.values())))
        yield from _addresses(subject, definition, vpc, free)
        yield from _routes(subject, definition, vpc, subnets.value)


def _missing(
    ids: Sequence[str], existing: Collection[str], path: RequestPath, noun: str, region: str
) -> Iterator[Finding]:
    for index, id_ in enumerate(ids):
        if id_ not in existing and not has_reference(id_):
            yield Finding(
                code="HPT961",
                message=f"no {noun} `{id_}` found in {region}",
                path=path / index,
                label="not found",
                help="fix the ID",
            )


def _tenancy(subject: Subject, vpc: Vpc, vpc_id: str) -> Iterator[Finding]:
    answer = subject.queries.get("tenancy", subject.queries.account.inventory.tenancy, vpc_id)
    if answer is not None and answer.value not in (None, _DEFAULT_TENANCY):
        yield Finding(
            code="HPT967",
            message=f"`{vpc_id}` has the tenancy `{answer.value}`, but training jobs need "
            f"`{_DEFAULT_TENANCY}`",
            path=vpc.path / "Subnets",
            label=f"not `{_DEFAULT_TENANCY}`",
            help=f"`aws ec2 modify-vpc-tenancy --vpc-id {vpc_id} --instance-tenancy default`, or "
            "use the subnets of another VPC",
        )


def _addresses(subject: Subject, definition: Definition, vpc: Vpc, free: int) -> Iterator[Finding]:
    parallel = subject.job.max_parallel_training_jobs
    for resources in definition.resources:
        at_once = parallel * resources.min_instance_count
        if at_once * _ADDRESSES > free:
            yield Finding(
                code="HPT963",
                severity=Severity.WARNING,
                message=f"{at_once} parallel instances need {at_once * _ADDRESSES} IP addresses, "
                f"but the subnets have {free} free",
                path=vpc.path / "Subnets",
                help="add subnets, or lower max_parallel_training_jobs",
            )


def _routes(
    subject: Subject, definition: Definition, vpc: Vpc, subnets: Mapping[str, Subnet]
) -> Iterator[Finding]:
    """HPT964: subnets without a route to Amazon S3.

    AWS asks for a route to an S3 endpoint or a NAT device, because the network interface of a
    training instance has no public IP address, not even in a public subnet:
    https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/22,
    https://github.com/aws/sagemaker-python-sdk/issues/1142
    Any other route out may lead to an endpoint in another network. Only the owner of a shared VPC
    sees its endpoints: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html
    """
    queries, inventory = subject.queries, subject.queries.account.inventory
    vpc_id = next(subnet.vpc for subnet in subnets.values())
    account = _account(subject, definition)
    if any(subnet.owner not in ("", account) for subnet in subnets.values() if account):
        queries.note(f"routes to Amazon S3 not checked: another account owns {vpc_id}")
        return
    tables = queries.get("routes to Amazon S3", inventory.route_tables, vpc_id)
    endpoints = queries.get("routes to Amazon S3", inventory.s3_endpoints, vpc_id)
    if tables is None or endpoints is None:
        return
    closed: dict[str, RouteTable] = {}  # by subnet
    for id_ in vpc.subnets:
        table = _table_of(id_, tables.value)
        if table is not None and not _leads_to_s3(table, endpoints.value):
            closed[id_] = table
    if closed:
        yield _no_route(vpc, closed, vpc_id, queries.account.region)


def _no_route(vpc: Vpc, closed: Mapping[str, RouteTable], vpc_id: str, region: str) -> Finding:
    at = vpc.path / "Subnets"
    tables = {table.id: table for table in closed.values()}
    only_internet = any(table.has_internet_gateway for table in tables.values())
    noun = "subnet" if len(closed) == 1 else "subnets"
    leads = "route table {} leads" if len(tables) == 1 else "route tables {} lead"
    why = leads.format(listed_code(tables))
    more = (
        "; an internet gateway serves only instances with a public IP address, and training "
        "instances have none"
        if only_internet
        else ""
    )
    return Finding(
        code="HPT964",
        # AWS chooses the subnet of each training job.
        severity=Severity.ERROR if len(closed) == len({*vpc.subnets}) else Severity.WARNING,
        message=f"training jobs in the {noun} {listed_code(closed)} can't reach Amazon S3: the "
        f"{why} to no S3 endpoint, NAT gateway or other network",
        path=at / vpc.subnets.index(next(iter(closed))) if len(closed) == 1 else at,
        label="only an internet gateway" if only_internet else "no route to Amazon S3",
        help="add a gateway endpoint, which is free: `aws ec2 create-vpc-endpoint --vpc-id "
        f"{vpc_id} --service-name com.amazonaws.{region}.s3 --route-table-ids "
        f"{' '.join(tables)} --region {region}`{more}",
    )


def _table_of(subnet: str, tables: Sequence[RouteTable]) -> RouteTable | None:
    own = next((table for table in tables if subnet in table.subnets), None)
    return own or next((table for table in tables if table.is_main), None)


def _leads_to_s3(table: RouteTable, endpoints: Sequence[S3Endpoint]) -> bool:
    return table.has_egress or any(
        not endpoint.is_gateway or table.id in endpoint.route_tables for endpoint in endpoints
    )


def _account(subject: Subject, definition: Definition) -> str:
    """The account of the tuning job; empty if it is unknown."""
    if subject.compiled.environment is not None:
        return subject.compiled.environment.account
    role = ARN.parse(definition.role_arn)
    return role.account if role is not None else ""


def _known(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(id_ for id_ in ids if not has_reference(id_))


def _vpcs(subnets: Mapping[str, Subnet]) -> dict[str, str]:
    return {id_: subnet.vpc for id_, subnet in subnets.items()}

"""Implements `hptc.service.inventory` with boto3. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from hptc.aws import client
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.catalog.images import Image
from hptc.errors import AwsError
from hptc.project.project_file import Environment
from hptc.service.inventory import (
    Account,
    DataSize,
    Inventory,
    Role,
    RouteTable,
    S3Endpoint,
    SecurityGroup,
    SimulatedCalls,
    SimulatedDecision,
    SsmParameter,
    Subnet,
    TrafficRule,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_PARAMETERS = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""
_MAX_PAGES_OF_OBJECTS = 10  # of 1,000 objects
_ALL_PORTS = -1
_UNUSABLE = frozenset({"deleting", "deleted", "rejected", "failed", "expired"})
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html"""


def connect(
    environment: Environment | None = None, *, region: str | None = None, retry: Retry | None = None
) -> Account:
    """The account of an environment. Makes no call yet.

    Raises AwsError if no Region is configured or the profile does not exist.
    """
    return connected(Connection(environment, region=region, retry=retry or Retry()))


def connected(connection: Connection) -> Account:
    """The account that a connection reaches."""
    aws = client.connected(connection)
    return Account(
        tuning=aws.tuning,
        stacks=aws.stacks,
        inventory=_Inventory(connection),
        region=connection.region,
    )


class _Inventory(Inventory):
    """The inventory, read with boto3."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def quotas(self) -> Mapping[str, float]:
        service = self._connection.client("service-quotas")
        quotas: dict[str, float] = {}
        page: dict[str, Any] = {"ServiceCode": "sagemaker", "MaxResults": 100}
        while True:
            response = self._call("servicequotas:ListServiceQuotas", service.list_service_quotas,
                                  **page)  # fmt: skip
            for quota in response["Quotas"]:
                if "Value" in quota:
                    quotas[quota["QuotaName"]] = quota["Value"]
            if not response.get("NextToken"):
                return quotas
            page["NextToken"] = response["NextToken"]

    def bucket_region(self, bucket: str) -> str | None:
        s3 = self._connection.client("s3")
        return self._connection.call("s3:ListBucket", lambda: _head_bucket(s3, bucket))

    def count_objects(self, bucket: str, prefix: str, limit: int) -> int:
        response = self._call(
            "s3:ListBucket", self._connection.client("s3").list_objects_v2,
            Bucket=bucket, Prefix=prefix, MaxKeys=limit,
        )  # fmt: skip
        count: int = response["KeyCount"]
        return count

    def data_size(self, bucket: str, prefix: str) -> DataSize:
        s3 = self._connection.client("s3")
        arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
        size = 0
        for _ in range(_MAX_PAGES_OF_OBJECTS):
            response = self._call("s3:ListBucket", s3.list_objects_v2, **arguments)
            size += sum(entry["Size"] for entry in response.get("Contents", ()))
            if not response.get("IsTruncated"):
                return DataSize(bytes=size, is_whole=True)
            arguments["ContinuationToken"] = response["NextContinuationToken"]
        return DataSize(bytes=size, is_whole=False)

    def has_object(self, bucket: str, key: str) -> bool:
        # A list is in the order of keys, so the key itself is the first that starts with it. It
        # needs no permission to read the object, as HeadObject does.
        response = self._call(
            "s3:ListBucket", self._connection.client("s3").list_objects_v2,
            Bucket=bucket, Prefix=key, MaxKeys=1,
        )  # fmt: skip
        return any(entry["Key"] == key for entry in response.get("Contents", ()))

    def missing_image_part(self, image: Image) -> Literal["", "repository", "image"]:
        identifier = (
            {"imageDigest": image.digest}
            if image.digest is not None
            else {"imageTag": image.tag or "latest"}
        )
        try:
            self._call(
                "ecr:DescribeImages", self._connection.client("ecr").describe_images,
                registryId=image.account, repositoryName=image.repository, imageIds=[identifier],
            )  # fmt: skip
        except AwsError as error:
            if error.code == "RepositoryNotFoundException":
                return "repository"
            if error.code == "ImageNotFoundException":
                return "image"
            raise
        return ""

    def role(self, name: str) -> Role | None:
        try:
            response = self._call(
                "iam:GetRole", self._connection.client("iam").get_role, RoleName=name
            )
        except AwsError as error:
            if error.code == "NoSuchEntity":
                return None
            raise
        role = response["Role"]
        return Role(arn=role["Arn"], services=_trusted(role["AssumeRolePolicyDocument"]))

    def simulate(self, role: str, calls: SimulatedCalls) -> Sequence[SimulatedDecision]:
        arguments: dict[str, Any] = {
            "PolicySourceArn": role,
            "ActionNames": list(calls.actions),
            "ResourceArns": list(calls.resources),
            "ContextEntries": [_context_entry(key, value) for key, value in calls.context],
        }
        results: list[Mapping[str, Any]] = []
        iam = self._connection.client("iam")
        while True:
            try:
                response = self._call(
                    "iam:SimulatePrincipalPolicy", iam.simulate_principal_policy, **arguments
                )
            except AwsError as error:
                if error.code == "NoSuchEntity":
                    return ()
                raise
            results += response["EvaluationResults"]
            if not response.get("IsTruncated"):
                return tuple(
                    decision
                    for result in results
                    for decision in _decisions(result, calls.resources)
                )
            arguments["Marker"] = response["Marker"]

    def key_state(self, key: str) -> str | None:
        try:
            response = self._call(
                "kms:DescribeKey", self._connection.client("kms").describe_key, KeyId=key
            )
        except AwsError as error:
            if error.code == "NotFoundException":
                return None
            raise
        state: str = response["KeyMetadata"]["KeyState"]
        return state

    def subnets(self, ids: Sequence[str]) -> Mapping[str, Subnet]:
        # A filter returns those that exist; SubnetIds fails the whole call if one does not.
        response = self._call(
            "ec2:DescribeSubnets", self._connection.client("ec2").describe_subnets,
            Filters=[{"Name": "subnet-id", "Values": list(ids)}],
        )  # fmt: skip
        return {
            subnet["SubnetId"]: Subnet(
                vpc=subnet["VpcId"],
                free_addresses=subnet["AvailableIpAddressCount"],
                owner=subnet.get("OwnerId", ""),
            )
            for subnet in response["Subnets"]
        }

    def security_groups(self, ids: Sequence[str]) -> Mapping[str, SecurityGroup]:
        response = self._call(
            "ec2:DescribeSecurityGroups", self._connection.client("ec2").describe_security_groups,
            Filters=[{"Name": "group-id", "Values": list(ids)}],
        )  # fmt: skip
        return {
            group["GroupId"]: SecurityGroup(
                vpc=group["VpcId"],
                inbound=tuple(map(_traffic_rule, group.get("IpPermissions", ()))),
                outbound=tuple(map(_traffic_rule, group.get("IpPermissionsEgress", ()))),
            )
            for group in response["SecurityGroups"]
        }

    def tenancy(self, vpc: str) -> str | None:
        response = self._call(
            "ec2:DescribeVpcs", self._connection.client("ec2").describe_vpcs,
            Filters=[{"Name": "vpc-id", "Values": [vpc]}],
        )  # fmt: skip
        return next((description["InstanceTenancy"] for description in response["Vpcs"]), None)

    def route_tables(self, vpc: str) -> Sequence[RouteTable]:
        ec2 = self._connection.client("ec2")
        tables = self._pages("ec2:DescribeRouteTables", ec2.describe_route_tables, "RouteTables",
                             Filters=[{"Name": "vpc-id", "Values": [vpc]}])  # fmt: skip
        return tuple(map(_route_table, tables))

    def s3_endpoints(self, vpc: str) -> Sequence[S3Endpoint]:
        ec2 = self._connection.client("ec2")
        endpoints = self._pages("ec2:DescribeVpcEndpoints", ec2.describe_vpc_endpoints,
                                "VpcEndpoints",
                                Filters=[{"Name": "vpc-id", "Values": [vpc]}])  # fmt: skip
        return tuple(
            S3Endpoint(
                is_gateway=endpoint.get("VpcEndpointType") == "Gateway",
                route_tables=frozenset(endpoint.get("RouteTableIds", ())),
            )
            for endpoint in endpoints
            if endpoint["ServiceName"].endswith(f".{self._connection.region}.s3")
            and endpoint["State"].lower() not in _UNUSABLE
        )

    def has_policy(self, arn: str) -> bool:
        try:
            self._call("iam:GetPolicy", self._connection.client("iam").get_policy, PolicyArn=arn)
        except AwsError as error:
            if error.code == "NoSuchEntity":
                return False
            raise
        return True

    def parameters(self, names: Sequence[str]) -> Mapping[str, SsmParameter]:
        ssm = self._connection.client("ssm")
        parameters: dict[str, SsmParameter] = {}
        for start in range(0, len(names), _MAX_PARAMETERS):
            response = self._call("ssm:GetParameters", ssm.get_parameters,
                                  Names=list(names[start : start + _MAX_PARAMETERS]))  # fmt: skip
            for parameter in response["Parameters"]:
                parameters[parameter["Name"]] = SsmParameter(
                    type=parameter["Type"], value=parameter["Value"]
                )
        return parameters

    def _pages(
        self, action: str, operation: Callable[..., Any], member: str, **arguments: Any
    ) -> Iterator[Any]:
        """The entries of every page of a call to Amazon EC2."""
        while True:
            response = self._call(action, operation, **arguments)
            yield from response[member]
            if not response.get("NextToken"):
                return
            arguments["NextToken"] = response["NextToken"]

    def _call(self, action: str, operation: Callable[..., Any], **arguments: Any) -> Any:
        return self._connection.call(action, lambda: operation(**arguments))


def _head_bucket(s3: S3Client, bucket: str) -> str | None:
    """A bucket's Region. S3 returns it even to callers who may not access the bucket."""
    from botocore.exceptions import ClientError

    try:
        headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("404", "NoSuchBucket"):
            return None
        headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
        if "x-amz-bucket-region" not in headers:
            raise
    return headers.get("x-amz-bucket-region", s3.meta.region_name)


def _traffic_rule(rule: Mapping[str, Any]) -> TrafficRule:
    has_ports = "FromPort" in rule and rule["FromPort"] != _ALL_PORTS
    return TrafficRule(
        protocol=rule["IpProtocol"],
        ports=(rule["FromPort"], rule["ToPort"]) if has_ports else None,
        groups=frozenset(pair["GroupId"] for pair in rule.get("UserIdGroupPairs", ())),
        has_addresses=any(
            rule.get(member) for member in ("IpRanges", "Ipv6Ranges", "PrefixListIds")
        ),
    )


def _route_table(table: Mapping[str, Any]) -> RouteTable:
    associations = table.get("Associations", ())
    gateways = [
        route.get("GatewayId", "")  # another kind of target has a member of its own
        for route in table.get("Routes", ())
        if route.get("State", "active") == "active" and not _is_of_gateway_endpoint(route)
    ]
    return RouteTable(
        id=table["RouteTableId"],
        subnets=frozenset(
            association["SubnetId"] for association in associations if "SubnetId" in association
        ),
        is_main=any(association.get("Main") for association in associations),
        has_internet_gateway=any(gateway.startswith("igw-") for gateway in gateways),
        has_egress=any(
            gateway != "local" and not gateway.startswith("igw-") for gateway in gateways
        ),
    )


def _is_of_gateway_endpoint(route: Mapping[str, Any]) -> bool:
    """Whether a route leads to the gateway endpoint of Amazon S3 or DynamoDB, and nowhere else.

    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    return "DestinationPrefixListId" in route and route.get("GatewayId", "").startswith("vpce-")


def _context_entry(key: str, value: str) -> dict[str, Any]:
    kind = "boolean" if value in ("true", "false") else "string"
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": [value]}


def _decisions(result: Mapping[str, Any], resources: Sequence[str]) -> Iterator[SimulatedDecision]:
    """The decisions about one action; those of a single resource may be in the result itself."""
    by_resource = result.get("ResourceSpecificResults") or [
        {"EvalResourceName": resource, "EvalResourceDecision": result["EvalDecision"]}
        for resource in resources
    ]
    for resource_result in by_resource:
        decision = resource_result["EvalResourceDecision"]
        details = {**result, **resource_result}
        boundary = details.get("PermissionsBoundaryDecisionDetail", {})
        organization = details.get("OrganizationsDecisionDetail", {})
        yield SimulatedDecision(
            action=result["EvalActionName"],
            resource=resource_result["EvalResourceName"],
            is_allowed=decision == "allowed",
            is_denied=decision == "explicitDeny",
            is_in_boundary=boundary.get("AllowedByPermissionsBoundary", True),
            is_in_organization=organization.get("AllowedByOrganizations", True),
            missing_keys=tuple(details.get("MissingContextValues", ())),
        )


def _trusted(policy: Mapping[str, Any]) -> frozenset[str]:
    """The services that a trust policy allows to assume its role, under any conditions."""
    trusted: set[str] = set()
    for statement in _list(policy.get("Statement", [])):
        actions = [action.lower() for action in _list(statement.get("Action", []))]
        if statement.get("Effect") != "Allow" or not {"sts:assumerole", "sts:*", "*"} & {*actions}:
            continue
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, Mapping) else principal
        trusted.update(_list(services))
    return frozenset(trusted)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]

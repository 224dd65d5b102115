"""The interface for the other resources in an account that a tuning job needs.

These are training data, images, roles, policies, keys, networks, SSM parameters and quotas. Every
method is read-only and raises AwsError if AWS rejects the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from hptc.catalog.images import Image
from hptc.frozen import frozen
from hptc.service.interface import StackReader, TuningReader


@frozen
class DataSize:
    """The size of objects in S3. It is a minimum unless it `is_whole`, because only some count."""

    bytes: int
    is_whole: bool


@frozen
class Role:
    """An IAM role, and the services (or `*`) that its trust policy allows to assume it."""

    arn: str
    services: frozenset[str]


@frozen
class SimulatedCalls:
    """Actions on resources, by their ARNs, with the condition keys and values of each call."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: tuple[tuple[str, str], ...] = ()


@frozen
class SimulatedDecision:
    """What IAM decides about an action of a role on a resource.

    An action that is neither allowed nor denied is not allowed, because no policy says so.
    `missing_keys` are the condition keys whose values the policies need to decide.
    """

    action: str
    resource: str
    is_allowed: bool
    is_denied: bool  # by a Deny statement
    is_in_boundary: bool = True  # also without a permissions boundary
    is_in_organization: bool = True  # also without an organization
    missing_keys: tuple[str, ...] = ()


@frozen
class Subnet:
    """A subnet of a VPC. Another account owns it if it is shared."""

    vpc: str
    free_addresses: int
    owner: str = ""  # an account; empty if it is unknown


@frozen
class TrafficRule:
    """One rule of a security group: a protocol, its ports, and whom it lets through.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    """

    protocol: str  # tcp, udp, a number such as 50 for ESP, or -1 for all
    ports: tuple[int, int] | None  # the first and the last; None for all
    groups: frozenset[str]  # the members of these security groups
    has_addresses: bool  # CIDR blocks or prefix lists


@frozen
class SecurityGroup:
    """A security group of a VPC, and what it allows. Everything else is blocked."""

    vpc: str
    inbound: tuple[TrafficRule, ...] = ()
    outbound: tuple[TrafficRule, ...] = ()


@frozen
class RouteTable:
    """A route table of a VPC. The main one applies to each subnet that is in no other.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """

    id: str
    subnets: frozenset[str]
    is_main: bool
    has_internet_gateway: bool
    has_egress: bool  # a NAT gateway, a transit gateway or anything else, except endpoints


@frozen
class S3Endpoint:
    """An endpoint of Amazon S3 in a VPC. A gateway serves the subnets of its route tables only."""

    is_gateway: bool
    route_tables: frozenset[str]


@frozen
class SsmParameter:
    """A parameter of SSM Parameter Store. The value of a SecureString is encrypted."""

    type: str  # String | StringList | SecureString
    value: str


class Inventory(Protocol):
    """The resources of one account in one Region."""

    def quotas(self) -> Mapping[str, float]:
        """SageMaker's quotas by name, as far as Service Quotas lists them.

        https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
        """

    def bucket_region(self, bucket: str) -> str | None:
        """The Region of a bucket in any account; None if the bucket does not exist.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
        """

    def count_objects(self, bucket: str, prefix: str, limit: int) -> int:
        """The number of objects whose keys start with a prefix, counted up to `limit`."""

    def data_size(self, bucket: str, prefix: str) -> DataSize:
        """The total size of the objects whose keys start with a prefix: of the first 10,000.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
        """

    def has_object(self, bucket: str, key: str) -> bool:
        """Whether a bucket has an object with exactly this key.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
        """

    def missing_image_part(self, image: Image) -> Literal["", "repository", "image"]:
        """The part of an image that ECR does not have; empty if it has the image.

        https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
        """

    def role(self, name: str) -> Role | None:
        """A role in this account; None if the role does not exist.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
        """

    def simulate(self, role: str, calls: SimulatedCalls) -> Sequence[SimulatedDecision]:
        """What IAM decides about each action on each resource, for the ARN of a role.

        Empty if the role does not exist.
        https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
        """

    def key_state(self, key: str) -> str | None:
        """The state of a KMS key, such as Enabled, by ID, ARN or alias; None if it does not exist.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
        """

    def subnets(self, ids: Sequence[str]) -> Mapping[str, Subnet]:
        """The subnets that exist, by ID."""

    def security_groups(self, ids: Sequence[str]) -> Mapping[str, SecurityGroup]:
        """The security groups that exist, by ID.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
        """

    def tenancy(self, vpc: str) -> str | None:
        """The tenancy of a VPC, such as `default`; None if it does not exist here.

        A VPC that is shared with this account exists.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html
        """

    def route_tables(self, vpc: str) -> Sequence[RouteTable]:
        """The route tables of a VPC.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html
        """

    def s3_endpoints(self, vpc: str) -> Sequence[S3Endpoint]:
        """The endpoints of Amazon S3 in a VPC.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
        """

    def has_policy(self, arn: str) -> bool:
        """Whether a managed policy exists.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
        """

    def parameters(self, names: Sequence[str]) -> Mapping[str, SsmParameter]:
        """The SSM parameters that exist, by name. Nothing is decrypted.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
        """


@frozen
class Account:
    """Everything that `hptc check --online` reads."""

    tuning: TuningReader
    stacks: StackReader
    inventory: Inventory
    region: str

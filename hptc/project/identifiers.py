"""Existing resources by name, ID, ARN or SSM parameter, as hptc.yaml identifies them.

Each value is normalized to the form that requests and policies use. An invalid identifier raises a
PydanticCustomError of the type `identifier`, which becomes a finding in hptc.yaml. `mismatch` finds
ARNs in another partition, Region or account.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic_core import PydanticCustomError

from hptc.catalog.arn import ARN
from hptc.catalog.images import partition
from hptc.frozen import frozen

_PARAMETER = r"ssm:([A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+)+)"
_ACCOUNT = r"\d{12}|aws|"  # `aws` owns managed policies and prefix lists
_REGION = r"[a-z0-9-]*"
SSM = "ssm:"
# Documentation and tests shorten the 8 or 17 digits, as in `subnet-1`.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
_EC2_ID = r"([0-9a-f]{1,8}|[0-9a-f]{17})"


@frozen
class ResourceKind:
    """A kind of resource, and how it is identified with and without an ARN."""

    noun: str
    service: str
    name_pattern: str  # of a name or ID; a regular expression
    arn_prefix: str  # what precedes the name in an ARN
    example: str
    normal_form: Literal["name", "arn", "as_given"] = "name"
    is_own_account_only: bool = False
    arn_only_pattern: str = r"(?!)"  # resources that only an ARN can identify

    def parse_arn(self, value: str) -> ARN | None:
        """The parts of an ARN of this kind; None for any other text."""
        arn = ARN.parse(value)
        if arn is None or arn.service != self.service:
            return None
        resource = rf"{self.arn_prefix}({self.name_pattern})|{self.arn_only_pattern}"
        is_valid = (
            re.fullmatch(r"[a-z-]+", arn.partition)
            and re.fullmatch(_REGION, arn.region)
            and re.fullmatch(_ACCOUNT, arn.account)
            and re.fullmatch(resource, arn.resource)
        )
        return arn if is_valid else None

    def check(self, value: str) -> str:
        """The value, if it identifies a resource of this kind or is an SSM parameter.

        Raises PydanticCustomError.
        """
        if not value.startswith(SSM):
            return self.check_literal(value, " or ssm:/path/of/the/parameter")
        if re.fullmatch(_PARAMETER, value):
            return value
        problem = "`{value}` is not a valid SSM parameter; write ssm:/path/of/the/parameter"
        raise PydanticCustomError("identifier", problem, {"value": value})

    def check_literal(self, value: str, alternatives: str = "") -> str:
        """The value, if it identifies a resource of this kind. Raises PydanticCustomError."""
        if re.fullmatch(self.name_pattern, value) or self.parse_arn(value):
            return value
        raise PydanticCustomError(
            "identifier",
            "`{value}` is not a valid {noun}; write {example}, its ARN{alternatives}",
            {
                "value": value,
                "noun": self.noun,
                "example": self.example,
                "alternatives": alternatives,
            },
        )


VPC = ResourceKind(
    noun="VPC",
    service="ec2",
    name_pattern=rf"vpc-{_EC2_ID}",
    arn_prefix="vpc/",
    example="vpc-0123456789abcdef0",
)
SUBNET = ResourceKind(
    noun="subnet",
    service="ec2",
    name_pattern=rf"subnet-{_EC2_ID}",
    arn_prefix="subnet/",
    example="subnet-0123456789abcdef0",
)
SECURITY_GROUP = ResourceKind(
    noun="security group",
    service="ec2",
    name_pattern=rf"sg-{_EC2_ID}",
    arn_prefix="security-group/",
    example="sg-0123456789abcdef0",
)
PREFIX_LIST = ResourceKind(
    noun="prefix list",
    service="ec2",
    name_pattern=rf"pl-{_EC2_ID}",
    arn_prefix="prefix-list/",
    example="pl-0123456789abcdef0",
)
BUCKET = ResourceKind(
    noun="bucket",
    service="s3",
    name_pattern=r"(?!xn--|sthree-|amzn-s3-demo-)(?!\d+(\.\d+){3}\Z)(?!.*\.\.)"
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    arn_prefix="",
    example="my-bucket",
    arn_only_pattern=r"accesspoint/[a-z0-9-]+",
)
KEY = ResourceKind(
    noun="KMS key",
    service="kms",
    name_pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-z]+|alias/[\w/-]+",
    arn_prefix="key/",
    example="alias/my-key, its key ID",
    normal_form="as_given",
    arn_only_pattern=r"alias/[\w/-]+",
)
ROLE = ResourceKind(
    noun="role",
    service="iam",
    name_pattern=r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}",
    arn_prefix="role/",
    example="my-role or path/my-role",
    normal_form="arn",
    is_own_account_only=True,
)
POLICY = ResourceKind(
    noun="managed policy",
    service="iam",
    name_pattern=r"([\w+=,.@-]+/)*[\w+=,.@-]{1,128}",
    arn_prefix="policy/",
    example="my-policy or path/my-policy",
    normal_form="arn",
    is_own_account_only=True,
)
TOPIC = ResourceKind(
    noun="SNS topic",
    service="sns",
    name_pattern=r"[A-Za-z0-9_-]{1,256}",
    arn_prefix="",
    example="on-call",
    normal_form="arn",
)


@frozen
class Location:
    """The account and Region of an environment."""

    account: str
    region: str


@frozen
class Mismatch:
    """A part of an ARN that contradicts the environment's: what it is, and both values."""

    part: str  # partition | Region | account
    actual: str
    expected: str


def mismatch(value: str, kind: ResourceKind, location: Location) -> Mismatch | None:
    """Why an environment can't use the resource of an ARN; None if it can, and for other forms."""
    arn = kind.parse_arn(value)
    if arn is None:
        return None
    for part, actual, expected in (
        ("partition", arn.partition, partition(location.region)),
        ("Region", arn.region or location.region, location.region),
        ("account", arn.account or location.account, location.account),
    ):
        if part == "account" and (not kind.is_own_account_only or actual == "aws"):
            continue
        if actual != expected:
            return Mismatch(part=part, actual=actual, expected=expected)
    return None


def normalized(value: str, kind: ResourceKind, location: Location) -> str:
    """A valid identifier in the form that requests and policies use."""
    if value.startswith(SSM):
        return value
    arn = kind.parse_arn(value)
    if arn is None:
        if kind.normal_form != "arn":
            return value
        full = ARN(
            partition=partition(location.region),
            service=kind.service,
            region="" if kind.service == "iam" else location.region,
            account=location.account,
            resource=f"{kind.arn_prefix}{value}",
        )
        return str(full)
    if kind.normal_form != "name" or re.fullmatch(kind.arn_only_pattern, arn.resource):
        return value
    return arn.resource.removeprefix(kind.arn_prefix)

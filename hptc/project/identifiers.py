"""What the user brings: an id, a name or an ARN in, the form that requests and policies have out.

A text that is none of these, or an ARN of another place, is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic_core import PydanticCustomError

from hptc.catalog.images import partition
from hptc.errors import UsageError

_ARN = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?P<service>[a-z0-9]+):(?P<region>[a-z0-9-]*)"
    r":(?P<account>\d{12}|aws)?:(?P<name>.+)"
)
_PARAMETER = re.compile(r"ssm:([A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+)+)")
SSM = "ssm:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of thing: what it is called, and how it is written without and with an ARN."""

    called: str
    service: str
    plain: str  # a regular expression
    prefix: str  # what an ARN has before the plain form
    example: str
    becomes: Literal["plain", "arn", "itself"] = "plain"
    is_of_account: bool = False  # another account's can't be used
    beside: str = r"(?!)"  # another end of an ARN, which has no plain form

    def parts(self, value: str) -> re.Match[str] | None:
        """The parts of an ARN of this kind."""
        match = _ARN.fullmatch(value)
        ends = rf"{self.prefix}({self.plain})|{self.beside}"
        is_one = match is not None and match["service"] == self.service
        return match if match and is_one and re.fullmatch(ends, match["name"]) else None

    def check(self, value: str) -> str:
        """The value, if it is of this kind by its looks or an SSM parameter.

        Raises PydanticCustomError.
        """
        if not value.startswith(SSM):
            return self.check_literal(value, " or as ssm:/path")
        if _PARAMETER.fullmatch(value):
            return value
        problem = "`{value}` is no SSM parameter; it is written ssm:/path/of/the/parameter"
        raise PydanticCustomError("brought", problem, {"value": value})

    def check_literal(self, value: str, more: str = "") -> str:
        """The value, if it is of this kind by its looks. Raises PydanticCustomError."""
        if re.fullmatch(self.plain, value) or self.parts(value):
            return value
        raise PydanticCustomError(
            "brought",
            "`{value}` is no {called}; it is written {example}, as its ARN{more}",
            {"value": value, "called": self.called, "example": self.example, "more": more},
        )


VPC = Kind(
    called="VPC",
    service="ec2",
    plain=r"vpc-[0-9a-z]+",
    prefix="vpc/",
    example="vpc-0123456789abcdef0",
)
SUBNET = Kind(
    called="subnet",
    service="ec2",
    plain=r"subnet-[0-9a-z]+",
    prefix="subnet/",
    example="subnet-0123456789abcdef0",
)
SECURITY_GROUP = Kind(
    called="security group",
    service="ec2",
    plain=r"sg-[0-9a-z]+",
    prefix="security-group/",
    example="sg-0123456789abcdef0",
)
PREFIX_LIST = Kind(
    called="prefix list",
    service="ec2",
    plain=r"pl-[0-9a-z]+",
    prefix="prefix-list/",
    example="pl-0123456789abcdef0",
)
BUCKET = Kind(
    called="bucket",
    service="s3",
    plain=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    prefix="",
    example="my-bucket",
    beside=r"accesspoint/[a-z0-9-]+",
)
KEY = Kind(
    called="KMS key",
    service="kms",
    plain=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-z]+|alias/[\w/-]+",
    prefix="key/",
    example="alias/my-key, as its id",
    becomes="itself",
    beside=r"alias/[\w/-]+",
)
ROLE = Kind(
    called="role",
    service="iam",
    plain=r"([\w+=,.@-]+/)*[\w+=,.@-]{1,64}",
    prefix="role/",
    example="my-role or path/my-role",
    becomes="arn",
    is_of_account=True,
)
POLICY = Kind(
    called="managed policy",
    service="iam",
    plain=r"([\w+=,.@-]+/)*[\w+=,.@-]{1,128}",
    prefix="policy/",
    example="my-policy or path/my-policy",
    becomes="arn",
    is_of_account=True,
)
TOPIC = Kind(
    called="SNS topic",
    service="sns",
    plain=r"[A-Za-z0-9_-]{1,256}",
    prefix="",
    example="on-call",
    becomes="arn",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an environment is."""

    name: str
    account: str
    region: str


def settled(value: str, kind: Kind, place: Place) -> str:
    """A checked value in the one form that requests and policies have.

    Raises UsageError for an ARN of a partition, Region or account that the environment can't use.
    """
    if value.startswith(SSM):
        return value
    match = kind.parts(value)
    if match is None:
        if kind.becomes != "arn":
            return value
        region = "" if kind.service == "iam" else place.region
        owner = f"{kind.service}:{region}:{place.account}"
        return f"arn:{partition(place.region)}:{owner}:{kind.prefix}{value}"
    here = partition(place.region)
    for what, found, wanted in (
        ("partition", match["partition"], here),
        ("Region", match["region"] or place.region, place.region),
        ("account", match["account"] or place.account, place.account),
    ):
        if what == "account" and (not kind.is_of_account or found == "aws"):
            continue
        if found != wanted:
            raise UsageError(
                f"environment `{place.name}`: the {kind.called} {value} is of the {what} {found}, "
                f"and the environment of {wanted}",
                help=f"give a {kind.called} of the {what} {wanted}",
            )
    if kind.becomes != "plain" or re.fullmatch(kind.beside, match["name"]):
        return value
    return match["name"].removeprefix(kind.prefix)

"""What a search needs of an account besides tuning jobs: data, image, role, keys, network, quotas.

Names in, what AWS says of them out; nothing is written. Every method raises AwsError when AWS
refuses, and says None for what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hptc.aws import client
from hptc.aws.client import Connection
from hptc.aws.retry import Retry
from hptc.catalog.images import Image
from hptc.errors import AwsError
from hptc.project.project_file import Environment
from hptc.service.interface import Stacks, Tuning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role, and the services (or `*`) that its trust policy lets assume it."""

    arn: str
    services: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet of a VPC."""

    vpc: str
    free_addresses: int


class Inventory(Protocol):
    """What one account has in one Region. `account.py` has the real one."""

    def quotas(self) -> Mapping[str, float]:
        """SageMaker's quotas by name, as far as Service Quotas lists them.

        https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
        """

    def bucket_region(self, bucket: str) -> str | None:
        """Where a bucket is, whoever owns it; None when there is none of that name.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
        """

    def count_objects(self, bucket: str, prefix: str, most: int) -> int:
        """How many objects begin with a prefix, counted up to `most`."""

    def missing_of_image(self, image: Image) -> Literal["", "repository", "image"]:
        """What ECR lacks of an image, if anything.

        https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
        """

    def role(self, name: str) -> Role | None:
        """A role of this account.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
        """

    def key_state(self, key: str) -> str | None:
        """A KMS key's state, such as Enabled, by its id, ARN or alias.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
        """

    def subnets(self, ids: Sequence[str]) -> Mapping[str, Subnet]:
        """Those of the subnets that there are."""

    def security_groups(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The VPC of each of the security groups that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that `hptc check --online` asks."""

    tuning: Tuning
    stacks: Stacks
    inventory: Inventory
    region: str


def connect(
    environment: Environment | None = None, *, region: str | None = None, retry: Retry | None = None
) -> Account:
    """An environment's account. Makes no call yet.

    Raises AwsError without a Region, or for a profile that is not there.
    """
    return over(Connection(environment, region=region, retry=retry or Retry()))


def over(connection: Connection) -> Account:
    """An account by the calls of one connection."""
    aws = client.over(connection)
    return Account(
        tuning=aws.tuning,
        stacks=aws.stacks,
        inventory=_Inventory(connection),
        region=connection.region,
    )


class _Inventory:
    """Inventory, by boto."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def quotas(self) -> Mapping[str, float]:
        service = self._connection.client("service-quotas")
        found: dict[str, float] = {}
        page: dict[str, Any] = {"ServiceCode": "sagemaker", "MaxResults": 100}
        while True:
            response = self._call("servicequotas:ListServiceQuotas", service.list_service_quotas,
                                  **page)  # fmt: skip
            for quota in response["Quotas"]:
                if "Value" in quota:
                    found[quota["QuotaName"]] = quota["Value"]
            if not response.get("NextToken"):
                return found
            page["NextToken"] = response["NextToken"]

    def bucket_region(self, bucket: str) -> str | None:
        s3 = self._connection.client("s3")
        return self._connection.call("s3:ListBucket", lambda: _head_bucket(s3, bucket))

    def count_objects(self, bucket: str, prefix: str, most: int) -> int:
        response = self._call(
            "s3:ListBucket", self._connection.client("s3").list_objects_v2,
            Bucket=bucket, Prefix=prefix, MaxKeys=most,
        )  # fmt: skip
        count: int = response["KeyCount"]
        return count

    def missing_of_image(self, image: Image) -> Literal["", "repository", "image"]:
        chosen = (
            {"imageDigest": image.digest}
            if image.digest is not None
            else {"imageTag": image.tag or "latest"}
        )
        try:
            self._call(
                "ecr:DescribeImages", self._connection.client("ecr").describe_images,
                registryId=image.account, repositoryName=image.repository, imageIds=[chosen],
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
        # A filter finds those that there are; SubnetIds would refuse all for one that is not.
        response = self._call(
            "ec2:DescribeSubnets", self._connection.client("ec2").describe_subnets,
            Filters=[{"Name": "subnet-id", "Values": list(ids)}],
        )  # fmt: skip
        return {
            subnet["SubnetId"]: Subnet(
                vpc=subnet["VpcId"], free_addresses=subnet["AvailableIpAddressCount"]
            )
            for subnet in response["Subnets"]
        }

    def security_groups(self, ids: Sequence[str]) -> Mapping[str, str]:
        response = self._call(
            "ec2:DescribeSecurityGroups", self._connection.client("ec2").describe_security_groups,
            Filters=[{"Name": "group-id", "Values": list(ids)}],
        )  # fmt: skip
        return {group["GroupId"]: group["VpcId"] for group in response["SecurityGroups"]}

    def _call(self, action: str, operation: Callable[..., Any], **arguments: Any) -> Any:
        return self._connection.call(action, lambda: operation(**arguments))


def _head_bucket(s3: S3Client, bucket: str) -> str | None:
    """A bucket's Region: S3 tells it even to those who may not see the bucket."""
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


def _trusted(policy: Mapping[str, Any]) -> frozenset[str]:
    """The services that a trust policy allows to assume its role, whatever its conditions."""
    found: set[str] = set()
    for statement in _list(policy.get("Statement", [])):
        actions = [action.lower() for action in _list(statement.get("Action", []))]
        if statement.get("Effect") != "Allow" or not {"sts:assumerole", "sts:*", "*"} & {*actions}:
            continue
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, Mapping) else principal
        found.update(_list(services))
    return frozenset(found)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

"""The interface for the other resources in an account that a tuning job needs.

These are training data, images, roles, keys, networks and quotas. Every method is read-only and
raises AwsError if AWS rejects the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from hptc.catalog.images import Image
from hptc.frozen import frozen
from hptc.service.interface import StackReader, TuningReader


@frozen
class Role:
    """An IAM role, and the services (or `*`) that its trust policy allows to assume it."""

    arn: str
    services: frozenset[str]


@frozen
class Subnet:
    """A subnet of a VPC."""

    vpc: str
    free_addresses: int


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

    def key_state(self, key: str) -> str | None:
        """The state of a KMS key, such as Enabled, by id, ARN or alias; None if it does not exist.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
        """

    def subnets(self, ids: Sequence[str]) -> Mapping[str, Subnet]:
        """The subnets that exist, by id."""

    def security_groups(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The VPC of each security group that exists, by id."""


@frozen
class Account:
    """Everything that `hptc check --online` reads."""

    tuning: TuningReader
    stacks: StackReader
    inventory: Inventory
    region: str

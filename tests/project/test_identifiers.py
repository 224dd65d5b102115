"""Identifiers of existing resources: every form, invalid values, and ARNs in other places."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from hptc.catalog.arn import ARN
from hptc.project.identifiers import (
    BUCKET,
    KEY,
    POLICY,
    PREFIX_LIST,
    ROLE,
    SECURITY_GROUP,
    SUBNET,
    TOPIC,
    VPC,
    Location,
    Mismatch,
    ResourceKind,
    mismatch,
    normalized,
)

HERE = Location(account="123456789012", region="us-east-1")
EC2 = "arn:aws:ec2:us-east-1:123456789012:"
IAM = "arn:aws:iam::123456789012:"
KMS = "arn:aws:kms:us-east-1:123456789012:"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
POINT = "arn:aws:s3:us-east-1:111122223333:accesspoint/team"

FORMS: list[tuple[ResourceKind, str, str]] = [
    (VPC, "vpc-0a1b", "vpc-0a1b"),
    (VPC, f"{EC2}vpc/vpc-0a1b", "vpc-0a1b"),
    (SUBNET, "subnet-0a1b", "subnet-0a1b"),
    (SUBNET, f"{EC2}subnet/subnet-0a1b", "subnet-0a1b"),
    (SUBNET, "arn:aws:ec2:us-east-1:999988887777:subnet/subnet-0a1b", "subnet-0a1b"),  # shared
    (SECURITY_GROUP, "sg-0a1b", "sg-0a1b"),
    (SECURITY_GROUP, f"{EC2}security-group/sg-0a1b", "sg-0a1b"),
    (PREFIX_LIST, "pl-63a5400a", "pl-63a5400a"),
    (PREFIX_LIST, "arn:aws:ec2:us-east-1:aws:prefix-list/pl-63a5400a", "pl-63a5400a"),
    (BUCKET, "my.lake-2", "my.lake-2"),
    (BUCKET, "arn:aws:s3:::my.lake-2", "my.lake-2"),
    (BUCKET, POINT, POINT),
    (KEY, KEY_ID, KEY_ID),
    (KEY, "mrk-1234abcd", "mrk-1234abcd"),
    (KEY, "alias/team/lake", "alias/team/lake"),
    (KEY, f"{KMS}key/{KEY_ID}", f"{KMS}key/{KEY_ID}"),
    (KEY, f"{KMS}alias/lake", f"{KMS}alias/lake"),
    (KEY, f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}",
     f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}"),
    (ROLE, "tuning", f"{IAM}role/tuning"),
    (ROLE, "team/tuning", f"{IAM}role/team/tuning"),
    (ROLE, f"{IAM}role/team/tuning", f"{IAM}role/team/tuning"),
    (TOPIC, "on-call", "arn:aws:sns:us-east-1:123456789012:on-call"),
    (TOPIC, "arn:aws:sns:us-east-1:999988887777:on-call",
     "arn:aws:sns:us-east-1:999988887777:on-call"),
    (POLICY, "boundary", f"{IAM}policy/boundary"),
    (POLICY, f"{IAM}policy/team/boundary", f"{IAM}policy/team/boundary"),
    (POLICY, "arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::aws:policy/PowerUserAccess"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "identifier", "form"), FORMS, ids=[form[1] for form in FORMS])
def test_each_form_is_normalized(kind: ResourceKind, identifier: str, form: str) -> None:
    assert normalized(kind.check(identifier), kind, HERE) == form


@pytest.mark.parametrize("kind", [VPC, SUBNET, SECURITY_GROUP, BUCKET, KEY, ROLE, POLICY])
def test_a_parameter_is_not_changed(kind: ResourceKind) -> None:
    assert normalized(kind.check("ssm:/team/thing"), kind, HERE) == "ssm:/team/thing"
    with pytest.raises(PydanticCustomError, match="is not a valid SSM parameter"):
        kind.check("ssm:/team/")


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        (VPC, "subnet-0a1b"),
        (VPC, f"{EC2}subnet/subnet-0a1b"),
        (SUBNET, "vpc-0a1b"),
        (SUBNET, "private-a"),
        (SUBNET, "subnet-private"),
        (SUBNET, "subnet-0123456789abcdef"),
        (VPC, "vpc-0123456789abcdef01"),
        (SECURITY_GROUP, "default"),
        (PREFIX_LIST, "com.amazonaws.us-east-1.s3"),
        (BUCKET, "s3://lake"),
        (BUCKET, "arn:aws:s3:::lake/churn"),
        (BUCKET, "Lake"),
        (BUCKET, "my..lake"),
        (BUCKET, "192.168.5.4"),
        (BUCKET, "xn--lake"),
        (BUCKET, "arn:aws:s3:::amzn-s3-demo-bucket"),
        (KEY, "lake"),
        (KEY, f"{KMS}key/lake"),
        (ROLE, "arn:aws:sts::123456789012:assumed-role/tuning/me"),
        (ROLE, f"{IAM}user/me"),
        (POLICY, f"{IAM}role/me"),
    ],
)
def test_invalid_text_is_rejected_with_an_example(kind: ResourceKind, identifier: str) -> None:
    with pytest.raises(PydanticCustomError) as raised:
        kind.check(identifier)
    message = raised.value.message()
    assert message.startswith(f"`{identifier}` is not a valid {kind.noun}; write ")
    assert kind.example in message


@pytest.mark.parametrize(
    ("kind", "identifier", "part", "actual", "expected"),
    [
        (SUBNET, "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1",
         "Region", "eu-west-1", "us-east-1"),
        (KEY, f"arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}",
         "Region", "eu-west-1", "us-east-1"),
        (BUCKET, "arn:aws-cn:s3:::lake", "partition", "aws-cn", "aws"),
        (ROLE, "arn:aws:iam::999988887777:role/mine", "account", "999988887777", "123456789012"),
        (POLICY, "arn:aws:iam::999988887777:policy/mine",
         "account", "999988887777", "123456789012"),
    ],
)  # fmt: skip
def test_an_arn_in_another_place_is_a_mismatch(
    kind: ResourceKind, identifier: str, part: str, actual: str, expected: str
) -> None:
    assert mismatch(kind.check(identifier), kind, HERE) == Mismatch(
        part=part, actual=actual, expected=expected
    )


@pytest.mark.parametrize(
    ("kind", "identifier"), [form[:2] for form in FORMS], ids=[form[1] for form in FORMS]
)
def test_a_usable_identifier_is_not_a_mismatch(kind: ResourceKind, identifier: str) -> None:
    assert mismatch(identifier, kind, HERE) is None


def test_a_name_gets_the_arn_of_its_partition() -> None:
    china = Location(account="123456789012", region="cn-north-1")
    assert normalized("tuning", ROLE, china) == "arn:aws-cn:iam::123456789012:role/tuning"


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:s3:::${hptc:data_bucket}/a:b",
        "arn:aws:iam::123456789012:role/x",
        "arn:aws:ec2:us-east-1:*:subnet/*",
    ],
)
def test_an_arn_is_written_back_unchanged(text: str) -> None:
    assert str(ARN.parse(text)) == text


@pytest.mark.parametrize("text", ["", "lake", "arn:aws:s3", "xarn:aws:s3:::lake", "s3://a/b"])
def test_other_text_is_not_an_arn(text: str) -> None:
    assert ARN.parse(text) is None

"""S3 buckets and bucket policies that match their template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox import Account, Stack

BLOCK_ALL = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)


def bucket(name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name, **properties}}


@pytest.mark.parametrize(
    ("properties", "operation", "expected"),
    [
        pytest.param(
            {"VersioningConfiguration": {"Status": "Enabled"}},
            "get_bucket_versioning",
            {"Status": "Enabled"},
            id="versioning",
        ),
        pytest.param(
            {"PublicAccessBlockConfiguration": BLOCK_ALL},
            "get_public_access_block",
            {"PublicAccessBlockConfiguration": BLOCK_ALL},
            id="public-access-block",
        ),
        pytest.param(
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
            "get_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
            id="ownership-controls",
        ),
        pytest.param(
            {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": "key",
                            },
                        }
                    ]
                }
            },
            "get_bucket_encryption",
            {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [
                        {
                            "BucketKeyEnabled": True,
                            "ApplyServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": "key",
                            },
                        }
                    ]
                }
            },
            id="bucket-key",
        ),
        pytest.param(
            {
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "all",
                            "Status": "Enabled",
                            "Prefix": "tmp/",
                            "ExpirationInDays": 7,
                            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                            "Transitions": [{"TransitionInDays": 3, "StorageClass": "GLACIER"}],
                            "NoncurrentVersionTransitions": [
                                {"TransitionInDays": 4, "StorageClass": "GLACIER"}
                            ],
                        }
                    ]
                }
            },
            "get_bucket_lifecycle_configuration",
            {
                "Rules": [
                    {
                        "ID": "all",
                        "Status": "Enabled",
                        "Filter": {"Prefix": "tmp/"},
                        "Expiration": {"Days": 7},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        "Transitions": [{"Days": 3, "StorageClass": "GLACIER"}],
                        "NoncurrentVersionTransitions": [
                            {"NoncurrentDays": 4, "StorageClass": "GLACIER"}
                        ],
                    }
                ]
            },
            id="lifecycle",
        ),
        pytest.param(
            {
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Status": "Disabled",
                            "ExpirationInDays": 7,
                            "TagFilters": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                        }
                    ]
                }
            },
            "get_bucket_lifecycle_configuration",
            {
                "Rules": [
                    {
                        "ID": "rule-1",
                        "Status": "Disabled",
                        "Filter": {
                            "And": {
                                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
                            }
                        },
                        "Expiration": {"Days": 7},
                    }
                ]
            },
            id="lifecycle-by-tags",
        ),
        pytest.param(
            {"Tags": [{"Key": "team", "Value": "growth"}]},
            "get_bucket_tagging",
            {"TagSet": [{"Key": "team", "Value": "growth"}]},
            id="tags",
        ),
    ],
)
def test_a_bucket_property_is_created_and_updated(
    account: Account,
    stack: Stack,
    properties: dict[str, Any],
    operation: str,
    expected: dict[str, Any],
) -> None:
    created, updated = f"created-{account.id}", f"updated-{account.id}"
    stack.deploy({"Created": bucket(created, **properties), "Updated": bucket(updated)})
    stack.deploy(
        {"Created": bucket(created, **properties), "Updated": bucket(updated, **properties)}
    )
    for name in (created, updated):
        answer = getattr(account.client("s3"), operation)(Bucket=name)
        assert {key: answer[key] for key in expected} == expected


def test_a_property_removed_from_the_template_is_reset(account: Account, stack: Stack) -> None:
    name = f"bucket-{account.id}"
    stack.deploy(
        {
            "Bucket": bucket(
                name,
                PublicAccessBlockConfiguration=BLOCK_ALL,
                VersioningConfiguration={"Status": "Enabled"},
                LifecycleConfiguration={"Rules": [{"Status": "Enabled", "ExpirationInDays": 1}]},
                Tags=[{"Key": "team", "Value": "growth"}],
            )
        }
    )
    stack.deploy({"Bucket": bucket(name)})
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"
    for operation in (
        "get_public_access_block",
        "get_bucket_lifecycle_configuration",
        "get_bucket_tagging",
    ):
        with pytest.raises(ClientError, match="NoSuch"):
            getattr(s3, operation)(Bucket=name)


def test_a_bucket_policy_is_stored_but_does_not_deny_plain_http(
    account: Account, stack: Stack
) -> None:
    name = f"bucket-{account.id}"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::{name}/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document},
    }
    s3 = account.client("s3")

    stack.deploy({"Bucket": bucket(name), "Policy": policy})
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == document
    s3.put_object(Bucket=name, Key="key", Body=b"text")
    assert s3.get_object(Bucket=name, Key="key")["Body"].read() == b"text"
    s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "key"}]})
    assert "Contents" not in s3.list_objects_v2(Bucket=name)

    document["Version"] = "2008-10-17"
    stack.deploy({"Bucket": bucket(name), "Policy": policy})
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == document

    stack.deploy({"Bucket": bucket(name)})
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=name)


def test_a_bucket_with_objects_is_not_deleted(account: Account, stack: Stack) -> None:
    name = f"bucket-{account.id}"
    stack.deploy({"Bucket": bucket(name)})
    account.client("s3").put_object(Bucket=name, Key="key", Body=b"text")
    stack.client.delete_stack(StackName=stack.name)
    status, reason = stack.status()
    assert status == "DELETE_FAILED"
    assert "not empty" in reason

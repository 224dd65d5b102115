"""What CloudFormation needs for an environment's KMS key and buckets.

The key is identified by its tags, because KMS generates its ID, and the buckets by the start of
their names.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.infrastructure.arns import arn, bucket_arn
from hptc.infrastructure.stack_names import GENERATED_PREFIX_LENGTH
from hptc.infrastructure.stack_owner import new_with_tags, not_of_others, with_tags
from hptc.infrastructure.statements import Statement
from hptc.project.project_file import Environment


def key_statements(environment: Environment, alias: str) -> Iterator[Statement]:
    """The statements for a KMS key and its alias, such as `alias/churn`."""
    keys = (arn(environment, "kms", "key/*"),)
    yield Statement(
        sid="NewKey",
        actions=("kms:CreateKey",),
        resources=("*",),
        conditions=new_with_tags(environment),
        reason="AWS has no narrower form: a new key has no ARN yet, hence its tags",
    )
    yield Statement(
        sid="TagKey",
        actions=("kms:TagResource",),
        resources=keys,
        conditions=(*new_with_tags(environment), *not_of_others(environment)),
        reason="tags keys as the environment's own, unless they are another's",
    )
    yield Statement(
        sid="ReadKey",
        actions=(
            "kms:CreateAlias",
            "kms:DescribeKey",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListResourceTags",
        ),
        resources=keys,
        # https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
        conditions=not_of_others(environment),
        reason="completes a new key; KMS may take minutes to apply its tags",
    )
    yield Statement(
        sid="ChangeKey",
        actions=(
            "kms:DeleteAlias",
            "kms:DisableKey",
            "kms:DisableKeyRotation",
            "kms:EnableKey",
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
            "kms:UntagResource",
            "kms:UpdateAlias",
            "kms:UpdateKeyDescription",
        ),
        resources=keys,
        conditions=with_tags(environment),
        reason="changes and deletes the environment's key, by its tags",
    )
    yield Statement(
        sid="Alias",
        actions=("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"),
        resources=(arn(environment, "kms", alias),),
        reason="manages the key's alias",
    )
    yield Statement(
        sid="ListAliases",
        actions=("kms:ListAliases",),
        resources=("*",),
        reason="AWS has no narrower form: listing does not apply to a resource",
    )


def bucket_statement(environment: Environment) -> Statement:
    """The statement for the artifact and data buckets."""
    start = f"{environment.foundation_stack.lower()}-"[:GENERATED_PREFIX_LENGTH]
    return Statement(
        sid="Buckets",
        actions=(
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteBucketPolicy",
            # The handlers read every setting of a bucket.
            "s3:GetAccelerateConfiguration",
            "s3:GetAnalyticsConfiguration",
            "s3:GetBucketAbac",
            "s3:GetBucketAcl",
            "s3:GetBucketCORS",
            "s3:GetBucketLogging",
            "s3:GetBucketNotification",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetBucketWebsite",
            "s3:GetEncryptionConfiguration",
            "s3:GetIntelligentTieringConfiguration",
            "s3:GetInventoryConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetMetricsConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListBucket",
            "s3:ListTagsForResource",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource",
            "s3:UntagResource",
        ),
        resources=(bucket_arn(environment, f"{start}*"),),
        reason="manages the environment's buckets, but reads and writes no object; CloudFormation "
        "generates the ends of their names",
    )

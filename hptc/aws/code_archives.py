"""Stores archives of training code in S3. An object that exists is never replaced.

A PUT with `If-None-Match: *` stores the whole object, or fails with 412 if there is one:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from hptc.errors import AwsError
from hptc.service.interface import Content


class Caller(Protocol):
    """Makes calls to AWS with retries; `hptc.aws.connection.Connection` does."""

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""

    def call(self, action: str, do: Callable[[], Any]) -> object:
        """Make one call. `action` is its IAM action. Raises AwsError."""


_EXISTS = "PreconditionFailed"
_CONFLICT = "ConditionalRequestConflict"  # two uploads at once: the page says to try again


def store_archive(
    caller: Caller, bucket: str, key: str, content: Content, kms_key_id: str | None
) -> bool:
    """Store an object unless it exists; returns whether it was stored."""
    s3 = caller.client("s3")
    if caller.call("s3:GetObject", partial(_head_object, s3, bucket, key)):
        return False
    encryption: dict[str, str] = {}
    if kms_key_id is not None:
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
    put = partial(
        s3.put_object,
        Bucket=bucket,
        Key=key,
        Body=content(),
        ContentType="application/gzip",
        IfNoneMatch="*",
        **encryption,
    )
    for is_last in (False, False, True):
        try:
            caller.call("s3:PutObject", put)
        except AwsError as error:
            if error.code == _EXISTS:
                return False  # by someone else, or by an attempt whose response was lost
            if error.code != _CONFLICT or is_last:
                raise
        else:
            break
    return True


def _head_object(s3: Any, bucket: str, key: str) -> bool:
    """Whether an object exists; false as well if the caller can't know."""
    from botocore.exceptions import ClientError

    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # Without a body, there is only a status. It is 403 for an object that is absent if the
        # caller may not list the bucket:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return False
        raise
    return True

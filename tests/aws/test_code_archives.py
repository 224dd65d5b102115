"""Archives of training code in S3, with boto3 against moto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from hptc.aws.code_archives import store_archive
from hptc.errors import AwsError

KEY_ID = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def call(_action: str, do: Callable[[], Any]) -> Any:
    """What hptc.aws.client does with errors, as far as it matters here."""
    from botocore.exceptions import ClientError

    try:
        return do()
    except ClientError as error:
        raise AwsError(str(error), code=error.response["Error"]["Code"]) from None


@pytest.fixture
def s3(aws: None) -> Any:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="artifacts")
    return client


def never() -> bytes:
    raise AssertionError("the archive is not needed")


def content(s3: Any) -> bytes:
    body: bytes = s3.get_object(Bucket="artifacts", Key="a")["Body"].read()
    return body


def test_an_archive_is_stored_once_and_encrypted(s3: Any) -> None:
    assert store_archive(s3, call, "artifacts", "a", lambda: b"code", KEY_ID)
    head = s3.head_object(Bucket="artifacts", Key="a")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KEY_ID)
    assert not store_archive(s3, call, "artifacts", "a", never, KEY_ID)
    assert content(s3) == b"code"


def test_an_object_that_appears_meanwhile_is_not_replaced(s3: Any) -> None:
    def late() -> bytes:
        s3.put_object(Bucket="artifacts", Key="a", Body=b"theirs")
        return b"ours"

    assert not store_archive(s3, call, "artifacts", "a", late, None)
    assert content(s3) == b"theirs"


def test_two_uploads_at_once_are_tried_again(s3: Any) -> None:
    refusals = [AwsError("busy", code="ConditionalRequestConflict")]

    def busy(action: str, do: Callable[[], Any]) -> Any:
        if action == "s3:PutObject" and refusals:
            raise refusals.pop()
        return call(action, do)

    assert store_archive(s3, busy, "artifacts", "a", lambda: b"code", None)
    assert content(s3) == b"code"


@pytest.mark.parametrize("code", ["AccessDenied", "ConditionalRequestConflict"])
def test_a_refusal_is_an_error(s3: Any, code: str) -> None:
    def refuse(action: str, do: Callable[[], Any]) -> Any:
        if action == "s3:PutObject":
            raise AwsError("no", code=code)
        return call(action, do)

    with pytest.raises(AwsError, match="no"):
        store_archive(s3, refuse, "artifacts", "a", lambda: b"code", None)

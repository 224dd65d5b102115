"""The gateway: which account a request acts in, and how failures are answered."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hptc.sandbox.gateway import Gateway, access_key_for
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import Account

NOT_IMPLEMENTED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "aws-json": ("codecommit", lambda c: c.list_approval_rule_templates()),
    "json-of-an-unsupported-service": ("pricing", lambda c: c.describe_services()),
    "query": ("cloudformation", lambda c: c.list_imports(ExportName="x")),
    "ec2": ("ec2", lambda c: c.describe_capacity_blocks()),
    "rest-json": ("lambda", lambda c: c.list_capacity_providers()),
    "rest-json-of-an-unsupported-service": ("braket", lambda c: c.search_jobs(filters=[])),
    "rest-xml": ("route53", lambda c: c.list_traffic_policies()),
}


@pytest.mark.parametrize(("service", "call"), NOT_IMPLEMENTED.values(), ids=NOT_IMPLEMENTED.keys())
def test_an_unsupported_operation_answers_400_and_is_not_retried(
    sandbox: Sandbox, service: str, call: Callable[[Any], Any]
) -> None:
    make: Any = boto3.client
    client = make(
        service,
        endpoint_url=sandbox.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=access_key_for(sandbox.account),
        aws_secret_access_key="sandbox",
    )
    started = time.monotonic()
    with pytest.raises(ClientError) as caught:
        call(client)
    assert time.monotonic() - started < 5
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert "The sandbox does not implement" in caught.value.response["Error"]["Message"]
    metadata = caught.value.response["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (400, 0)


def fail(environ: Any, start_response: Any) -> Any:
    raise KeyError("BootstrapVersion")


def answer_500(environ: Any, start_response: Any) -> Any:
    start_response("500 Internal Server Error", [("Content-Type", "text/html")])
    return [b"<html>"]


@pytest.mark.parametrize("broken", [fail, answer_500])
@pytest.mark.parametrize("service", ["s3", "sagemaker", "iam", "ec2"])
def test_an_internal_failure_answers_400(broken: Any, service: str) -> None:
    gateway = Gateway("123456789012")
    gateway._services = broken
    captured: list[Any] = []
    scope = f"Credential=K/20260101/us-east-1/{service}/aws4_request"
    environ = {
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host",
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": "Action=Act",
    }
    body = b"".join(gateway(environ, lambda *arguments: captured.extend(arguments)))
    assert captured[0] == "400 Bad Request"
    assert f"The sandbox failed in {service}:Act".encode() in body


def identity(account: Account, access_key: str) -> str:
    client = account.client("sts", aws_access_key_id=access_key)
    return str(client.get_caller_identity()["Account"])


def test_the_access_key_selects_the_account(sandbox: Sandbox, account: Account) -> None:
    assert identity(account, access_key_for("999999999999")) == "999999999999"
    assert identity(account, "testing") == sandbox.account


def test_an_assumed_role_acts_in_its_account(account: Account) -> None:
    role = "arn:aws:iam::999999999999:role/role"
    credentials = account.client("sts").assume_role(RoleArn=role, RoleSessionName="session")[
        "Credentials"
    ]
    assert identity(account, credentials["AccessKeyId"]) == "999999999999"


def test_a_presigned_url_acts_in_its_account(account: Account) -> None:
    s3 = account.client("s3")
    bucket = f"presigned-{account.id}"
    s3.create_bucket(Bucket=bucket)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "key"})
    headers = {"Content-Type": "text/plain"}
    request = urllib.request.Request(url, data=b"text", method="PUT", headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"text"

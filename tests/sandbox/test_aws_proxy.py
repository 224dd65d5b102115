"""The proxy in front of a sandbox: AWS's hosts are the sandbox, and no other host is reached."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from hptc.sandbox.aws_proxy import AwsProxy
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import Account


@pytest.fixture
def proxy(sandbox: Sandbox, tmp_path: Path) -> Iterator[AwsProxy]:
    with AwsProxy(sandbox.port, tmp_path) as proxy:
        yield proxy


def client(proxy: AwsProxy, account: Account, service: str, endpoint_url: str) -> Any:
    """A client of an endpoint that the program names itself, through the proxy."""
    variables = proxy.environment()
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint_url,
        region_name=account.region,
        aws_access_key_id=f"AKIAHPTC{account.id}",
        aws_secret_access_key="sandbox",
        verify=variables["AWS_CA_BUNDLE"],
        config=Config(
            retries={"total_max_attempts": 1},
            proxies={"https": variables["HTTPS_PROXY"], "http": variables["HTTP_PROXY"]},
        ),
    )


def test_an_endpoint_that_the_program_names_is_the_sandbox(
    proxy: AwsProxy, account: Account
) -> None:
    sts = client(proxy, account, "sts", "https://sts.us-east-1.amazonaws.com")
    assert sts.get_caller_identity()["Account"] == account.id
    assert proxy.refused == set()


def test_a_large_object_goes_through(proxy: AwsProxy, account: Account) -> None:
    s3 = client(proxy, account, "s3", "https://s3.us-east-1.amazonaws.com")
    s3.create_bucket(Bucket="through-the-proxy")
    s3.put_object(Bucket="through-the-proxy", Key="a/b", Body=b"x" * 3_000_000)
    s3.upload_file(__file__, "through-the-proxy", "c")
    assert len(s3.get_object(Bucket="through-the-proxy", Key="a/b")["Body"].read()) == 3_000_000
    own = account.client("s3")
    assert own.get_object(Bucket="through-the-proxy", Key="c")["Body"].read().startswith(b'"""')


def connect(proxy: AwsProxy, request: bytes) -> bytes:
    address = proxy.environment()["HTTP_PROXY"].removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(65_536)


@pytest.mark.parametrize(
    ("request_line", "host"),
    [
        ("CONNECT pypi.org:443 HTTP/1.1", "pypi.org"),
        ("CONNECT amazonaws.com.evil.example:443 HTTP/1.1", "amazonaws.com.evil.example"),
        ("CONNECT evilamazonaws.com:443 HTTP/1.1", "evilamazonaws.com"),
        ("GET http://169.254.169.254/latest/meta-data/ HTTP/1.1", "169.254.169.254"),
    ],
)
def test_any_other_host_is_refused_and_named(proxy: AwsProxy, request_line: str, host: str) -> None:
    answer = connect(proxy, f"{request_line}\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert proxy.refused == {host}


@pytest.mark.parametrize("request_bytes", [b"\r\n\r\n", b"\xff\xff\r\n\r\n", b"CONNECT\r\n\r\n"])
def test_no_request_at_all_is_refused(proxy: AwsProxy, request_bytes: bytes) -> None:
    assert connect(proxy, request_bytes).startswith(b"HTTP/1.1 403 ")

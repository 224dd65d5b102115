"""Web pages can't use the sandbox."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import boto3
import pytest

from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.server import Sandbox


def ask(
    sandbox: Sandbox, method: str = "GET", path: str = "/", **headers: str
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(sandbox.endpoint_url).netloc, timeout=20)
    connection.request(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    response = connection.getresponse()
    return response.status, response.read().decode(), dict(response.getheaders())


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://example.com"}, "Origin comes from a browser"),
        ({"Origin": "null"}, "Origin comes from a browser"),
        ({"Sec_Fetch_Site": "cross-site"}, "Sec-Fetch-Site comes from a browser"),
        ({"Sec_Fetch_Mode": "no-cors"}, "Sec-Fetch-Mode comes from a browser"),
        ({"Host": "attacker.example"}, "the Host is not 127.0.0.1:"),
        ({"Host": "127.0.0.1"}, "the Host is not 127.0.0.1:"),
        ({"Host": "127.0.0.1:1"}, "the Host is not 127.0.0.1:"),
        ({"Host": "s3.amazonaws.com"}, "the Host is not 127.0.0.1:"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_request_of_a_web_page(
    sandbox: Sandbox, method: str, headers: dict[str, str], reason: str
) -> None:
    status, body, _ = ask(sandbox, method, **headers)
    assert status == 403
    assert reason in body


@pytest.mark.parametrize(
    "path", ["/moto-api", "/moto-api/reset", "/moto-api/data.json", "//moto-api/reset"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_api_of_moto_is_closed(sandbox: Sandbox, method: str, path: str) -> None:
    status, body, _ = ask(sandbox, method, path)
    assert status == 403
    assert "moto's own API is closed" in body


def test_own_clients_are_served_without_cors(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.endpoint_url).port
    client = boto3.client(
        "sts",
        endpoint_url=f"http://localhost:{port}",
        region_name="us-east-1",
        aws_access_key_id=access_key_for(sandbox.account),
        aws_secret_access_key="sandbox",
    )
    metadata = client.get_caller_identity()["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    assert not [name for name in metadata["HTTPHeaders"] if name.startswith("access-control")]

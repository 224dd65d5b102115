"""HTML pages in place of AWS's answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as boto

from hptc.aws.aws_errors import affects_every_call, aws_error
from hptc.aws.html_pages import HtmlResponseError, reject_html
from hptc.aws.retry import INTERNAL_ERROR, retry_policy

CREATE = "sagemaker:CreateHyperParameterTuningJob"
PAGE = "<!DOCTYPE html><html><head><title>Blocked</title></head></html>"
PAGE_ERROR: Any = {"Error": {"Code": "403", "Message": PAGE}}


def html_response(status: int, **error: str) -> boto.ClientError:
    """What botocore raises for an HTML page: query protocols have no `Error` then."""
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"content-type": "text/html; charset=x"}}
    response: Any = {"ResponseMetadata": metadata}
    return boto.ClientError(response | ({"Error": error} if error else {}), "Operation")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(html_response(403, Code="403", Message=PAGE), id="json protocol"),
        pytest.param(html_response(407), id="query protocol"),
        pytest.param(html_response(404, Code="", Message=""), id="rest-xml protocol"),
        pytest.param(
            boto.ClientError({"Error": {"Code": "403", "Message": PAGE}}, "Operation"),
            id="page without headers",
        ),
        pytest.param(HtmlResponseError(status=200), id="success status"),
    ],
)
def test_an_html_page_points_to_the_endpoint_and_the_proxy(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_SAGEMAKER", raising=False)
    converted = aws_error(error, CREATE, region="us-east-1")
    assert converted is not None
    assert "the sagemaker endpoint in us-east-1 returned an HTML page" in converted.message
    assert "<" not in converted.message
    for name in ("HTTPS_PROXY", "NO_PROXY", "AWS_ENDPOINT_URL"):
        assert name in converted.help
    assert affects_every_call(converted)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"])
def test_an_html_page_of_a_configured_endpoint_names_its_url(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv(variable, "http://user:hunter2@proxy.example:8080/path?token=hunter3")
    error = aws_error(html_response(403), CREATE, region="us-east-1")
    assert error is not None
    assert "http://proxy.example:8080 returned an HTML page (HTTP 403)" in error.message
    assert "hunter" not in error.message + error.help


def test_an_html_page_of_an_overloaded_server_is_retried() -> None:
    error = aws_error(html_response(503, Code="503", Message="Service Unavailable"), CREATE)
    assert error is not None
    assert retry_policy(error) is INTERNAL_ERROR
    assert "HTTPS_PROXY" in error.help


@pytest.mark.parametrize(
    ("body", "is_page"),
    [
        pytest.param(b"\n <html>Sign in</html>", True, id="markup"),
        pytest.param(b"", True, id="empty"),
        pytest.param(b'{"events": []}', False, id="json that is declared as html"),
    ],
)
def test_a_page_is_rejected_by_its_markup(body: bytes, is_page: bool) -> None:
    response = {"status_code": 200, "headers": {"content-type": "text/html"}, "body": body}
    if is_page:
        with pytest.raises(HtmlResponseError):
            reject_html(response)
    else:
        assert reject_html(response) is None  # type: ignore[func-returns-value]

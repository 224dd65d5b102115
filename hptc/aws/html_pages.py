"""Recognizes HTML pages in place of AWS's answers: of a proxy, a gateway or a wrong endpoint."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hptc.aws.retry import INTERNAL_ERROR_CODES, THROTTLING_CODES
from hptc.errors import AwsError
from hptc.text import shortened

PROXY_SETTINGS = "the proxy settings (HTTPS_PROXY, NO_PROXY)"

_TAG = re.compile(r"<[^>]*>")
_MAX_TEXT = 200
_START = 1000  # bytes


class HtmlResponseError(Exception):
    """An endpoint returned an HTML page with a success status, which botocore can't parse."""

    def __init__(self, *, status: int) -> None:
        super().__init__(f"the endpoint returned an HTML page (HTTP {status})")
        self.status = status


def reject_html(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Handle botocore's `before-parse` event: raise HtmlResponseError for a page with status 2xx.

    botocore parses such a page into a response without members. Not for S3, whose objects may be
    HTML.
    """
    status = response_dict["status_code"]
    if status < 300 and _is_html_type(response_dict["headers"]) and _has_markup(response_dict):
        raise HtmlResponseError(status=status)


def is_html(response: Mapping[str, Any]) -> bool:
    """Whether the response of a botocore ClientError is an HTML page."""
    message = str(response.get("Error", {}).get("Message", "")).lstrip().lower()
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return message.startswith(("<!doctype html", "<html")) or _is_html_type(headers)


def _is_html_type(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").lower().startswith("text/html")


def _has_markup(response_dict: Mapping[str, Any]) -> bool:
    """Whether a body starts with markup; moto declares that its JSON of CloudWatch Logs is HTML."""
    body = response_dict.get("body") or b"<"
    return bool(body[:_START].lstrip().startswith(b"<"))


def html_error(response: Mapping[str, Any], action: str, region: str) -> AwsError:
    """The error for an HTML page. `action` is the call's IAM action."""
    error = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    text = " ".join(_TAG.sub(" ", str(error.get("Message", ""))).split())
    code = str(error.get("Code", ""))
    return AwsError(
        f"{_endpoint(action, region)} returned an HTML page"
        + (f" (HTTP {status})" if status else "")
        + (f": {shortened(text, _MAX_TEXT)}" if text else ""),
        # Only a code that is retried is kept: any other call would get a page too.
        code=code if code in INTERNAL_ERROR_CODES | THROTTLING_CODES else "",
        help=f"a proxy may be answering instead of AWS: check {PROXY_SETTINGS} and "
        "AWS_ENDPOINT_URL",
    )


def _endpoint(action: str, region: str) -> str:
    """The endpoint of a call for messages, without the credentials that a URL may contain.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    service = action.partition(":")[0]
    url = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get(
        "AWS_ENDPOINT_URL"
    )
    if url:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return f"the {service or 'AWS'} endpoint{f' in {region}' if region else ''}"

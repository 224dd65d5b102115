"""Calls to GitHub's REST API: JSON in and out, every failure an error with a help text.

The token is sent to the API URL only: redirects are not followed, and no message contains it.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
from dataclasses import field
from urllib import error, request
from urllib.parse import urlsplit

from hptc.errors import OperationError, UsageError
from hptc.frozen import frozen
from hptc.text import printable

API_URL = "https://api.github.com"
PER_PAGE = 100  # GitHub's maximum
_TIMEOUT_SECONDS = 30
_MAX_WAIT_SECONDS = 60
_REPOSITORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/(?!\.\.?$)[A-Za-z0-9_.-]+")


@frozen
class PullRequest:
    """A pull request on GitHub, and the token for its API calls."""

    api_url: str  # without a trailing slash
    repository: str
    number: int
    token: str = field(repr=False)

    def comments_url(self, page: int) -> str:
        """The URL that lists one page of comments."""
        return f"{self.new_comment_url}?per_page={PER_PAGE}&page={page}"

    @property
    def new_comment_url(self) -> str:
        """The URL that creates a comment."""
        return f"{self._issues_url}/{self.number}/comments"

    def comment_url(self, comment_id: int) -> str:
        """The URL that updates a comment."""
        return f"{self._issues_url}/comments/{comment_id}"

    @property
    def name(self) -> str:
        """The pull request as GitHub writes it: `owner/repository#1`."""
        return f"{self.repository}#{self.number}"

    @property
    def _issues_url(self) -> str:
        return f"{self.api_url}/repos/{self.repository}/issues"


class TransientError(OperationError):
    """A failure that a retry may fix, after `retry_after_seconds` if GitHub gives a time."""

    def __init__(
        self, message: str, *, help: str, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, help=help)
        self.retry_after_seconds = retry_after_seconds


def pull_request(api_url: str, repository: str, number: int, token: str) -> PullRequest:
    """A pull request from unchecked arguments. Raises UsageError for invalid ones."""
    try:
        parts = urlsplit(api_url)
    except ValueError:
        parts = urlsplit("")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "GITHUB_API_URL must not contain credentials, a query or a fragment",
            help=f"use a plain URL, such as {API_URL}",
        )
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        raise UsageError(
            f"GITHUB_API_URL must be an https URL, but is {printable(api_url)}",
            help=f"set it to https://…; GitHub's own is {API_URL}",
        )
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            f"{printable(repository)} is not a valid repository name",
            help="set GITHUB_REPOSITORY to owner/name",
        )
    if number < 1:
        raise UsageError(f"{number} is not a valid pull request number")
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "GITHUB_TOKEN contains characters that a token can't have"
            if token
            else "GITHUB_TOKEN is not set",
            help="in a workflow, set it to ${{ github.token }}",
        )
    return PullRequest(
        api_url=api_url.rstrip("/"), repository=repository, number=number, token=token
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _opener(scheme: str) -> request.OpenerDirector:
    """urllib's opener without redirects, which would send the token to another host."""
    opener = request.OpenerDirector()
    for handler in (
        # http is loopback only, which no proxy can reach.
        request.ProxyHandler({} if scheme == "http" else None),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def call(
    pull_request: PullRequest, method: str, url: str, body: dict[str, str] | None = None
) -> object:
    """Make one API call and return the parsed JSON. Raises OperationError."""
    sent = request.Request(  # noqa: S310 -- pull_request() allows https and loopback only
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {pull_request.token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "hptc",
        },
    )
    try:
        with _opener(sent.type).open(sent, timeout=_TIMEOUT_SECONDS) as response:
            text = response.read()
    except error.HTTPError as response:
        with response:
            raise _http_error(pull_request, response) from None
    except (OSError, http.client.HTTPException) as failure:
        reason = str(getattr(failure, "reason", failure)) or type(failure).__name__
        raise TransientError(
            f"cannot reach {printable(pull_request.api_url)}: {_redacted(pull_request, reason)}",
            help="rerun the workflow; a self-hosted runner may need HTTPS_PROXY",
        ) from None
    try:
        return json.loads(text)
    except ValueError:
        raise unexpected_response(pull_request) from None


def unexpected_response(pull_request: PullRequest) -> OperationError:
    """The error for a response that doesn't come from GitHub's API."""
    return OperationError(
        f"the response of {printable(pull_request.api_url)} is not from GitHub's API",
        help=f"set GITHUB_API_URL; GitHub's own is {API_URL}, a GitHub Enterprise Server's is "
        "https://HOST/api/v3",
    )


def _http_error(pull_request: PullRequest, response: error.HTTPError) -> OperationError:
    """Convert an HTTP error.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    reason = _reason(pull_request, response)
    message = f"{pull_request.name}: GitHub returned {response.code}" + (
        f" ({reason})" if reason else ""
    )
    if response.code == 429 or (response.code == 403 and _is_rate_limited(response, reason)):
        return _rate_limit_error(response, message)
    if response.code >= 500:
        return TransientError(
            message, help="check https://www.githubstatus.com, and rerun the workflow later"
        )
    return OperationError(message, help=_HELP.get(response.code, "see GitHub's message"))


_HELP = {
    401: "the token is invalid or expired; in a workflow, set GITHUB_TOKEN to ${{ github.token }}",
    403: "the workflow needs `permissions: pull-requests: write`; for a pull request from a fork, "
    "the token is always read-only, and the review is in the job summary",
    404: "the pull request doesn't exist, or the token can't read it: a private repository needs "
    "`permissions: contents: read, pull-requests: write`",
    410: "comments are disabled in this repository",
    422: "a comment can have at most 65,536 characters; post the output of "
    "`hptc diff --format markdown` without additions",
} | dict.fromkeys(
    (301, 302, 303, 307, 308),
    "the repository or the API has moved; set GITHUB_REPOSITORY or GITHUB_API_URL to the new "
    "location, because the token isn't sent along a redirect",
)


def _is_rate_limited(response: error.HTTPError, reason: str) -> bool:
    headers = response.headers
    is_exhausted = headers.get("X-RateLimit-Remaining") == "0"
    return is_exhausted or "Retry-After" in headers or "rate limit" in reason.lower()


def _rate_limit_error(response: error.HTTPError, message: str) -> OperationError:
    """Transient if the wait is at most a minute, which is also the default."""
    retry_after = response.headers.get("Retry-After", "")
    if retry_after.isascii() and retry_after.isdigit():
        seconds = int(retry_after[:9])
    elif response.headers.get("X-RateLimit-Remaining") == "0":
        seconds = _MAX_WAIT_SECONDS + 1  # the limit resets within the hour
    else:
        seconds = _MAX_WAIT_SECONDS
    help = "the token's rate limit is exhausted; rerun the workflow in an hour"
    if seconds > _MAX_WAIT_SECONDS:
        return OperationError(message, help=help)
    return TransientError(message, help=help, retry_after_seconds=seconds)


def _reason(pull_request: PullRequest, response: error.HTTPError) -> str:
    """GitHub's own message; "" without one."""
    try:
        body = json.loads(response.read(100_000))
    except (ValueError, OSError, http.client.HTTPException):
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    parts = [body.get("message")]
    for entry in errors if isinstance(errors, list) else ():
        parts.append(entry.get("message") if isinstance(entry, dict) else entry)
    texts = [part for part in parts if isinstance(part, str) and part]
    return _redacted(pull_request, ": ".join(texts))


def _redacted(pull_request: PullRequest, text: str) -> str:
    """Untrusted text for a message: short, printable, without the token."""
    return printable(text.replace(pull_request.token, "***")[:300])

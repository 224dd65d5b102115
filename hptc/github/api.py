"""Calls of GitHub's REST API: JSON in and out, and each refusal as an error that says what to do.

The token goes to one address only: no redirect is followed, and no message holds it.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib import error, request
from urllib.parse import urlsplit

from hptc.errors import OperationError, UsageError
from hptc.render.diagnostics import printable

API_URL = "https://api.github.com"
PER_PAGE = 100  # the most that GitHub gives
_TIMEOUT_SECONDS = 30
_LONGEST_WAIT_SECONDS = 60
_REPOSITORY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*/(?!\.\.?$)[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One pull request's comments, and who asks."""

    url: str  # without a slash at its end
    repository: str
    pull_request: int
    token: str = field(repr=False)

    def comments(self, page: int) -> str:
        """Where a page of comments is read."""
        return f"{self._issues}/{self.pull_request}/comments?per_page={PER_PAGE}&page={page}"

    @property
    def new_comment(self) -> str:
        """Where a comment is made."""
        return f"{self._issues}/{self.pull_request}/comments"

    def comment(self, number: int) -> str:
        """Where a comment is changed."""
        return f"{self._issues}/comments/{number}"

    @property
    def place(self) -> str:
        """The pull request as people write it."""
        return f"{self.repository}#{self.pull_request}"

    @property
    def _issues(self) -> str:
        return f"{self.url}/repos/{self.repository}/issues"


class Transient(OperationError):
    """Trying again after `seconds` may help; None leaves that to the attempts so far."""

    def __init__(self, message: str, *, help: str, seconds: float | None = None) -> None:
        super().__init__(message, help=help)
        self.seconds = seconds


def connect(api_url: str, repository: str, pull_request: int, token: str) -> Api:
    """An Api of arguments that can be; UsageError for others."""
    try:
        parts = urlsplit(api_url)
    except ValueError:
        parts = urlsplit("")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("the API's address holds more than an address", help=f"such as {API_URL}")
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        raise UsageError(
            f"{printable(api_url)} is no https address, and a token is sent to nothing else",
            help=f"set GITHUB_API_URL to https://…; GitHub's own is {API_URL}",
        )
    if not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            f"{printable(repository)} is no repository", help="set GITHUB_REPOSITORY to owner/name"
        )
    if pull_request < 1:
        raise UsageError(f"{pull_request} is no number of a pull request: they begin at 1")
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "there is no usable token" if token else "there is no token",
            help="set GITHUB_TOKEN; in a workflow that is ${{ github.token }}",
        )
    url = api_url.rstrip("/")
    return Api(url=url, repository=repository, pull_request=pull_request, token=token)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _opener(scheme: str) -> request.OpenerDirector:
    """urllib's own without redirects, which would carry the token to whoever they name."""
    opener = request.OpenerDirector()
    for handler in (
        # Loopback is here, not at a proxy.
        request.ProxyHandler({} if scheme == "http" else None),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def call(api: Api, method: str, url: str, body: dict[str, str] | None = None) -> Any:
    """One call, its JSON answer; OperationError otherwise."""
    asked = request.Request(  # noqa: S310 -- `connect` lets only https and loopback through
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {api.token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "hptc",
        },
    )
    try:
        with _opener(asked.type).open(asked, timeout=_TIMEOUT_SECONDS) as answer:
            text = answer.read()
    except error.HTTPError as refused:
        with refused:
            raise _refusal(api, refused) from None
    except (OSError, http.client.HTTPException) as unreachable:
        reason = str(getattr(unreachable, "reason", unreachable)) or type(unreachable).__name__
        raise Transient(
            f"{printable(api.url)} can't be reached: {_clean(api, reason)}",
            help="run the workflow again; a self-hosted runner may need HTTPS_PROXY",
        ) from None
    try:
        return json.loads(text)
    except ValueError:
        raise not_github(api) from None


def not_github(api: Api) -> OperationError:
    """Something else answered."""
    return OperationError(
        f"{printable(api.url)} does not answer like GitHub's API",
        help=f"set GITHUB_API_URL; GitHub's own is {API_URL}, a server's is https://HOST/api/v3",
    )


def _refusal(api: Api, refused: error.HTTPError) -> OperationError:
    """Why GitHub refused, and what to do.

    https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    said = _said(api, refused)
    text = f"{api.place}: GitHub answered {refused.code}{f' ({said})' if said else ''}"
    if refused.code == 429 or (refused.code == 403 and _is_limited(refused, said)):
        return _limited(refused, text)
    if refused.code >= 500:
        return Transient(text, help="see https://www.githubstatus.com, and run it again later")
    return OperationError(text, help=_ADVICE.get(refused.code, "the answer's text says why"))


_ADVICE = {
    401: "the token is wrong or has expired; in a workflow, GITHUB_TOKEN is ${{ github.token }}",
    403: "the workflow needs `permissions: pull-requests: write`; a pull request from a fork has a "
    "read-only token, whatever the workflow says: its review stands in the step's summary",
    404: "there is no such pull request, or the token can't see it: a private repository needs "
    "`permissions: contents: read, pull-requests: write`",
    410: "the repository has no such comments any more",
    422: "a comment takes 65,536 characters; post what `hptc diff --format markdown` wrote, "
    "with nothing added",
} | dict.fromkeys(
    (301, 302, 303, 307, 308),
    "the repository or the API has moved, and a token is not sent along: name the new place",
)


def _is_limited(refused: error.HTTPError, said: str) -> bool:
    headers = refused.headers
    is_used_up = headers.get("X-RateLimit-Remaining") == "0"
    return is_used_up or "Retry-After" in headers or "rate limit" in said.lower()


def _limited(refused: error.HTTPError, text: str) -> OperationError:
    """Wait as long as GitHub says, a minute when it doesn't; an hour is not waited for."""
    wait = refused.headers.get("Retry-After", "")
    if wait.isascii() and wait.isdigit():
        seconds = int(wait[:9])
    elif refused.headers.get("X-RateLimit-Remaining") == "0":
        seconds = _LONGEST_WAIT_SECONDS + 1  # until the hour is over
    else:
        seconds = _LONGEST_WAIT_SECONDS
    help = "the token's rate limit is used up: run the workflow again later, within the hour"
    if seconds > _LONGEST_WAIT_SECONDS:
        return OperationError(text, help=help)
    return Transient(text, help=help, seconds=seconds)


def _said(api: Api, refused: error.HTTPError) -> str:
    try:
        answer = json.loads(refused.read(100_000))
    except (ValueError, OSError, http.client.HTTPException):
        return ""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    parts = [answer.get("message")]
    for each in errors if isinstance(errors, list) else ():
        parts.append(each.get("message") if isinstance(each, dict) else each)
    return _clean(api, ": ".join(part for part in parts if isinstance(part, str) and part))


def _clean(api: Api, text: str) -> str:
    """A stranger's text for a message: short, printable, without the token."""
    return printable(text.replace(api.token, "***")[:300])

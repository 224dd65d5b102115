"""Calls to GitHub's API that fail, are retried or are refused, against a fake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hptc.errors import OperationError, UsageError
from hptc.github.api import API_URL, pull_request
from hptc.github.comment import Created, Unchanged, post_comment
from tests.support.fake_github import (
    BAD_GATEWAY,
    FORBIDDEN,
    REVIEW,
    TOKEN,
    TOO_LONG,
    Answer,
    GitHub,
)

FAILURES = {
    "forbidden": (FORBIDDEN, "403 (Resource not accessible", "pull-requests: write"),
    "fork": (FORBIDDEN, "403", "from a fork, the token is always read-only"),
    "not found": (Answer(status=404, body='{"message": "Not Found"}'), "404", "can't read it"),
    "bad token": (Answer(status=401, body='{"message": "Bad credentials"}'), "401", "expired"),
    "too long": (TOO_LONG, "422 (Validation Failed: body is too long", "65,536 characters"),
    "moved": (Answer(status=301, headers={"Location": "http://127.0.0.1:9/"}), "301", "has moved"),
    "temporarily moved": (
        Answer(status=307, headers={"Location": "http://127.0.0.1:9/"}),
        "307",
        "has moved",
    ),
    "rate limit exhausted": (
        Answer(
            status=403,
            body='{"message": "API rate limit exceeded"}',
            headers={"X-RateLimit-Remaining": "0"},
        ),
        "403 (API rate limit exceeded)",
        "rerun the workflow",
    ),
    "an hour to wait": (
        Answer(status=429, headers={"Retry-After": "3600"}),
        "429",
        "rerun the workflow",
    ),
    "a teapot": (Answer(status=418, body="[]"), "returned 418", "GitHub's message"),
    "not GitHub": (Answer(status=200, body="<html>"), "is not from GitHub's API", "/api/v3"),
    "not a list": (Answer(status=200, body="{}"), "is not from GitHub's API", "/api/v3"),
    "not comments": (Answer(status=200, body="[1]"), "is not from GitHub's API", "/api/v3"),
    "a message with the token": (
        Answer(status=400, body=json.dumps({"message": f"no: {TOKEN}\033[2J"})),
        "(no: ***",
        "GitHub's message",
    ),
}


@pytest.mark.parametrize(("failure", "message", "help"), FAILURES.values(), ids=FAILURES.keys())
def test_failures(github: GitHub, failure: Answer, message: str, help: str) -> None:
    github.failures.append(failure)
    with pytest.raises(OperationError) as raised:
        github.post(REVIEW)
    assert message in raised.value.message
    assert help in raised.value.help
    assert TOKEN not in raised.value.message + raised.value.help
    assert raised.value.message.isprintable()
    assert github.delays == []
    assert len(github.calls) == 1


def test_a_comment_that_is_too_long(github: GitHub) -> None:
    with pytest.raises(OperationError, match="too long") as raised:
        github.post("x" * 65_536 + REVIEW)
    assert "without additions" in raised.value.help
    assert github.comments == []


RETRIES = {
    "a bad gateway": ([BAD_GATEWAY, BAD_GATEWAY], [1, 2]),
    "after GitHub's delay": ([Answer(status=429, headers={"Retry-After": "7"})], [7]),
    "a secondary rate limit": (
        [Answer(status=403, body='{"message": "You exceeded a secondary rate limit"}')],
        [60],
    ),
    "after a date": ([Answer(status=429, headers={"Retry-After": "Fri, 01 Jan"})], [60]),
    "a lost response": ([Answer(status=502, is_done=True)], [1]),
}


@pytest.mark.parametrize(("failures", "delays"), RETRIES.values(), ids=RETRIES.keys())
def test_temporary_failures_are_retried(
    github: GitHub, failures: list[Answer], delays: list[float]
) -> None:
    github.failures += failures
    assert isinstance(github.post(REVIEW), Created | Unchanged)
    assert github.bodies() == [REVIEW]
    assert github.delays == delays


def test_retries_end(github: GitHub) -> None:
    github.failures += [BAD_GATEWAY] * 9
    with pytest.raises(OperationError, match="returned 502") as raised:
        github.post(REVIEW)
    assert "githubstatus" in raised.value.help
    assert github.delays == [1, 2, 4, 8]


def test_an_unreachable_api_is_retried() -> None:
    delays: list[float] = []
    with pytest.raises(OperationError, match="cannot reach") as raised:
        post_comment(
            REVIEW,
            repository="acme/tuning",
            number=7,
            token=TOKEN,
            api_url="http://127.0.0.1:1",
            sleep=delays.append,
        )
    assert TOKEN not in raised.value.message
    assert delays == [1, 2, 4, 8]


INVALID_ARGUMENTS = {
    "plain http": ({"api_url": "http://api.github.com"}, "must be an https URL"),
    "loopback by name only": ({"api_url": "http://127.0.0.1.example.com"}, "must be an https URL"),
    "a file": ({"api_url": "file:///etc/passwd"}, "must be an https URL"),
    "no host": ({"api_url": "https:///x"}, "must be an https URL"),
    "not a URL": ({"api_url": "https://[::1"}, "must be an https URL"),
    "a password": ({"api_url": "https://u:hunter2@example.com"}, "must not contain credentials"),
    "no owner": ({"repository": "tuning"}, "is not a valid repository name"),
    "another path": ({"repository": "acme/../../user"}, "is not a valid repository name"),
    "dots": ({"repository": "acme/.."}, "is not a valid repository name"),
    "a query": ({"repository": "acme/tuning?x"}, "is not a valid repository name"),
    "no number": ({"number": 0}, "is not a valid pull request number"),
    "no token": ({"token": " \n"}, "is not set"),
    "a token of two lines": ({"token": f"{TOKEN}\nX: y"}, "a token can't have"),
}


@pytest.mark.parametrize(
    ("changed", "message"), INVALID_ARGUMENTS.values(), ids=INVALID_ARGUMENTS.keys()
)
def test_invalid_arguments(changed: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "repository": "acme/tuning",
        "number": 7,
        "token": TOKEN,
        "api_url": API_URL,
    }
    with pytest.raises(UsageError) as raised:
        post_comment(REVIEW, **(arguments | changed))
    assert message in raised.value.message
    assert TOKEN not in raised.value.message
    assert "hunter2" not in raised.value.message


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://[::1]:1", "https://ghe.test/api/v3/"]
)
def test_urls_that_the_token_may_be_sent_to(url: str) -> None:
    target = pull_request(url, "acme/tuning", 7, f"{TOKEN}\n")
    assert target.new_comment_url == f"{url.rstrip('/')}/repos/acme/tuning/issues/7/comments"
    assert TOKEN not in repr(target)

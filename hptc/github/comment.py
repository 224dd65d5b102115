"""Posts a review as the one comment on a pull request: created, updated in place, or skipped.

Follows https://docs.github.com/rest/issues/comments and changes nothing else on the pull request.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, assert_never

from hptc.errors import EXIT_OK, HptcError, UsageError
from hptc.frozen import frozen
from hptc.github.api import (
    API_URL,
    PER_PAGE,
    PullRequest,
    TransientError,
    call,
    pull_request,
    unexpected_response,
)
from hptc.render.diff_markdown import MARKER
from hptc.text import printable

NO_CHANGE = "**hptc diff: no change in meaning**"
"""The first words of a review without changes."""
_MAX_PAGES = 100
_ATTEMPTS = 5

Sleep: TypeAlias = Callable[[float], None]


@frozen
class Created:
    """A new comment was posted."""

    url: str


@frozen
class Updated:
    """The existing comment was changed."""

    url: str


@frozen
class Unchanged:
    """The existing comment was already up to date."""

    url: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """The review has no changes, and no comment exists to update."""


Outcome: TypeAlias = Created | Updated | Unchanged | Skipped


@frozen
class _Comment:
    id: int
    body: str
    url: str


def post_comment(
    markdown: str,
    *,
    repository: str,
    number: int,
    token: str,
    api_url: str = API_URL,
    author: str | None = None,
    sleep: Sleep = time.sleep,
) -> Outcome:
    """Make `markdown`, the output of `hptc diff`, the body of the pull request's one comment.

    The comment is the first one that ends with MARKER and was written by `author` (a login), or by
    any bot if that is None: a person who posts the marker must not be able to edit the review
    later. Each attempt looks for the comment first, so that a lost response doesn't lead to a
    second comment.

    Raises UsageError for invalid arguments, OperationError if GitHub rejects a call.
    """
    if _last_line(markdown) != MARKER:
        raise UsageError(
            f"the file is not a review: its last line must be {MARKER}",
            help="pass the output of `hptc diff --format markdown`",
        )
    target = pull_request(api_url, repository, number, token)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _create_or_update(target, markdown, author)
        except TransientError as failure:
            if attempt == _ATTEMPTS:
                raise
            delay = failure.retry_after_seconds
            sleep(2.0 ** (attempt - 1) if delay is None else delay)
    raise AssertionError("the last attempt returns or raises")


def _create_or_update(target: PullRequest, markdown: str, author: str | None) -> Outcome:
    comment = _find_comment(target, author)
    if comment is None:
        if markdown.startswith(NO_CHANGE):
            return Skipped()
        return Created(url=_url(call(target, "POST", target.new_comment_url, {"body": markdown})))
    if _normalized(comment.body) == _normalized(markdown):
        return Unchanged(url=comment.url)
    response = call(target, "PATCH", target.comment_url(comment.id), {"body": markdown})
    return Updated(url=_url(response))


def _find_comment(target: PullRequest, author: str | None) -> _Comment | None:
    for entry in _comments(target):
        user = entry.get("user") or {}  # null for a deleted account
        is_ours = user.get("login") == author if author else user.get("type") == "Bot"
        body = entry.get("body") or ""
        if is_ours and _last_line(body) == MARKER:
            return _Comment(id=int(entry["id"]), body=body, url=_url(entry))
    return None


def _comments(target: PullRequest) -> Iterator[dict[str, Any]]:
    for page in range(1, _MAX_PAGES + 1):
        entries = call(target, "GET", target.comments_url(page))
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise unexpected_response(target)
        yield from entries
        if len(entries) < PER_PAGE:
            return


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _normalized(text: str) -> str:
    """Text without what GitHub may change when it stores a comment."""
    return text.replace("\r\n", "\n").strip()


def _url(entry: object) -> str:
    return printable(str(entry.get("html_url", ""))) if isinstance(entry, dict) else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m hptc.github FILE`."""
    parser = argparse.ArgumentParser(
        prog="python -m hptc.github",
        description="Post the output of `hptc diff --format markdown` as the one comment on a pull "
        "request. Reads GITHUB_TOKEN, and GITHUB_EVENT_PATH, GITHUB_REPOSITORY and GITHUB_API_URL, "
        "which GitHub sets in every workflow.",
    )
    parser.add_argument("file", metavar="FILE", help="the review to post")
    parser.add_argument(
        "--author", metavar="LOGIN", help="user who owns the comment (default: any bot)"
    )
    options = parser.parse_args(arguments)
    try:
        number = pull_request_number(_event())
        if number is None:
            _log("not a pull request run: no comment to post")
            return EXIT_OK
        outcome = post_comment(
            _read(options.file),
            repository=os.environ.get("GITHUB_REPOSITORY", ""),
            number=number,
            token=os.environ.get("GITHUB_TOKEN", ""),
            api_url=os.environ.get("GITHUB_API_URL") or API_URL,
            author=options.author,
        )
    except HptcError as failure:
        _log(f"error: {failure.message}")
        if failure.help:
            _log(f"help: {failure.help}")
        return failure.exit_code
    _log(describe(outcome))
    return EXIT_OK


def _log(line: str) -> None:
    # On one line: to a GitHub runner, a line that begins with `::` is a command.
    sys.stderr.write(f"{printable(line)}\n")


def pull_request_number(event: str) -> int | None:
    """The pull request's number from a workflow event's JSON; None for other events."""
    try:
        data = json.loads(event)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise UsageError(
            "the file that GITHUB_EVENT_PATH names is not an event in JSON",
            help="run this in a GitHub workflow",
        )
    number = (data.get("pull_request") or {}).get("number")
    return number if isinstance(number, int) else None


def _event() -> str:
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        raise UsageError("GITHUB_EVENT_PATH is not set", help="run this in a GitHub workflow")
    return _read(path)


def describe(outcome: Outcome) -> str:
    """The outcome in one line."""
    match outcome:
        case Created(url=url):
            return f"posted a comment: {url}"
        case Updated(url=url):
            return f"updated the comment: {url}"
        case Unchanged(url=url):
            return f"the comment is up to date: {url}"
        case Skipped():
            return "no change in meaning: no comment posted"
    assert_never(outcome)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"cannot read {printable(file)}: {reason}") from None

"""A review's markdown to the one comment of a pull request: created, updated in place, or left.

It follows https://docs.github.com/rest/issues/comments; nothing else of a pull request is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, assert_never

from hptc.errors import EXIT_OK, HptcError, UsageError
from hptc.github.api import API_URL, PER_PAGE, Api, Transient, call, connect, not_github
from hptc.render.diagnostics import printable
from hptc.render.diff_markdown import MARKER

NO_CHANGE = "**hptc diff: no change of meaning**"
"""How a review begins that has nothing to say."""
_MOST_PAGES = 100
_ATTEMPTS = 5

Sleep: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """There was no comment; now there is."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The comment said something else."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The comment says it already."""

    url: str


@dataclass(frozen=True, slots=True)
class Left:
    """Nothing to say, and no comment that would say otherwise."""


Outcome: TypeAlias = Created | Updated | Unchanged | Left


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comment:
    number: int
    body: str
    url: str


def post_comment(
    markdown: str,
    *,
    repository: str,
    pull_request: int,
    token: str,
    api_url: str = API_URL,
    author: str | None = None,
    sleep: Sleep = time.sleep,
) -> Outcome:
    """Make the pull request's one comment say `markdown`, which `hptc diff` rendered.

    The comment is the first that ends with MARKER and was written by `author` (a login), or by any
    bot without one: whoever else writes the marker could edit the review later. Each attempt looks
    for the comment first, so that an answer that got lost doesn't make a second one.

    Raises UsageError for arguments that can't be, OperationError when GitHub refuses.
    """
    if _last_line(markdown) != MARKER:
        raise UsageError(
            f"a comment ends with the line {MARKER}, and this text does not",
            help="give it the output of `hptc diff --format markdown`",
        )
    api = connect(api_url, repository, pull_request, token)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _settle(api, markdown, author)
        except Transient as refused:
            if attempt == _ATTEMPTS:
                raise
            sleep(2.0 ** (attempt - 1) if refused.seconds is None else refused.seconds)
    raise AssertionError("the last attempt returns or raises")


def _settle(api: Api, markdown: str, author: str | None) -> Outcome:
    found = _find(api, author)
    if found is None:
        if markdown.startswith(NO_CHANGE):
            return Left()
        return Created(url=_url(call(api, "POST", api.new_comment, {"body": markdown})))
    if _stored(found.body) == _stored(markdown):
        return Unchanged(url=found.url)
    return Updated(url=_url(call(api, "PATCH", api.comment(found.number), {"body": markdown})))


def _find(api: Api, author: str | None) -> _Comment | None:
    for entry in _entries(api):
        user = entry.get("user") or {}  # a deleted account is null
        mine = user.get("login") == author if author else user.get("type") == "Bot"
        body = entry.get("body") or ""
        if mine and _last_line(body) == MARKER:
            return _Comment(number=int(entry["id"]), body=body, url=_url(entry))
    return None


def _entries(api: Api) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        entries = call(api, "GET", api.comments(page))
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise not_github(api)
        yield from entries
        if len(entries) < PER_PAGE:
            return


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _stored(text: str) -> str:
    """A text as GitHub may give it back."""
    return text.replace("\r\n", "\n").strip()


def _url(entry: Any) -> str:
    return printable(str(entry.get("html_url", ""))) if isinstance(entry, dict) else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m hptc.github FILE`: post a review from a workflow."""
    from hptc.cli.console import say, say_error

    parser = argparse.ArgumentParser(
        prog="python -m hptc.github",
        description="Post what `hptc diff --format markdown` wrote as a pull request's one comment."
        " It reads GITHUB_TOKEN, and what every workflow has: GITHUB_EVENT_PATH,"
        " GITHUB_REPOSITORY, GITHUB_API_URL.",
    )
    parser.add_argument("file", metavar="FILE", help="the review")
    parser.add_argument("--author", help="whose comment it is: a login; any bot's if absent")
    options = parser.parse_args(arguments)
    try:
        number = pull_request_of(_read(os.environ.get("GITHUB_EVENT_PATH", "")))
        if number is None:
            say("this run is not of a pull request: there is nothing to comment on")
            return EXIT_OK
        outcome = post_comment(
            _read(options.file),
            repository=os.environ.get("GITHUB_REPOSITORY", ""),
            pull_request=number,
            token=os.environ.get("GITHUB_TOKEN", ""),
            api_url=os.environ.get("GITHUB_API_URL") or API_URL,
            author=options.author,
        )
    except HptcError as refused:
        say_error(refused.message, refused.help)
        return refused.exit_code
    say(sentence(outcome))
    return EXIT_OK


def pull_request_of(event: str) -> int | None:
    """The number of the pull request that an event's JSON is about; None if of something else."""
    try:
        data = json.loads(event)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise UsageError(
            "GITHUB_EVENT_PATH names no event in JSON", help="run it in a GitHub workflow"
        )
    number = (data.get("pull_request") or {}).get("number")
    return number if isinstance(number, int) else None


def sentence(outcome: Outcome) -> str:
    """What happened, in a line."""
    match outcome:
        case Created(url=url):
            return f"commented: {url}"
        case Updated(url=url):
            return f"updated the comment: {url}"
        case Unchanged(url=url):
            return f"the comment says it already: {url}"
        case Left():
            return "nothing changed its meaning, so there is no comment"
    assert_never(outcome)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as refused:
        reason = getattr(refused, "strerror", None) or "not a text in UTF-8"
        raise UsageError(f"{printable(file) or 'no file'}: {reason}") from None

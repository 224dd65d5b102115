"""The one comment of a pull request, against a fake of GitHub's API on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hptc.diff.review import Review
from hptc.errors import HptcError, OperationError, UsageError
from hptc.github.api import API_URL, connect
from hptc.github.comment import (
    NO_CHANGE,
    Created,
    Left,
    Outcome,
    Unchanged,
    Updated,
    main,
    post_comment,
    pull_request_of,
)
from hptc.render.diff_markdown import MARKER, render_markdown

TOKEN = "ghs_averysecrettoken"  # no real one
PLACE = "/repos/acme/tuning/issues"
REVIEW = f"🔴 **hptc diff: loosens security** (1 of 5 specs changed)\n\n{MARKER}\n"
OTHER = f"🟢 **hptc diff: changes labels** (1 of 5 specs changed)\n\n{MARKER}\n"
NOTHING = render_markdown(Review(old="main", new="the work tree", specs=(), compared=5))
BOT = {"login": "github-actions[bot]", "type": "Bot"}
PERSON = {"login": "mallory", "type": "User"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the fake says instead of doing what it was asked."""

    status: int
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    is_done: bool = False  # it did it, and the answer got lost


@dataclass(slots=True, kw_only=True)
class GitHub:
    """A pull request's comments, and each call that was made."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    api_url: str = ""
    slept: list[float] = field(default_factory=list)

    def add(self, body: str, user: dict[str, str] | None = BOT) -> None:
        number = 1000 + len(self.comments)
        url = f"https://github.com/acme/tuning/pull/7#issuecomment-{number}"
        self.comments.append({"id": number, "body": body, "user": user, "html_url": url})

    def post(self, markdown: str, author: str | None = None) -> Outcome:
        return post_comment(
            markdown,
            repository="acme/tuning",
            pull_request=7,
            token=TOKEN,
            api_url=self.api_url,
            author=author,
            sleep=self.slept.append,
        )

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    def answer(self, method: str, target: str, body: dict[str, str]) -> Answer:
        url = urlsplit(target)
        self.calls.append(f"{method} {url.path}")
        if self.refusals and not self.refusals[0].is_done:
            return self.refusals.pop(0)
        done = self._do(method, url.path, parse_qs(url.query), body)
        if self.refusals and method != "GET":
            return self.refusals.pop(0)
        return done

    def _do(
        self, method: str, path: str, query: dict[str, list[str]], body: dict[str, str]
    ) -> Answer:
        if len(body.get("body", "")) > 65_536:
            return TOO_LONG
        if (method, path) == ("GET", f"{PLACE}/7/comments"):
            size, page = int(query["per_page"][0]), int(query["page"][0])
            assert size <= 100
            return Answer(
                status=200, body=json.dumps(self.comments[size * (page - 1) : size * page])
            )
        if (method, path) == ("POST", f"{PLACE}/7/comments"):
            self.add(body["body"])
            return Answer(status=201, body=json.dumps(self.comments[-1]))
        if method == "PATCH" and (found := re.fullmatch(rf"{PLACE}/comments/(\d+)", path)):
            comment = self.comments[int(found[1]) - 1000]
            comment["body"] = body["body"]
            return Answer(status=200, body=json.dumps(comment))
        return Answer(status=404, body='{"message": "Not Found"}')


TOO_LONG = Answer(
    status=422,
    body=json.dumps(
        {
            "message": "Validation Failed",
            "errors": [{"message": "body is too long (maximum is 65536 characters)"}],
        }
    ),
)
FORBIDDEN = Answer(status=403, body='{"message": "Resource not accessible by integration"}')
BAD_GATEWAY = Answer(status=502, body="<html>")


@pytest.fixture
def github() -> Iterator[GitHub]:
    fake = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else {}
            answer = fake.answer(self.command, self.path, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        do_GET = do_POST = do_PATCH = handle_one  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.api_url = f"http://127.0.0.1:{server.server_address[1]}"
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_empty_review_is_known_by_its_beginning() -> None:
    assert NOTHING.startswith(NO_CHANGE)
    assert not REVIEW.startswith(NO_CHANGE)


BEFORE_AFTER = {
    "no comments at all": ([], REVIEW, Created, [REVIEW]),
    "other comments": ([("hi", PERSON), ("", None)], REVIEW, Created, ["hi", "", REVIEW]),
    "another review": ([("hi", PERSON), (OTHER, BOT)], REVIEW, Updated, ["hi", REVIEW]),
    "the same review": ([(REVIEW, BOT)], REVIEW, Unchanged, [REVIEW]),
    "the same as GitHub stores it": (
        [(REVIEW.strip().replace("\n", "\r\n"), BOT)],
        REVIEW,
        Unchanged,
        [REVIEW.strip().replace("\n", "\r\n")],
    ),
    "nothing to say, no comment": ([("hi", PERSON)], NOTHING, Left, ["hi"]),
    "nothing to say any more": ([(OTHER, BOT)], NOTHING, Updated, [NOTHING]),
    "nothing to say, said": ([(NOTHING, BOT)], NOTHING, Unchanged, [NOTHING]),
    "a quoted review": (
        [(f"> {MARKER}\n\nwhy?", BOT), (f"> {MARKER}", BOT)],
        REVIEW,
        Created,
        [f"> {MARKER}\n\nwhy?", f"> {MARKER}", REVIEW],
    ),
    "a person's imitation": ([(OTHER, PERSON)], REVIEW, Created, [OTHER, REVIEW]),
    "a deleted account's": ([(OTHER, None)], REVIEW, Created, [OTHER, REVIEW]),
    "two of ours, by a race": ([(OTHER, BOT), (OTHER, BOT)], REVIEW, Updated, [REVIEW, OTHER]),
}


@pytest.mark.parametrize(
    ("before", "markdown", "outcome", "after"), BEFORE_AFTER.values(), ids=BEFORE_AFTER.keys()
)
def test_the_comment(
    github: GitHub, before: list[Any], markdown: str, outcome: type[Outcome], after: list[str]
) -> None:
    for body, user in before:
        github.add(body, user)
    made = github.post(markdown)
    assert type(made) is outcome
    assert github.bodies() == after
    if not isinstance(made, Left):
        assert made.url.startswith("https://github.com/acme/tuning/pull/7#issuecomment-")


@pytest.mark.parametrize("others", [0, 99, 100, 101, 250])
def test_comments_come_in_pages(github: GitHub, others: int) -> None:
    for number in range(others):
        github.add(f"comment {number}", PERSON)
    assert isinstance(github.post(REVIEW), Created)
    assert isinstance(github.post(REVIEW), Unchanged)
    assert isinstance(github.post(OTHER), Updated)
    assert github.bodies()[others:] == [OTHER]


def test_the_author_can_be_named(github: GitHub) -> None:
    github.add(OTHER, BOT)
    github.add(OTHER, {"login": "build-user", "type": "User"})
    assert isinstance(github.post(REVIEW, author="build-user"), Updated)
    assert github.bodies() == [OTHER, REVIEW]


REFUSALS = {
    "forbidden": (FORBIDDEN, "403 (Resource not accessible", "pull-requests: write"),
    "fork": (FORBIDDEN, "403", "a fork has a read-only token"),
    "not found": (Answer(status=404, body='{"message": "Not Found"}'), "404", "can't see it"),
    "bad token": (Answer(status=401, body='{"message": "Bad credentials"}'), "401", "expired"),
    "too long": (TOO_LONG, "422 (Validation Failed: body is too long", "65,536 characters"),
    "moved": (Answer(status=301, headers={"Location": "http://127.0.0.1:9/"}), "301", "has moved"),
    "lent": (Answer(status=307, headers={"Location": "http://127.0.0.1:9/"}), "307", "has moved"),
    "used up": (
        Answer(
            status=403,
            body='{"message": "API rate limit exceeded"}',
            headers={"X-RateLimit-Remaining": "0"},
        ),
        "403 (API rate limit exceeded)",
        "run the workflow again later",
    ),
    "an hour": (Answer(status=429, headers={"Retry-After": "3600"}), "429", "later"),
    "a teapot": (Answer(status=418, body="[]"), "answered 418", "says why"),
    "not GitHub": (Answer(status=200, body="<html>"), "does not answer like", "/api/v3"),
    "not a list": (Answer(status=200, body="{}"), "does not answer like", "/api/v3"),
    "not comments": (Answer(status=200, body="[1]"), "does not answer like", "/api/v3"),
    "the token told": (
        Answer(status=400, body=json.dumps({"message": f"no: {TOKEN}\033[2J"})),
        "(no: ***",
        "says why",
    ),
}


@pytest.mark.parametrize(("refusal", "message", "help"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(github: GitHub, refusal: Answer, message: str, help: str) -> None:
    github.refusals.append(refusal)
    with pytest.raises(OperationError) as raised:
        github.post(REVIEW)
    assert message in raised.value.message
    assert help in raised.value.help
    assert TOKEN not in raised.value.message + raised.value.help
    assert raised.value.message.isprintable()
    assert github.slept == []
    assert len(github.calls) == 1


def test_a_comment_that_is_too_long(github: GitHub) -> None:
    with pytest.raises(OperationError, match="too long") as raised:
        github.post("x" * 65_536 + REVIEW)
    assert "with nothing added" in raised.value.help
    assert github.comments == []


RETRIES = {
    "a bad gateway": ([BAD_GATEWAY, BAD_GATEWAY], [1, 2]),
    "as GitHub says": ([Answer(status=429, headers={"Retry-After": "7"})], [7]),
    "a secondary limit": (
        [Answer(status=403, body='{"message": "You exceeded a secondary rate limit"}')],
        [60],
    ),
    "a date to wait for": ([Answer(status=429, headers={"Retry-After": "Fri, 01 Jan"})], [60]),
    "an answer that got lost": ([Answer(status=502, is_done=True)], [1]),
}


@pytest.mark.parametrize(("refusals", "slept"), RETRIES.values(), ids=RETRIES.keys())
def test_it_tries_again(github: GitHub, refusals: list[Answer], slept: list[float]) -> None:
    github.refusals += refusals
    assert isinstance(github.post(REVIEW), Created | Unchanged)
    assert github.bodies() == [REVIEW]
    assert github.slept == slept


def test_it_gives_up(github: GitHub) -> None:
    github.refusals += [BAD_GATEWAY] * 9
    with pytest.raises(OperationError, match="answered 502") as raised:
        github.post(REVIEW)
    assert "githubstatus" in raised.value.help
    assert github.slept == [1, 2, 4, 8]


def test_unreachable() -> None:
    slept: list[float] = []
    with pytest.raises(OperationError, match="can't be reached") as raised:
        post_comment(
            REVIEW,
            repository="acme/tuning",
            pull_request=7,
            token=TOKEN,
            api_url="http://127.0.0.1:1",
            sleep=slept.append,
        )
    assert TOKEN not in raised.value.message
    assert slept == [1, 2, 4, 8]


BAD_ARGUMENTS = {
    "plain http": ({"api_url": "http://api.github.com"}, "no https address"),
    "loopback by name only": ({"api_url": "http://127.0.0.1.example.com"}, "no https address"),
    "a file": ({"api_url": "file:///etc/passwd"}, "no https address"),
    "no host": ({"api_url": "https:///x"}, "no https address"),
    "no address": ({"api_url": "https://[::1"}, "no https address"),
    "a password": ({"api_url": "https://u:hunter2@example.com"}, "more than an address"),
    "no owner": ({"repository": "tuning"}, "is no repository"),
    "another path": ({"repository": "acme/../../user"}, "is no repository"),
    "dots": ({"repository": "acme/.."}, "is no repository"),
    "a query": ({"repository": "acme/tuning?x"}, "is no repository"),
    "no number": ({"pull_request": 0}, "begin at 1"),
    "no token": ({"token": " \n"}, "there is no token"),
    "a token of two lines": ({"token": f"{TOKEN}\nX: y"}, "no usable token"),
}


@pytest.mark.parametrize(("changed", "message"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS.keys())
def test_bad_arguments(changed: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "repository": "acme/tuning",
        "pull_request": 7,
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
def test_addresses_that_a_token_may_go_to(url: str) -> None:
    api = connect(url, "acme/tuning", 7, f"{TOKEN}\n")
    assert api.new_comment == f"{url.rstrip('/')}/repos/acme/tuning/issues/7/comments"
    assert TOKEN not in repr(api)


@pytest.mark.parametrize("text", ["", "hello\n", f"{MARKER}\nhello\n"])
def test_only_a_review_is_posted(github: GitHub, text: str) -> None:
    with pytest.raises(UsageError, match="hptc diff"):
        github.post(text)
    assert github.calls == []


EVENTS = {
    "a pull request": ('{"pull_request": {"number": 7}}', 7),
    "a push": ('{"ref": "refs/heads/main"}', None),
    "a null": ('{"pull_request": null}', None),
}


@pytest.mark.parametrize(("event", "number"), EVENTS.values(), ids=EVENTS.keys())
def test_events(event: str, number: int | None) -> None:
    assert pull_request_of(event) == number


@pytest.mark.parametrize("event", ["", "[]", "{"])
def test_what_is_no_event(event: str) -> None:
    with pytest.raises(HptcError, match="GITHUB_EVENT_PATH"):
        pull_request_of(event)


@pytest.fixture
def workflow(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a review and an event, in the environment that a workflow gives."""
    (tmp_path / "review.md").write_text(REVIEW, encoding="utf-8")
    (tmp_path / "event.json").write_text('{"pull_request": {"number": 7}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/tuning")
    monkeypatch.setenv("GITHUB_API_URL", github.api_url)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    return tmp_path


def test_from_a_workflow(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review.md"]) == 0
    assert main(["review.md"]) == 0
    assert github.bodies() == [REVIEW]
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "commented",
        "the comment says it already",
    ]


def test_from_a_workflow_of_something_else(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workflow / "event.json").write_text("{}", encoding="utf-8")
    assert main(["review.md"]) == 0
    assert github.calls == []
    assert "nothing to comment on" in capsys.readouterr().err


def test_from_a_workflow_without_permission(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.refusals.append(FORBIDDEN)
    assert main(["review.md"]) == 3
    said = capsys.readouterr().err
    assert "pull-requests: write" in said
    assert TOKEN not in said


def test_from_a_workflow_without_a_review(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["absent.md"]) == 2
    assert "absent.md: No such file" in capsys.readouterr().err
    assert github.calls == []

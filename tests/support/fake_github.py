"""A fake of GitHub's API for the comments on one pull request."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hptc.diff.review import Review
from hptc.github.comment import Outcome, post_comment
from hptc.render.diff_markdown import MARKER, render_markdown

TOKEN = "ghs_averysecrettoken"  # not a real token
ISSUES = "/repos/acme/tuning/issues"
REVIEW = f"🔴 **hptc diff: loosens security** (1 of 5 specs changed)\n\n{MARKER}\n"
OTHER = f"🟢 **hptc diff: changes labels** (1 of 5 specs changed)\n\n{MARKER}\n"
NO_CHANGES = render_markdown(Review(old="main", new="the working tree", specs=(), compared=5))
BOT = {"login": "github-actions[bot]", "type": "Bot"}
PERSON = {"login": "mallory", "type": "User"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that the fake returns instead of handling a call."""

    status: int
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    is_done: bool = False  # the call is handled first, as if its response got lost


@dataclass(slots=True, kw_only=True)
class GitHub:
    """A pull request's comments, and every call."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Answer] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    api_url: str = ""
    delays: list[float] = field(default_factory=list)

    def add(self, body: str, user: dict[str, str] | None = BOT) -> None:
        number = 1000 + len(self.comments)
        url = f"https://github.com/acme/tuning/pull/7#issuecomment-{number}"
        self.comments.append({"id": number, "body": body, "user": user, "html_url": url})

    def post(self, markdown: str, author: str | None = None) -> Outcome:
        return post_comment(
            markdown,
            repository="acme/tuning",
            number=7,
            token=TOKEN,
            api_url=self.api_url,
            author=author,
            sleep=self.delays.append,
        )

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    def answer(self, method: str, target: str, body: dict[str, str]) -> Answer:
        url = urlsplit(target)
        self.calls.append(f"{method} {url.path}")
        if self.failures and not self.failures[0].is_done:
            return self.failures.pop(0)
        handled = self._handle(method, url.path, parse_qs(url.query), body)
        if self.failures and method != "GET":
            return self.failures.pop(0)
        return handled

    def _handle(
        self, method: str, path: str, query: dict[str, list[str]], body: dict[str, str]
    ) -> Answer:
        if len(body.get("body", "")) > 65_536:
            return TOO_LONG
        if (method, path) == ("GET", f"{ISSUES}/7/comments"):
            size, page = int(query["per_page"][0]), int(query["page"][0])
            assert size <= 100
            return Answer(
                status=200, body=json.dumps(self.comments[size * (page - 1) : size * page])
            )
        if (method, path) == ("POST", f"{ISSUES}/7/comments"):
            self.add(body["body"])
            return Answer(status=201, body=json.dumps(self.comments[-1]))
        if method == "PATCH" and (edited := re.fullmatch(rf"{ISSUES}/comments/(\d+)", path)):
            comment = self.comments[int(edited[1]) - 1000]
            comment["body"] = body["body"]
            return Answer(status=200, body=json.dumps(comment))
        return Answer(status=404, body='{"message": "Not NewFindings"}')


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


@contextmanager
def serve_github() -> Iterator[GitHub]:
    """Serve the fake on loopback."""
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

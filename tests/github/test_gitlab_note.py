"""The note on a GitLab merge request: the example's script against a fake of GitLab's API."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from hptc.github.comment import NO_CHANGE
from hptc.render.diff_markdown import MARKER
from tests.support.paths import ROOT

TOKEN = "glpat-notarealtoken"
OURS, OTHERS = 5, 1
NOTES = "/projects/1/merge_requests/2/notes"
REVIEW = f"**hptc diff: changes labels & 100% ü**\n\n{MARKER}\n"
OTHER = f"**hptc diff: loosens security**\n\n{MARKER}\n"
NO_CHANGES = f"{NO_CHANGE} (5 specs compared)\n\n{MARKER}\n"


@dataclass(slots=True, kw_only=True)
class GitLab:
    """A merge request's notes."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    folder: Path
    url: str = ""

    def add(self, body: str, author: int = OURS) -> None:
        self.notes.append({"id": len(self.notes), "author": {"id": author}, "body": body})

    def answer(self, method: str, target: str, body: str) -> tuple[Any, str]:
        """The response body, and the number of the next page."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if (method, path) == ("GET", "/user"):
            return {"id": OURS}, ""
        if (method, path) == ("GET", NOTES):
            size, page = int(query["per_page"][0]), int(query["page"][0])
            has_more = len(self.notes) > size * page
            return self.notes[size * (page - 1) : size * page], str(page + 1) if has_more else ""
        if (method, path) == ("POST", NOTES):
            self.add(parse_qs(body)["body"][0])
            return self.notes[-1], ""
        assert method == "PUT"
        note = self.notes[int(path.removeprefix(f"{NOTES}/"))]
        note["body"] = parse_qs(body)["body"][0]
        return note, ""

    def post(self, markdown: str) -> None:
        """Run the example's job without the line that installs curl and jq."""
        (self.folder / "review.md").write_text(markdown, encoding="utf-8")
        data = yaml.safe_load((ROOT / "examples/ci/gitlab-ci.yml").read_text(encoding="utf-8"))
        install, *lines = data["note"]["script"]
        assert install == "apk add --quiet curl jq"
        done = subprocess.run(
            ["sh", "-e", "-c", "\n".join(lines).replace("/tmp/", f"{self.folder}/")],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "CI_API_V4_URL": self.url,
                "CI_PROJECT_ID": "1",
                "CI_MERGE_REQUEST_IID": "2",
                "HPTC_NOTE_TOKEN": TOKEN,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout + done.stderr


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[GitLab]:
    for program in ("sh", "curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    fake = GitLab(folder=tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            assert self.headers["PRIVATE-TOKEN"] == TOKEN
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            response, next_page = fake.answer(self.command, self.path, body)
            self.send_response(200)
            self.send_header("x-next-page", next_page)
            self.end_headers()
            self.wfile.write(json.dumps(response).encode())

        do_GET = do_POST = do_PUT = handle_one  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


BEFORE_AFTER = {
    "no note": ([], REVIEW, [REVIEW]),
    "another review": ([(OTHER, OURS)], REVIEW, [REVIEW]),
    "no changes, no note": ([], NO_CHANGES, []),
    "no changes anymore": ([(OTHER, OURS)], NO_CHANGES, [NO_CHANGES]),
    "another user's imitation": ([(OTHER, OTHERS)], REVIEW, [OTHER, REVIEW]),
}


@pytest.mark.parametrize(
    ("before", "markdown", "after"), BEFORE_AFTER.values(), ids=BEFORE_AFTER.keys()
)
def test_the_note_is_created_updated_or_skipped(
    gitlab: GitLab, before: list[Any], markdown: str, after: list[str]
) -> None:
    for body, author in before:
        gitlab.add(body, author)
    gitlab.post(markdown)
    assert [note["body"] for note in gitlab.notes] == after


def test_all_pages_of_notes_are_read(gitlab: GitLab) -> None:
    for _ in range(150):
        gitlab.add("hi", OTHERS)
    gitlab.post(OTHER)
    gitlab.post(REVIEW)
    assert [note["body"] for note in gitlab.notes[150:]] == [REVIEW]

"""The one comment on a pull request, against a fake of GitHub's API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptc.errors import HptcError, UsageError
from hptc.github.comment import (
    NO_CHANGE,
    Created,
    Outcome,
    Skipped,
    Unchanged,
    Updated,
    main,
    pull_request_number,
)
from hptc.render.diff_markdown import MARKER
from tests.support.fake_github import (
    BOT,
    FORBIDDEN,
    NO_CHANGES,
    OTHER,
    PERSON,
    REVIEW,
    TOKEN,
    GitHub,
)


def test_a_review_without_changes_starts_with_no_change() -> None:
    assert NO_CHANGES.startswith(NO_CHANGE)
    assert not REVIEW.startswith(NO_CHANGE)


BEFORE_AFTER = {
    "no comments": ([], REVIEW, Created, [REVIEW]),
    "other comments": ([("hi", PERSON), ("", None)], REVIEW, Created, ["hi", "", REVIEW]),
    "another review": ([("hi", PERSON), (OTHER, BOT)], REVIEW, Updated, ["hi", REVIEW]),
    "the same review": ([(REVIEW, BOT)], REVIEW, Unchanged, [REVIEW]),
    "the same as GitHub stores it": (
        [(REVIEW.strip().replace("\n", "\r\n"), BOT)],
        REVIEW,
        Unchanged,
        [REVIEW.strip().replace("\n", "\r\n")],
    ),
    "no changes, no comment": ([("hi", PERSON)], NO_CHANGES, Skipped, ["hi"]),
    "no changes anymore": ([(OTHER, BOT)], NO_CHANGES, Updated, [NO_CHANGES]),
    "no changes, up to date": ([(NO_CHANGES, BOT)], NO_CHANGES, Unchanged, [NO_CHANGES]),
    "a quoted review": (
        [(f"> {MARKER}\n\nwhy?", BOT), (f"> {MARKER}", BOT)],
        REVIEW,
        Created,
        [f"> {MARKER}\n\nwhy?", f"> {MARKER}", REVIEW],
    ),
    "a person's imitation": ([(OTHER, PERSON)], REVIEW, Created, [OTHER, REVIEW]),
    "a deleted account's": ([(OTHER, None)], REVIEW, Created, [OTHER, REVIEW]),
    "two of ours, after a race": ([(OTHER, BOT), (OTHER, BOT)], REVIEW, Updated, [REVIEW, OTHER]),
}


@pytest.mark.parametrize(
    ("before", "markdown", "outcome", "after"), BEFORE_AFTER.values(), ids=BEFORE_AFTER.keys()
)
def test_the_comment_is_created_updated_or_skipped(
    github: GitHub, before: list[Any], markdown: str, outcome: type[Outcome], after: list[str]
) -> None:
    for body, user in before:
        github.add(body, user)
    posted = github.post(markdown)
    assert type(posted) is outcome
    assert github.bodies() == after
    if not isinstance(posted, Skipped):
        assert posted.url.startswith("https://github.com/acme/tuning/pull/7#issuecomment-")


@pytest.mark.parametrize("others", [0, 99, 100, 101, 250])
def test_all_pages_of_comments_are_read(github: GitHub, others: int) -> None:
    for number in range(others):
        github.add(f"comment {number}", PERSON)
    assert isinstance(github.post(REVIEW), Created)
    assert isinstance(github.post(REVIEW), Unchanged)
    assert isinstance(github.post(OTHER), Updated)
    assert github.bodies()[others:] == [OTHER]


def test_the_author_can_be_a_user(github: GitHub) -> None:
    github.add(OTHER, BOT)
    github.add(OTHER, {"login": "build-user", "type": "User"})
    assert isinstance(github.post(REVIEW, author="build-user"), Updated)
    assert github.bodies() == [OTHER, REVIEW]


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
def test_the_pull_request_number_of_an_event(event: str, number: int | None) -> None:
    assert pull_request_number(event) == number


@pytest.mark.parametrize("event", ["", "[]", "{"])
def test_an_invalid_event_is_rejected(event: str) -> None:
    with pytest.raises(HptcError, match="GITHUB_EVENT_PATH"):
        pull_request_number(event)


@pytest.fixture
def workflow(github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a review and an event, and a workflow's environment variables."""
    (tmp_path / "review.md").write_text(REVIEW, encoding="utf-8")
    (tmp_path / "event.json").write_text('{"pull_request": {"number": 7}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/tuning")
    monkeypatch.setenv("GITHUB_API_URL", github.api_url)
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    return tmp_path


def test_main_posts_and_updates_the_comment(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review.md"]) == 0
    assert main(["review.md"]) == 0
    assert github.bodies() == [REVIEW]
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "posted a comment",
        "the comment is up to date",
    ]


def test_main_skips_other_events(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workflow / "event.json").write_text("{}", encoding="utf-8")
    assert main(["review.md"]) == 0
    assert github.calls == []
    assert "no comment to post" in capsys.readouterr().err


def test_main_without_permission(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.failures.append(FORBIDDEN)
    assert main(["review.md"]) == 3
    log = capsys.readouterr().err
    assert "pull-requests: write" in log
    assert TOKEN not in log


def test_main_outside_a_workflow(
    github: GitHub,
    workflow: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("GITHUB_EVENT_PATH")
    assert main(["review.md"]) == 2
    assert "GITHUB_EVENT_PATH is not set" in capsys.readouterr().err
    assert github.calls == []


def test_main_without_a_review(
    github: GitHub, workflow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["absent.md"]) == 2
    assert "absent.md: No such file" in capsys.readouterr().err
    assert github.calls == []

"""The repository of a project: the same in every clone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hptc.project.repository import normalized, repository_of


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Acme/Churn.git",
        "https://github.com/acme/churn/",
        "https://token:secret@github.com/acme/churn.git",
        "ssh://git@github.com:22/acme/churn.git",
        "git@github.com:acme/churn.git",
        "github.com:acme/churn",
    ],
)
def test_every_url_of_a_repository_is_the_same(url: str) -> None:
    assert normalized(url) == "github.com/acme/churn"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/srv/git/churn.git", "file:/srv/git/churn"),
        ("file:///srv/git/churn", "file:/srv/git/churn"),
        ("../other", "file:../other"),
        ("https://gitlab-ci-token:abc@git.acme.io/a/b/c.git", "git.acme.io/a/b/c"),
    ],
)
def test_other_urls(url: str, expected: str) -> None:
    assert normalized(url) == expected


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def test_a_project_in_a_folder_of_a_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "upstream", "git@github.com:other/ml.git")
    git(tmp_path, "remote", "add", "origin", "git@github.com:acme/ml.git")
    (tmp_path / "projects" / "churn").mkdir(parents=True)
    assert repository_of(tmp_path) == "github.com/acme/ml"
    assert repository_of(tmp_path / "projects" / "churn") == "github.com/acme/ml//projects/churn"


def test_without_a_remote_it_is_the_folder(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert repository_of(tmp_path) == f"file:{tmp_path.resolve()}"
    (tmp_path / "plain").mkdir()
    assert repository_of(tmp_path / "plain") == f"file:{(tmp_path / 'plain').resolve()}"

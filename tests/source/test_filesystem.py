"""Only files of the repository are read, wherever links lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.source.filesystem import DISK

SECRET = "name: hunter2\n"
PROJECT = "project: churn\nspecs: {}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository's folder, with a secret beside it and a file in it."""
    (tmp_path / "secret.yaml").write_text(SECRET)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.yaml").write_text(SECRET)
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "specs").mkdir()
    (root / "shared.yaml").write_text("name: shared\n")
    (root / "shared").mkdir()
    (root / "shared" / "a.yaml").write_text("name: shared\n")
    return root


@pytest.mark.parametrize(
    ("link", "target", "file"),
    [
        pytest.param("specs/a.yaml", "../../secret.yaml", "specs/a.yaml", id="a file"),
        pytest.param("specs/a.yaml", "{}/secret.yaml", "specs/a.yaml", id="an absolute one"),
        pytest.param("specs/a", "../../outside", "specs/a/secret.yaml", id="a folder"),
        pytest.param("specs/a", "../..", "specs/a/secret.yaml", id="the folder around"),
        pytest.param("hptc.yaml", "../secret.yaml", "hptc.yaml", id="the project"),
    ],
)
def test_a_link_out_of_the_repository_is_not_read(
    repository: Path, link: str, target: str, file: str
) -> None:
    (repository / link).symlink_to(target.format(repository.parent))
    with pytest.raises(UsageError, match="leads out of") as refused:
        DISK.read(str(repository / file))
    assert "hunter2" not in str(refused.value)


def test_a_link_to_another_repository_leads_out(repository: Path) -> None:
    """The `.git` behind the link is not that of the repository that contains the link."""
    (repository.parent / "outside" / ".git").mkdir()
    (repository / "specs" / "a").symlink_to("../../outside")
    with pytest.raises(UsageError, match="leads out of") as refused:
        DISK.read(str(repository / "specs" / "a" / "secret.yaml"))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("link", "target", "file"),
    [
        pytest.param("specs/a.yaml", "../shared.yaml", "specs/a.yaml", id="a file"),
        pytest.param("specs/a", "../shared", "specs/a/a.yaml", id="a folder"),
    ],
)
def test_a_link_inside_the_repository_is_read(
    repository: Path, link: str, target: str, file: str
) -> None:
    (repository / link).symlink_to(target)
    assert DISK.read(str(repository / file)) == "name: shared\n"


def test_the_path_to_a_repository_can_be_a_link(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(repository)
    assert DISK.read(str(tmp_path / "way" / "shared.yaml")) == "name: shared\n"


def test_without_a_repository_the_project_is_the_boundary(repository: Path) -> None:
    (repository / ".git").rmdir()
    (repository / "specs" / "a.yaml").symlink_to("../../secret.yaml")
    assert DISK.read(str(repository / "specs" / "a.yaml")) == SECRET  # a file that a person named
    (repository / "hptc.yaml").write_text("project: churn\n")
    with pytest.raises(UsageError, match="leads out of"):
        DISK.read(str(repository / "specs" / "a.yaml"))


@pytest.mark.parametrize(
    "entry", ["../outside", "specs/../../outside", "/etc", "out"], ids=lambda entry: entry
)
def test_specs_outside_the_repository(repository: Path, entry: str) -> None:
    (repository / "out").symlink_to("../outside")
    (repository / "hptc.yaml").write_text(PROJECT.format(f"[specs, {entry}]"))
    project, diagnostics = project_file.load(repository / "hptc.yaml")
    assert project is None
    assert [(diagnostic.code, diagnostic.span.line) for diagnostic in diagnostics] == [
        ("HPT102", 2)
    ]
    assert f"`{entry}` is outside " in diagnostics[0].message


def test_specs_beside_the_project_and_inside_the_repository(repository: Path) -> None:
    (repository / "team").mkdir()
    (repository / "team" / "hptc.yaml").write_text(PROJECT.format("[../shared]"))
    (outcome,) = compile_paths([str(repository / "team")], Workspace())
    assert outcome.document.text == "name: shared\n"

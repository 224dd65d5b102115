"""Where specs come from, as git knows it, and how few times git runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.jobs.provenance import Provenance, Repositories, git_provenance
from hptc.source import git
from tests.support.calls import calls_of
from tests.support.plans import project, spec
from tests.support.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "repository")


def provenance_of(path: Path) -> Provenance:
    return Repositories([path]).provenance(path)


STATES = {
    "committed": ("a.yaml", "a", "a", False),
    "changed": ("a.yaml", "a", "b", True),
    "untracked": ("a.yaml", None, "a", True),
    "in an untracked folder": ("new/a.yaml", None, "a", True),
    "a name with a space": ("a b.yaml", "a", "b", True),
    "untracked, a name with a space": ("a b.yaml", None, "a", True),
    "a name with letters of a pattern": ("a[b]*.yaml", "a", "b", True),
    "a name like a path specification": (":(top)a.yaml", "a", "b", True),
    "a name beyond ASCII": ("größe.yaml", "a", "b", True),
}


@pytest.mark.parametrize(("name", "committed", "text", "is_dirty"), STATES.values(), ids=[*STATES])
def test_the_commit_and_whether_the_file_has_changed(
    repository: Repository, name: str, committed: str | None, text: str, is_dirty: bool
) -> None:
    files = {"other.yaml": "x"} | ({name: committed} if committed is not None else {})
    commit = repository.commit("first", files)
    repository.write(name, text)
    repository.write("other.yaml", "changed too")
    expected = f"{commit[:12]}-dirty" if is_dirty else commit[:12]
    assert provenance_of(repository.root / name) == Provenance(spec=name, commit=expected)


def test_a_staged_rename_is_a_change(repository: Repository) -> None:
    commit = repository.commit("first", {"old.yaml": "a"})
    git.git_output(repository.root, "mv", "old.yaml", "new.yaml")
    provenance = provenance_of(repository.root / "new.yaml")
    assert provenance == Provenance(spec="new.yaml", commit=f"{commit[:12]}-dirty")


def test_an_unmerged_file_is_a_change(repository: Repository) -> None:
    repository.commit("first", {"a b.yaml": "a"})
    repository.git("switch", "--quiet", "-c", "topic")
    repository.commit("on topic", {"a b.yaml": "b"})
    repository.git("switch", "--quiet", "main")
    commit = repository.commit("on main", {"a b.yaml": "c"})
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    git.git_output(repository.root, *who, "merge", "topic")
    assert repository.git("ls-files", "--unmerged")
    provenance = provenance_of(repository.root / "a b.yaml")
    assert provenance == Provenance(spec="a b.yaml", commit=f"{commit[:12]}-dirty")


def test_a_file_outside_of_git(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a", encoding="utf-8")
    assert provenance_of(tmp_path / "a.yaml") == Provenance(spec="a.yaml")


def test_a_repository_without_a_commit(repository: Repository) -> None:
    repository.write("a.yaml", "a")
    assert provenance_of(repository.root / "a.yaml") == Provenance(spec="a.yaml")


def test_a_link_out_of_the_repository_has_its_name(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("first", {"a.yaml": "a"})
    (tmp_path / "outside.yaml").write_text("x", encoding="utf-8")
    link = repository.root / "link.yaml"
    link.symlink_to(tmp_path / "outside.yaml")
    assert provenance_of(link) == Provenance(spec="link.yaml", commit=f"{commit[:12]}-dirty")


def specs_in(repository: Repository, count: int) -> list[Compiled]:
    return project(repository.root, {f"s{n}": spec(f"spec-{n:03}") for n in range(count)})


def test_all_specs_of_a_project(repository: Repository) -> None:
    compiled = specs_in(repository, 3)
    commit = repository.commit("first", {})
    repository.write("specs/s1.yaml", spec("spec-001") + "description: changed\n")
    provenance = git_provenance(compiled)
    assert [provenance(outcome) for outcome in compiled] == [
        Provenance(spec="specs/s0.yaml", commit=commit[:12]),
        Provenance(spec="specs/s1.yaml", commit=f"{commit[:12]}-dirty"),
        Provenance(spec="specs/s2.yaml", commit=commit[:12]),
    ]


@pytest.mark.parametrize("count", [1, 20])
def test_git_runs_once_per_repository(repository: Repository, count: int) -> None:
    compiled = specs_in(repository, count)
    repository.commit("first", {})
    provenance = git_provenance(compiled)
    calls = calls_of(lambda: [provenance(outcome) for outcome in compiled], git.git_output)
    assert calls == {"git_output": 2}  # the top folder and the commit


def test_git_does_not_run_until_a_provenance_is_needed(repository: Repository) -> None:
    compiled = specs_in(repository, 2)
    calls = calls_of(lambda: git_provenance(compiled), git.git_output)
    assert calls == {"git_output": 0}

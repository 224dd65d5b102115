"""Git queries and the files of a commit, on real repositories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.source import git
from hptc.source.filesystem import DISK
from hptc.source.git_tree import Tree
from hptc.source.text_files import MAX_BYTES
from tests.support.outcomes import succeeded
from tests.support.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "repository")


def test_the_root_of_a_work_tree(repository: Repository) -> None:
    repository.write("a/b/c.txt", "")
    assert git.top_folder(repository.root / "a" / "b") == repository.root


def test_a_folder_that_looks_like_a_bare_repository_is_ignored(repository: Repository) -> None:
    """The author of a change writes its configuration, which can name a program to run."""
    repository.write("evil/HEAD", "ref: refs/heads/main\n")
    repository.write("evil/config", "[core]\n\tbare = false\n\tworktree = .\n")
    for folder in ("objects", "refs"):
        (repository.root / "evil" / folder).mkdir()
    with pytest.raises(UsageError, match="bare repository"):
        git.top_folder(repository.root / "evil")
    assert git.git_output(repository.root / "evil", "rev-parse", "--show-toplevel") is None


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"])
def test_hook_variables_do_not_select_another_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    repository.commit("first", {"a/x.txt": "x"})
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    assert git.top_folder(repository.root / "a") == repository.root
    assert git.commit(repository.root, "HEAD").ref == "HEAD"


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not in a git repository"):
        git.top_folder(tmp_path)


@pytest.mark.parametrize(
    "ref",
    ["HEAD", "main", "HEAD~1", "v1", "main^{commit}", ":/first"],
)
def test_refs_of_a_commit(repository: Repository, ref: str) -> None:
    repository.commit("first", {"a": "1"})
    repository.git("tag", "-a", "v1", "-m", "one")
    repository.commit("second", {"a": "2"})
    expected = repository.git("log", "-1", "--format=%H", ref)
    commit = git.commit(repository.root, ref)
    assert commit.id == expected
    assert commit.ref == ref


@pytest.mark.parametrize(
    "ref",
    [
        "nowhere",
        "",
        " ",
        "--upload-pack=touch /tmp/pwned",
        "--output=pwned",
        "-h",
        "--all",
        "main..HEAD",
        "HEAD:a",
        "a\0b",
        "$(touch pwned)",
        "main main",
    ],
)
def test_refs_without_a_commit(repository: Repository, ref: str) -> None:
    repository.commit("first", {"a": "1"})
    with pytest.raises(UsageError, match="not found"):
        git.commit(repository.root, ref)
    assert not list(repository.root.glob("*pwned*"))


def test_a_repository_without_commits(repository: Repository) -> None:
    with pytest.raises(UsageError, match="has no commits yet"):
        git.commit(repository.root, "HEAD")


def test_a_label_has_the_hash_once(repository: Repository) -> None:
    first = repository.commit("first", {"a": "1"})
    assert git.commit(repository.root, "main").label == f"main ({first[:7]})"
    assert git.commit(repository.root, first[:10]).label == first[:10]
    assert git.commit(repository.root, first).label == first[:12]


def head(repository: Repository) -> git.Commit:
    return git.commit(repository.root, "HEAD")


def test_the_base_is_the_merge_base_with_the_main_branch(repository: Repository) -> None:
    first = repository.commit("first", {"a": "1"})
    repository.git("switch", "-c", "topic")
    repository.commit("on topic", {"b": "1"})
    repository.git("switch", "main")
    repository.commit("on main", {"a": "2"})
    repository.git("switch", "topic")
    assert git.base_of(repository.root, head(repository)).id == first


def test_the_base_moves_with_a_merge_of_the_main_branch(repository: Repository) -> None:
    repository.commit("first", {"a": "1"})
    repository.git("switch", "-c", "topic")
    repository.commit("on topic", {"b": "1"})
    repository.git("switch", "main")
    tip = repository.commit("on main", {"a": "2"})
    repository.git("switch", "topic")
    repository.git("merge", "--no-edit", "main")
    assert git.base_of(repository.root, head(repository)).id == tip


def test_the_main_branch_of_the_origin_takes_precedence(
    repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit("first", {"a": "1"})
    clone = repository.clone(tmp_path / "clone")
    clone.commit("not pushed", {"a": "2"})
    base = git.base_of(clone.root, head(clone))
    assert (base.id, base.ref) == (first, "origin/main")


def test_the_origin_defines_the_name_of_the_main_branch(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("branch", "-m", "trunk")
    first = repository.commit("first", {"a": "1"})
    clone = repository.clone(tmp_path / "clone")
    clone.git("switch", "-c", "topic")
    clone.commit("on topic", {"a": "2"})
    assert git.base_of(clone.root, head(clone)).id == first


def test_without_a_main_branch_the_base_is_head(repository: Repository) -> None:
    repository.git("branch", "-m", "elsewhere")
    first = repository.commit("first", {"a": "1"})
    base = git.base_of(repository.root, head(repository))
    assert (base.id, base.ref) == (first, "HEAD")


def test_a_shallow_clone_without_the_base(repository: Repository, tmp_path: Path) -> None:
    repository.commit("first", {"a": "1"})
    repository.git("switch", "-c", "topic")
    repository.commit("on topic", {"b": "1"})
    repository.git("switch", "main")
    clone = repository.clone(tmp_path / "clone", "--depth=1", "--branch=topic")
    with pytest.raises(UsageError, match="shallow") as error:
        git.base_of(clone.root, head(clone))
    assert "fetch-depth: 0" in error.value.help
    with pytest.raises(UsageError, match="not found") as error:
        git.commit(clone.root, "HEAD~1")
    assert "shallow" in error.value.help


def test_a_shallow_clone_with_the_main_branch_but_not_the_base(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("first", {"a": "1"})
    repository.git("switch", "-c", "topic")
    repository.commit("on topic", {"b": "1"})
    repository.git("switch", "main")
    repository.commit("on main", {"a": "2"})
    clone = repository.clone(
        tmp_path / "clone", "--depth=1", "--no-single-branch", "--branch=topic"
    )
    with pytest.raises(UsageError, match="no common commit in this shallow clone"):
        git.base_of(clone.root, head(clone))


def test_histories_without_a_common_commit(repository: Repository) -> None:
    repository.commit("first", {"a": "1"})
    repository.git("switch", "--orphan", "alone")
    repository.commit("alone", {"b": "1"})
    with pytest.raises(UsageError, match="no common commit"):
        git.base_of(repository.root, head(repository))


def test_files_are_read_from_the_commit_and_not_from_disk(repository: Repository) -> None:
    at = repository.commit("first", {"specs/a.yaml": "name: old", "specs/é b.yaml": "x"})
    repository.write("specs/a.yaml", "name: new")
    repository.write("specs/c.yaml", "")
    root = repository.root
    with Tree(root, git.commit(root, at)) as tree:
        assert tree.read(str(root / "specs" / "a.yaml")) == "name: old"
        assert sorted(tree.below(root / "specs")) == [
            root / "specs" / "a.yaml",
            root / "specs" / "é b.yaml",
        ]
        assert tree.is_file(root / "specs" / "a.yaml")
        assert tree.is_folder(root / "specs")
        assert tree.is_repository(root)
        assert not tree.is_file(root / "specs" / "c.yaml")
        assert not tree.is_folder(root / "specs" / "a.yaml")
        assert not tree.is_repository(root / "specs")
        with pytest.raises(UsageError, match="does not exist at"):
            tree.read(str(root / "specs" / "c.yaml"))


def test_a_path_relative_to_the_working_directory(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = repository.commit("first", {"specs/a.yaml": "name: old"})
    monkeypatch.chdir(repository.root / "specs")
    with Tree(repository.root, git.commit(repository.root, at)) as tree:
        assert tree.read("a.yaml") == "name: old"
        assert tree.real(Path("../specs/a.yaml")) == repository.root / "specs" / "a.yaml"


def test_a_path_outside_the_repository(repository: Repository, tmp_path: Path) -> None:
    at = repository.commit("first", {"a.yaml": ""})
    with (
        Tree(repository.root, git.commit(repository.root, at)) as tree,
        pytest.raises(UsageError, match="is outside the repository"),
    ):
        tree.is_file(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(b"\xff\xfe", "not UTF-8", id="another encoding"),
        pytest.param(b"x" * (MAX_BYTES + 10), "larger than", id="too large"),
    ],
)
def test_an_unreadable_file(repository: Repository, make: bytes, message: str) -> None:
    (repository.root / "a.yaml").write_bytes(make)
    at = repository.commit("first", {"b.yaml": "b"})
    with Tree(repository.root, git.commit(repository.root, at)) as tree:
        with pytest.raises(UsageError, match=message):
            tree.read(str(repository.root / "a.yaml"))
        assert tree.read(str(repository.root / "b.yaml")) == "b"  # the pipe is at its next answer


LINKS: list[tuple[str, str, str | None]] = [
    ("b.yaml", "a.yaml", "a"),
    ("deep/b.yaml", "../a.yaml", "a"),
    ("b.yaml", "c.yaml", None),
    ("b.yaml", "b.yaml", None),
    ("b.yaml", "/etc/hostname", None),
    ("b.yaml", "../../etc/hostname", None),
]


@pytest.mark.parametrize(("link", "target", "expected"), LINKS)
def test_links(repository: Repository, link: str, target: str, expected: str | None) -> None:
    path = repository.root / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    at = repository.commit("first", {"a.yaml": "a"})
    with Tree(repository.root, git.commit(repository.root, at)) as tree:
        assert tree.is_file(path) == (expected is not None)
        if expected is not None:
            assert tree.read(str(path)) == expected
            assert tree.real(path) == repository.root / "a.yaml"


@pytest.mark.parametrize(("count", "is_file"), [(40, True), (41, False)])
def test_a_chain_of_40_links_is_followed_as_on_linux(
    repository: Repository, count: int, is_file: bool
) -> None:
    targets = ["a.yaml", *(f"link-{number}" for number in range(count))]
    for number in range(count):
        (repository.root / targets[number + 1]).symlink_to(targets[number])
    at = repository.commit("first", {"a.yaml": "a"})
    last = repository.root / targets[-1]
    with Tree(repository.root, git.commit(repository.root, at)) as tree:
        assert tree.is_file(last) is is_file
    assert last.is_file() is is_file


@pytest.mark.parametrize("name", ["linked", "l"])
def test_a_linked_folder(repository: Repository, name: str) -> None:
    (repository.root / name).symlink_to("specs")
    at = repository.commit("first", {"specs/a.yaml": "a"})
    with Tree(repository.root, git.commit(repository.root, at)) as tree:
        folder = repository.root / name
        assert tree.is_folder(folder)
        assert list(tree.below(folder)) == [folder / "a.yaml"]
        assert tree.read(str(folder / "a.yaml")) == "a"


def test_a_commit_compiles_like_its_checkout(repository: Repository) -> None:
    project_text = "project: p\nenvironments: {dev: {account: '111122223333', region: us-east-1}}\n"
    at = repository.commit("first", {"hptc.yaml": project_text, "specs/a.yaml": SPEC})
    root = repository.root
    on_disk = compile_paths([str(root)], Workspace(files=DISK))
    for name in ("hptc.yaml", "specs/a.yaml"):
        (root / name).unlink()
    with Tree(root, git.commit(root, at)) as tree:
        assert project_file.find(root / "specs", tree) == root / "hptc.yaml"
        (compiled,) = compile_paths([str(root)], Workspace(files=tree))
    assert succeeded(compiled).request == succeeded(on_disk[0]).request


SPEC = """\
name: a
strategy: Random
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 2}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters: {eta: {type: Continuous, min: 0.1, max: 0.5}, num_round: 10}
  algorithm: {built_in: xgboost, version: 1.7-1}
  inputs: {train: {s3: "s3://{{ data_bucket }}/a/", content_type: text/csv}}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 10}
  stopping: {max_runtime: 1h}
"""


def _without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    "ask", [lambda folder: git.top_folder(folder)], ids=["the top of a work tree"]
)
def test_without_git(
    ask: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _without_git(monkeypatch, tmp_path)
    with pytest.raises(UsageError, match="git is not installed"):
        ask(tmp_path)
    assert git.git_output(tmp_path, "status") is None


def test_nothing_is_written(repository: Repository) -> None:
    at = repository.commit("first", {"a.yaml": "a"})

    def state() -> list[tuple[str, int]]:
        return sorted(
            (str(path), os.stat(path).st_mtime_ns)  # noqa: PTH116
            for path in repository.root.rglob("*")
        )

    before = state()
    with Tree(repository.root, git.commit(repository.root, at)) as tree:
        tree.read(str(repository.root / "a.yaml"))
    git.base_of(repository.root, head(repository))
    assert state() == before
    assert subprocess.run(["git", "--version"], capture_output=True).returncode == 0

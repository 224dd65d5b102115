"""Training code on disk and in git: what is packed, and under which name."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.source import git
from hptc.source.filesystem import DISK
from hptc.source.git_tree import Tree
from hptc.source.packing import (
    CodeFile,
    PackedCode,
    PackingProblem,
    archive,
    pack,
)
from tests.support.repositories import Repository

TRAIN = "print('auc=1')\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    result = Repository.create(tmp_path / "repository")
    result.write("src/train.py", TRAIN)
    result.write("src/lib/deep/a.py", "x = 1\n")
    result.write("other/secret.txt", "secret")
    result.write(".gitignore", "*.log\n")
    return result


def on_disk(repository: Repository) -> PackedCode | PackingProblem:
    return pack(repository.root / "src", DISK)


def committed(repository: Repository) -> PackedCode | PackingProblem:
    head = repository.commit("all", {})
    with Tree(repository.root, git.Commit(id=head, ref="HEAD")) as tree:
        return pack(repository.root / "src", tree)


BOTH = pytest.mark.parametrize("read", [on_disk, committed])
Read = Callable[[Repository], PackedCode | PackingProblem]


def packed(code: PackedCode | PackingProblem) -> PackedCode:
    assert isinstance(code, PackedCode), code
    return code


def problem(code: PackedCode | PackingProblem) -> str:
    assert isinstance(code, PackingProblem), code
    return code.message


@BOTH
def test_new_and_tracked_files_are_packed_and_ignored_ones_are_not(
    repository: Repository, read: Read
) -> None:
    repository.write("src/run.log", "ignored")
    repository.write("src/__pycache__/train.cpython-311.pyc", "cached")
    repository.write("src/.ipynb_checkpoints/train.py", "cached")
    assert list(packed(read(repository)).files) == ["lib/deep/a.py", "train.py"]


def test_a_commit_and_its_work_tree_have_the_same_digest(repository: Repository) -> None:
    (repository.root / "src" / "train.py").chmod(0o755)
    (repository.root / "src" / "main.py").symlink_to("train.py")
    before = packed(on_disk(repository))
    assert before.files["main.py"].content == TRAIN.encode()
    assert before.files["train.py"].mode == 0o755
    assert packed(committed(repository)).digest == before.digest
    os.utime(repository.root / "src" / "train.py", (0, 0))
    (repository.root / "src" / "train.py").chmod(0o700)
    assert packed(on_disk(repository)).digest == before.digest


def test_every_part_of_the_content_changes_the_digest() -> None:
    file = CodeFile(name="a", content=b"x")
    variants = [
        PackedCode([file]),
        PackedCode([CodeFile(name="b", content=b"x")]),
        PackedCode([CodeFile(name="a", content=b"y")]),
        PackedCode([CodeFile(name="a", content=b"x", is_executable=True)]),
        PackedCode([file, CodeFile(name="b", content=b"")]),
        PackedCode([CodeFile(name="a", content=b""), CodeFile(name="b", content=b"x")]),
    ]
    assert len({variant.digest for variant in variants}) == len(variants)
    two = [file, CodeFile(name="b", content=b"")]
    assert PackedCode(two).digest == PackedCode(reversed(two)).digest


def test_the_digest_never_changes() -> None:
    """The names of jobs depend on it."""
    code = PackedCode([CodeFile(name="train.py", content=TRAIN.encode())])
    assert code.digest == "f58636687f4d8f024af425048a991dfa4a378496df3d5b90978559fb414b6eca"


def test_the_archive_has_no_times_and_owners() -> None:
    code = PackedCode(
        [
            CodeFile(name="é/train.py", content=TRAIN.encode(), is_executable=True),
            CodeFile(name="a" * 200, content=b""),
        ]
    )
    first = archive(code)
    assert archive(code) == first
    assert first[4:8] == bytes(4), "gzip's time"
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(first))) as tar:
        members = {
            member.name: (member.mode, member.mtime, member.uid, member.uname) for member in tar
        }
        script = tar.extractfile("é/train.py")
        assert script is not None
        assert script.read() == TRAIN.encode()
    assert members == {"a" * 200: (0o644, 0, 0, ""), "é/train.py": (0o755, 0, 0, "")}


def test_in_ci_only_tracked_files_are_packed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("first", {})
    repository.write("src/token.txt", "secret")
    monkeypatch.setenv("CI", "true")
    assert "token.txt" not in packed(on_disk(repository)).files


def test_a_deleted_file_that_git_still_tracks_is_not_packed(repository: Repository) -> None:
    repository.commit("first", {})
    (repository.root / "src" / "lib" / "deep" / "a.py").unlink()
    assert list(packed(on_disk(repository)).files) == ["train.py"]


def test_outside_of_a_repository_every_file_is_packed(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "lib" / "a.log").write_text("")
    assert list(packed(pack(tmp_path.resolve(), DISK)).files) == ["lib/a.log", "train.py"]


@BOTH
@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param("data.txt", "../other/secret.txt", id="out of the folder"),
        pytest.param("data.txt", "/etc/hostname", id="out of the repository"),
        pytest.param("lib/up", "..", id="to a folder"),
        pytest.param("data.txt", "nowhere", id="broken"),
        pytest.param("a.txt", "a.txt", id="to itself"),
    ],
)
def test_a_link_out_of_the_folder_is_refused(
    repository: Repository, read: Read, link: str, target: str
) -> None:
    (repository.root / "src" / link).symlink_to(target)
    assert f"contains `{link}`, which " in problem(read(repository))


def test_a_link_to_an_ignored_file_is_refused(repository: Repository) -> None:
    repository.write("src/run.log", "ignored")
    (repository.root / "src" / "data.txt").symlink_to("run.log")
    assert problem(on_disk(repository)) == (
        "contains `data.txt`, which is a link out of the directory"
    )


def test_a_folder_that_became_a_link_is_not_read(repository: Repository) -> None:
    """git still tracks the files that were in the folder."""
    repository.commit("first", {"src/secrets/secret.txt": "old"})
    (repository.root / "src" / "secrets" / "secret.txt").unlink()
    (repository.root / "src" / "secrets").rmdir()
    (repository.root / "src" / "secrets").symlink_to("../other")
    assert "link out of the directory" in problem(on_disk(repository))


def test_another_repository_is_refused(repository: Repository) -> None:
    Repository.create(repository.root / "src" / "vendored").commit("x", {"a.py": ""})
    assert "`vendored`, which is another repository" in problem(on_disk(repository))


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert problem(pack(tmp_path.resolve(), DISK)) == (
        "contains `pipe`, which is not a regular file"
    )


@BOTH
def test_a_large_folder_is_refused_with_its_largest_files(
    repository: Repository, read: Read
) -> None:
    with (repository.root / "src" / "weights.bin").open("wb") as stream:
        stream.truncate(25_000_000)
    assert problem(read(repository)) == (
        "has 25.00002 MB, but the maximum is 25.00000 MB; the largest files are `weights.bin` "
        "(25.0 MB), `train.py` (15 bytes) and `lib/deep/a.py` (6 bytes)"
    )


def test_too_many_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(5_001):
        (tmp_path / "many" / str(number)).touch()
    assert problem(pack(tmp_path.resolve(), DISK)) == "has more than 5,000 files"


def test_as_many_files_as_the_maximum_are_packed(tmp_path: Path) -> None:
    for number in range(5_000):
        (tmp_path / str(number)).touch()
    assert len(packed(pack(tmp_path.resolve(), DISK)).files) == 5_000


def test_an_endless_tree_of_folders_is_bounded(tmp_path: Path) -> None:
    for number in range(5_001):
        (tmp_path / str(number)).mkdir()
    assert problem(pack(tmp_path.resolve(), DISK)) == "has more than 5,000 files"


@BOTH
def test_a_name_with_a_control_character_is_refused(repository: Repository, read: Read) -> None:
    repository.write("src/a\x1bb.py", "")
    assert "whose name is not UTF-8 or not printable" in problem(read(repository))


def test_without_a_listing_of_git_nothing_is_packed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "files_in", lambda *_, **__: None)
    assert "git does not list its files" in problem(on_disk(repository))


def test_an_empty_folder(repository: Repository) -> None:
    (repository.root / "src" / "empty").mkdir()
    assert "has no files" in problem(pack(repository.root / "src" / "empty", DISK))

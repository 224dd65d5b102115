"""The names of files that are not open: read once, and again after a change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hptc.compiler.workspace import Workspace
from hptc.lsp.name_index import NameIndex
from hptc.project.project_file import Project
from hptc.source.unsaved_files import UnsavedFiles
from tests.support.specs import PROJECT


class Counted(UnsavedFiles):
    """The disk, counting what is read."""

    def __init__(self) -> None:
        super().__init__({})
        self.reads = 0

    def read(self, path: str) -> str:
        self.reads += 1
        return super().read(path)


def named(index: NameIndex, name: str, files: UnsavedFiles, *paths: Path) -> list[Path]:
    return list(index.files_named({name}, paths, files))


def test_a_file_is_read_again_only_after_a_change(tmp_path: Path) -> None:
    index, files, path = NameIndex(), Counted(), tmp_path / "a.yaml"
    assert named(index, "one", files, path) == []
    path.write_text("name: one\n", "utf-8")
    assert [named(index, "one", files, path) for _ in range(3)] == [[path]] * 3
    assert files.reads == 1
    path.write_text("name: two\n", "utf-8")
    os.utime(path, ns=(1, 1))
    assert named(index, "one", files, path) == []
    assert named(index, "two", files, path) == [path]
    path.unlink()
    assert named(index, "two", files, path) == []
    assert list(index.files_named(None, [path], files)) == [path]


def test_a_project_is_read_again_only_after_a_change(tmp_path: Path) -> None:
    index, path = NameIndex(), tmp_path / "hptc.yaml"

    def read(texts: dict[Path, str]) -> tuple[Project | None, list[str]]:
        workspace = Workspace(files=UnsavedFiles(texts))
        project, diagnostics = index.project_of(tmp_path, workspace)
        assert workspace.project_of(tmp_path)[0] is project
        return project, [diagnostic.code for diagnostic in diagnostics]

    assert read({}) == (None, [])
    path.write_text(PROJECT, "utf-8")
    first, _ = read({})
    assert first is not None
    assert read({path: PROJECT})[0] is first
    assert read({path: PROJECT.replace("us-east-1", "us-esat-1", 1)})[1] == ["HPT104"]
    again, codes = read({})
    assert (again is None, codes) == (False, [])


def test_the_list_of_files_is_read_again_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    folder = tmp_path / "specs" / "weekly"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text("name: a\n", "utf-8")
    index, files = NameIndex(), Counted()
    project, _ = index.project_of(tmp_path, Workspace(files=files))
    assert project is not None
    for directory in (tmp_path, tmp_path / "specs", folder):
        os.utime(directory, ns=(1, 1))  # long ago
    assert [file.name for file in index.files_of(project, files)] == ["a.yaml"]
    monkeypatch.setattr("hptc.lsp.name_index.project_files", lambda *_: [])
    assert [file.name for file in index.files_of(project, files)] == ["a.yaml"], "not listed again"
    (folder / "b.yaml").write_text("name: b\n", "utf-8")
    assert index.files_of(project, files) == [], "listed again"

"""The names of files that are not open: read once, and again after a change."""

from __future__ import annotations

import os
from pathlib import Path

from hptc.lsp.name_index import NameIndex
from hptc.source.unsaved_files import UnsavedFiles


class Counted(UnsavedFiles):
    """The disk, counting what is read."""

    def __init__(self) -> None:
        super().__init__({})
        self.reads = 0

    def read(self, path: str) -> str:
        self.reads += 1
        return super().read(path)


def test_a_file_is_read_again_only_after_a_change(tmp_path: Path) -> None:
    index, files, path = NameIndex(), Counted(), tmp_path / "a.yaml"
    assert index.name_of(path, files) is None
    path.write_text("name: one\n", "utf-8")
    assert [index.name_of(path, files) for _ in range(3)] == ["one"] * 3
    assert files.reads == 1
    path.write_text("name: two\n", "utf-8")
    os.utime(path, ns=(1, 1))
    assert index.name_of(path, files) == "two"
    path.unlink()
    assert index.name_of(path, files) is None

"""Files are written whole or not at all, and a failure leaves nothing behind."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hptc.errors import UsageError
from hptc.files import write_all, write_whole


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_folders_are_created_and_text_is_utf8(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.json", "é\n")
    assert (tmp_path / "a" / "b.json").read_bytes() == b"\xc3\xa9\n"
    assert tree(tmp_path) == {"a/b.json": "é\n"}


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old and longer")
    write_whole(tmp_path / "x", "new")
    assert tree(tmp_path) == {"x": "new"}


def test_others_may_read_what_they_may_read_of_any_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_whole(tmp_path / "x", "")
    mode = stat.S_IMODE((tmp_path / "x").stat().st_mode)
    assert mode == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


BLOCKED = {
    "a folder in its place": lambda folder: (folder / "second").mkdir(),
    "a full folder in its place": lambda folder: (folder / "second" / "x").mkdir(parents=True),
}


@pytest.mark.parametrize("block", BLOCKED.values(), ids=BLOCKED)
def test_a_place_that_is_taken_by_a_folder(tmp_path: Path, block: object) -> None:
    assert callable(block)
    block(tmp_path)
    with pytest.raises(UsageError, match="can't be written"):
        write_whole(tmp_path / "second", "2")
    assert tree(tmp_path) == {}


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="can't be written"):
        write_all({tmp_path / "a": "1", tmp_path / "file" / "b": "2"})
    assert tree(tmp_path) == {"file": "x"}


def test_a_text_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_all({tmp_path / "a": "1", tmp_path / "b": "\ud800"})
    assert tree(tmp_path) == {}


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written: File name too long"):
        write_whole(tmp_path / ("x" * 300), "1")
    assert tree(tmp_path) == {}

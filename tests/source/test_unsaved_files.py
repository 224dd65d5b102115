"""Texts of an editor in the place of files on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.source.text_files import UnreadableFileError
from hptc.source.unsaved_files import UnsavedFiles


def test_an_open_text_is_read_instead_of_the_file(tmp_path: Path) -> None:
    saved, link, new = tmp_path / "saved.yaml", tmp_path / "link.yaml", tmp_path / "new.yaml"
    saved.write_text("name: saved\n", "utf-8")
    link.symlink_to(saved)
    texts = {saved.resolve(): "name: typed\n", new.resolve(): "name: new\n"}
    files = UnsavedFiles(texts)
    assert {files.read(str(path)) for path in (saved, link)} == {"name: typed\n"}
    assert files.is_file(new)
    assert not files.is_file(tmp_path / "missing.yaml")
    assert UnsavedFiles({}).read(str(saved)) == "name: saved\n"


def test_a_link_out_of_the_repository_is_refused_although_its_target_is_open(
    tmp_path: Path,
) -> None:
    outside, folder = tmp_path / "outside.yaml", tmp_path / "repository"
    outside.write_text("name: secret\n", "utf-8")
    (folder / ".git").mkdir(parents=True)
    (folder / "link.yaml").symlink_to(outside)
    with pytest.raises(UnreadableFileError, match="a link that leads out of"):
        UnsavedFiles({outside.resolve(): "name: typed\n"}).read(str(folder / "link.yaml"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("#" * 1_000_001, "larger than", id="too large"),
        pytest.param("name: \ud800", "not UTF-8", id="half of a surrogate pair"),
    ],
)
def test_a_text_has_the_limits_of_a_file(tmp_path: Path, text: str, problem: str) -> None:
    path = (tmp_path / "open.yaml").resolve()
    with pytest.raises(UnreadableFileError, match=problem):
        UnsavedFiles({path: text}).read(str(path))

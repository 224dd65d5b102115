"""The copy of a script's code that a local run makes, and code that is too large to copy."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hptc.errors import UsageError
from hptc.local.code_snapshot import _require_small, code_folder, snapshot_code
from hptc.local.run_options import Launch
from hptc.source.packing import CodeFile, PackedCode


def launch(code: Path) -> Launch:
    (code / "train.py").write_text("print('loss=0.5')\n")
    return Launch(definition="", channels={}, entry_point="train.py", code=code)


def write_sparse(path: Path, size: int) -> None:
    """A file that has a size, but takes no space on the disk."""
    path.parent.mkdir(parents=True)
    with path.open("wb") as stream:
        stream.truncate(size)


def test_what_is_not_code_is_not_copied_and_does_not_count(tmp_path: Path) -> None:
    code = tmp_path / "src"
    write_sparse(code / ".venv" / "library", 300 << 20)
    snapshot_code(tmp_path / "copy", (launch(code),))
    copied = code_folder(tmp_path / "copy", launch(code))
    assert [path.name for path in copied.iterdir()] == ["train.py"]


def test_code_of_more_than_256_mb_is_refused(tmp_path: Path) -> None:
    code = tmp_path / "src"
    write_sparse(code / "data.bin", 256 << 20)
    _require_small(code)
    with pytest.raises(UsageError, match="is larger than 256 MB"):
        snapshot_code(tmp_path / "copy", (launch(code),))


def test_the_owner_can_run_the_entry_point(tmp_path: Path) -> None:
    """A script that is not Python is executed."""
    code = tmp_path / "src"
    code.mkdir()
    made = launch(code)
    (code / "train.py").chmod(0o640)
    snapshot_code(tmp_path / "jobs/copy", (made,))
    copied = code_folder(tmp_path / "jobs/copy", made) / "train.py"
    assert stat.S_IMODE(copied.stat().st_mode) == 0o740


def test_packed_code_is_written_as_it_would_be_unpacked(tmp_path: Path) -> None:
    files = {"train.py": 0o644, "lib/more/a.sh": 0o755, "lib/more/b.py": 0o644}
    code = PackedCode(
        CodeFile(name=name, content=name.encode(), is_executable=mode == 0o755)
        for name, mode in files.items()
    )
    made = Launch(definition="", channels={}, entry_point="lib/more/a.sh", code=code)
    snapshot_code(tmp_path / "copy", (made,))
    for name, mode in files.items():
        path = code_folder(tmp_path / "copy", made) / name
        assert path.read_text() == name
        assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("entry_point", ["other.py", "../src/train.py"])
def test_an_entry_point_outside_the_code_is_refused(tmp_path: Path, entry_point: str) -> None:
    code = tmp_path / "src"
    code.mkdir()
    launch(code)
    wrong = Launch(definition="", channels={}, entry_point=entry_point, code=code)
    with pytest.raises(UsageError, match="has no file"):
        snapshot_code(tmp_path / "copy", (wrong,))


def test_a_link_in_the_code_stays_a_link(tmp_path: Path) -> None:
    """Its target may be large, or outside of the code."""
    code, outside = tmp_path / "src", tmp_path / "outside"
    code.mkdir()
    outside.mkdir()
    (code / "data").symlink_to(outside)
    snapshot_code(tmp_path / "copy", (launch(code),))
    copied = code_folder(tmp_path / "copy", launch(code))
    assert (copied / "data").readlink() == outside

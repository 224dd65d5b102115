"""Copies the code of a tuning job into its folder, so that later changes don't affect it."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

from hptc.errors import UsageError
from hptc.local.run_options import Code, Launch
from hptc.source.packing import PackedCode

MAX_CODE_BYTES = 256 << 20
"""What is larger is data: each training job gets a copy of the code."""

_ONLY = "_"  # for a single definition; no definition has this name
_SKIPPED = (
    *(".git", ".hg", ".svn", ".hptc", ".venv", "venv", "node_modules", "__pycache__"),
    *(".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
)


def code_folder(folder: Path, launch: Launch) -> Path:
    """Where the code of a training job definition is, in the folder of all code."""
    return folder / (launch.definition or _ONLY)


def snapshot_code(folder: Path, launches: tuple[Launch, ...]) -> None:
    """Copy the code of each definition into a new folder.

    Raises UsageError if it is too large, can't be read, or has no such entry point.
    """
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed before it began
    try:
        folder.mkdir(parents=True)
        for launch in launches:
            if launch.code is not None:
                target = code_folder(folder, launch)
                _copy(launch.code, target)
                _require_entry_point(target, launch)
    except (OSError, tarfile.TarError, shutil.Error) as error:
        raise UsageError(f"the code can't be copied: {error}") from None


def _require_entry_point(target: Path, launch: Launch) -> None:
    """Raise UsageError if the code doesn't contain it. A script that is not Python is executed."""
    path = target / launch.entry_point
    if not path.resolve().is_relative_to(target.resolve()) or not path.is_file():
        raise UsageError(
            f"the code has no file `{launch.entry_point}` to run",
            help="name the script with --entry-point FILE, relative to the code's folder",
        )
    path.chmod(path.stat().st_mode | 0o500)


def _copy(code: Code, target: Path) -> None:
    if isinstance(code, PackedCode):
        for file in code.files.values():
            path = target / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
    elif code.is_dir():
        _require_small(code)
        ignored = shutil.ignore_patterns(*_SKIPPED)
        shutil.copytree(code, target, symlinks=True, ignore=ignored)
    else:
        target.mkdir()
        with tarfile.open(code) as archive:
            archive.extractall(target, filter="data")


def _require_small(code: Path) -> None:
    size = 0
    for path, folders, files in os.walk(code):
        folders[:] = [folder for folder in folders if folder not in _SKIPPED]
        size += sum((Path(path) / file).lstat().st_size for file in files)
        if size > MAX_CODE_BYTES:
            raise UsageError(
                f"{code} is larger than {MAX_CODE_BYTES >> 20} MB",
                help="name the folder of the code only; data belongs in input channels",
            )

"""The temporary folder of a sandbox, which is deleted even if its process was killed.

A running sandbox holds a lock on its folder. The folder that a killed sandbox left has no lock
anymore, and the next sandbox deletes it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hptc.local.process_group import kill_marked

_PREFIX = "hptc-sandbox-"
_LOCK = "lock"


@contextmanager
def state_folder() -> Iterator[Path]:
    """A new folder, which is deleted at the end of the block. Deletes abandoned ones first."""
    _delete_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    new = folder / f"{_LOCK}.new"
    lock = os.open(new, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new.rename(folder / _LOCK)  # it never has this name without being locked
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _delete_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if not folder.is_symlink() and folder.stat().st_uid == os.getuid():
                _delete_if_abandoned(folder)


def _delete_if_abandoned(folder: Path) -> None:
    """Delete a folder and kill its training jobs. Raises OSError if its lock is held or missing."""
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        kill_marked(folder)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)

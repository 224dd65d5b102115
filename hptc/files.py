"""Writes files atomically."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hptc.errors import UsageError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file atomically: readers see the old content or the new content, never a part.

    Raises UsageError if the folder can't be created or written.
    """
    write_all({path: content})


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write several files. All are written to temporary files before the first one is replaced."""
    import tempfile

    waiting: list[tuple[str, Path]] = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            waiting.append((name, path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp creates files that only their owner can read; use the default permissions.
            Path(name).chmod(0o666 & ~_umask())
        while waiting:
            name, path = waiting[0]
            Path(name).replace(path)
            waiting.pop(0)
    except OSError as error:
        place = error.filename or "the output"
        raise UsageError(f"{place}: can't be written: {error.strerror}") from None
    finally:
        for name, _ in waiting:
            Path(name).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""Writes files whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hptc.errors import UsageError


def write_whole(path: Path, content: str | bytes) -> None:
    """Put `content` at `path`: a reader sees the old file or the new one, never a part.

    Raises UsageError when the folder can't be made or written.
    """
    write_all({path: content})


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Put several files in place, none before all of them are written beside their places."""
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
            # mkstemp makes files for their owner alone; these are files like any other.
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

"""Writes files atomically, and never through a link out of the folder that the user named.

A pull request can add links: without this, `hptc compile -o out` would write wherever its link
`out` leads.
"""

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


def write_all(contents: Mapping[Path, str | bytes], *, folder: Path | None = None) -> None:
    """Write several files. All are written to temporary files before the first one is replaced.

    With `folder`, which contains all of them, no link below it is followed out of it.
    """
    import tempfile

    for path in contents:
        require_no_link_out(path, folder)
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


def require_no_link_out(path: Path, folder: Path | None = None) -> None:
    """Raise UsageError for a path behind a link that leads out of `folder` or the repository.

    The file itself may be a link: it is replaced, and what it leads to is not changed.
    """
    # resolve() would follow links before `..`, and the user's own path has none to check.
    named = os.path.abspath(path.parent)  # noqa: PTH100
    real = os.path.realpath(named)
    if real == named:
        return
    above = (Path(named), *Path(named).parents)
    # All of them: a folder behind the link may be a repository of its own.
    repositories = [parent for parent in above if (parent / ".git").exists()]
    for top in (folder, *repositories, Path.cwd()):
        if top is None:
            continue
        named_top = os.path.abspath(top)  # noqa: PTH100
        is_below = Path(named).is_relative_to(named_top)
        if is_below and not Path(real).is_relative_to(os.path.realpath(named_top)):
            raise UsageError(
                f"{path}: can't be written: a link in this path leads out of {top}",
                help="remove the link, or name the folder that it leads to",
            )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""The names of specs that are not open, kept between checks: a keystroke reads one file."""

from __future__ import annotations

from pathlib import Path

from hptc.compiler.discovery import spec_name
from hptc.frozen import frozen
from hptc.source.filesystem import Files


@frozen
class _Known:
    modified: int
    size: int
    name: str | None


class NameIndex:
    """Names by file, read again only when a file has changed on disk."""

    def __init__(self) -> None:
        self._known: dict[Path, _Known] = {}

    def name_of(self, path: Path, files: Files) -> str | None:
        """The name of the spec in a file that is not open; None if it can't be read."""
        try:
            status = path.stat()
        except OSError:
            return None
        known = self._known.get(path)
        if known is None or (known.modified, known.size) != (status.st_mtime_ns, status.st_size):
            known = _Known(
                modified=status.st_mtime_ns, size=status.st_size, name=spec_name(path, files)
            )
            self._known[path] = known
        return known.name

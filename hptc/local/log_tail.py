"""Follows the log of a training job, a file that it writes to.

It is a file, not a pipe: a training job that outlives hptc must not fail for lack of a reader, and
its log is there when another run of hptc continues. Memory and disk are bounded, whatever a
training job writes.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

MAX_LINE = 4096
"""Characters of a line that are kept. The rest of the line is skipped."""

MAX_FILE_BYTES = 64 << 20
"""The size at which a log is emptied, once its content has been read."""

MAX_UNREAD_BYTES = 8 << 20
"""How far the reader may be behind, before it skips what it has not read."""

_READ_BYTES = 1 << 20
_KEPT_LINES = 50


class LogTail:
    """Reads the lines of a growing log, each once.

    Only the run of the training job empties the log. Another reader sets `is_observer`: it changes
    nothing, skips nothing, and starts over when the log was emptied.
    """

    def __init__(self, path: Path, *, is_observer: bool = False) -> None:
        self.path = path
        self._is_observer = is_observer
        self.last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self.dropped_bytes = 0  # that were removed from the file
        self.has_gaps = False  # whether lines were skipped that nobody read
        self._offset = 0
        self._held = b""
        self._skips = False  # the rest of a line that is too long

    def read(self) -> list[str]:
        """The next whole lines; empty if there is nothing new. Reads at most 1 MB.

        A training job that writes faster than its log is read loses the middle of its log.
        """
        try:
            with self.path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if self._is_observer:
                    if size < self._offset:
                        self._offset, self._held, self._skips = 0, b"", False
                elif size - self._offset > MAX_UNREAD_BYTES:
                    self._skip_to(size - _READ_BYTES)
                stream.seek(self._offset)
                read = stream.read(_READ_BYTES)
        except FileNotFoundError:
            return []
        self._offset += len(read)
        if not self._is_observer and self._offset >= max(size, MAX_FILE_BYTES):
            self._empty_if_read()
        return self._kept(self._lines(read))

    def has_more(self) -> bool:
        """Whether the file has content that was not read yet."""
        try:
            return self.path.stat().st_size > self._offset
        except FileNotFoundError:
            return False

    def skip(self) -> None:
        """Skip what was not read yet, but for the last part."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size - self._offset > _READ_BYTES:
            self._skip_to(size - _READ_BYTES)

    def _skip_to(self, offset: int) -> None:
        self._offset, self._held, self._skips = offset, b"", True
        self.has_gaps = True

    def rest(self) -> list[str]:
        """The last line, if the log doesn't end with a line break."""
        held, self._held = self._held, b""
        return self._kept([_text(held)] if held and not self._skips else [])

    def _lines(self, read: bytes) -> list[str]:
        lines = []
        # A progress bar rewrites its line with a carriage return.
        text = (self._held + read).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *whole, held = text.split(b"\n")
        for line in whole:
            if not self._skips:
                lines.append(_text(line))
            self._skips = False
        if len(held) > 4 * MAX_LINE:
            if not self._skips:
                lines.append(_text(held))
            held, self._skips = b"", True
        self._held = held
        return lines

    def _kept(self, lines: list[str]) -> list[str]:
        self.last_lines.extend(lines[-_KEPT_LINES:])
        return lines

    def _empty_if_read(self) -> None:
        """Empty the file. The training job appends, so it continues at the start.

        No system call empties a file only if it has a given size, so what is written between the
        two calls is lost: a few microseconds of a log of 64 MB.
        """
        with self.path.open("r+b") as stream:
            if os.fstat(stream.fileno()).st_size > self._offset:
                return  # the training job has written since; the next reading empties the file
            os.ftruncate(stream.fileno(), 0)
        self.dropped_bytes += self._offset
        self._offset = 0


def _text(line: bytes) -> str:
    return line[: 4 * MAX_LINE].decode(errors="replace")[:MAX_LINE]

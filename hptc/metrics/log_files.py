"""Reads training logs: any file that the user names, and the sample logs that specs name."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import IO

from hptc.errors import UsageError
from hptc.source.readable import reason_not_to_read

MAX_LOG_BYTES = 20_000_000
MAX_LOG_LINES = 500_000


def sample_path(sample: str, root: Path) -> Path:
    """The path of a sample log. Raises UsageError if it is not inside `root`."""
    parts = Path(sample).parts
    if not sample or Path(sample).is_absolute() or ".." in parts or "\0" in sample:
        raise UsageError(f"`{sample}` is not a path inside the project")
    path = root / sample
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise UsageError(f"`{sample}` does not exist in the project") from None
    if not real.is_relative_to(root.resolve()):
        raise UsageError(f"`{sample}` is a link to a file outside the project")
    if not real.is_file():
        raise UsageError(f"`{sample}` is not a file")
    reason = reason_not_to_read(real)
    if reason is not None:
        raise UsageError(f"`{sample}` {reason}", help="`git add` the log if it belongs here")
    return real


def read_log_file(path: Path) -> str:
    """The text of a log file. Raises UsageError if it can't be read."""
    try:
        with path.open("rb") as stream:
            return read_log(stream, str(path))
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from None


def read_log(stream: IO[bytes], name: str) -> str:
    """The text of a log; invalid UTF-8 is replaced. Raises UsageError if it is too long.

    A mark at the start says that it is UTF-16, as `>` writes it in Windows PowerShell
    (https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding).
    """
    raw = stream.read(MAX_LOG_BYTES + 1)
    if len(raw) > MAX_LOG_BYTES:
        raise UsageError(
            f"{name}: the log is larger than {MAX_LOG_BYTES:,} bytes",
            help="use a part of it, such as the log of one epoch",
        )
    if raw.count(b"\n") > MAX_LOG_LINES:
        raise UsageError(
            f"{name}: the log has more than {MAX_LOG_LINES:,} lines",
            help="use a part of it, such as the log of one epoch",
        )
    encoding = "utf-16" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    return raw.decode(encoding, errors="replace")


def log_lines(text: str) -> list[str]:
    """The lines of a log, with any kind of line breaks."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]

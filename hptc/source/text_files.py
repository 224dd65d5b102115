"""A file's bytes in, its text out: UTF-8 within a size limit."""

from __future__ import annotations

from hptc.errors import UsageError

MAX_BYTES = 1_000_000
"""A request is far smaller; a larger file is a mistake or an attack."""


def read_text(path: str) -> str:
    """The text of a file. Raises UsageError when it is unreadable, not UTF-8 or too large."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - a Path costs as much as the read
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from None
    return decode_text(raw, path)


def decode_text(raw: bytes, name: str) -> str:
    """Bytes as text, held to the same limits as a file."""
    if len(raw) > MAX_BYTES:
        raise UsageError(
            f"{name}: larger than {MAX_BYTES:,} bytes, which no tuning spec is",
            help="split the file, or check that this is the one you meant",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name}: is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}",
            help="save the file as UTF-8",
        ) from None

"""Reads files as text: UTF-8 within a size limit."""

from __future__ import annotations

from hptc.diagnostics import Diagnostic, Severity, Span
from hptc.errors import UsageError

MAX_BYTES = 1_000_000
"""A request is far smaller; a larger file is a mistake or an attack."""
_FIRST_BYTES = 65_536


class UnreadableFileError(UsageError):
    """A file can't be read. Raised if the command needs it, otherwise reported as `diagnostic`."""

    def __init__(
        self, file: str, problem: str, *, help: str = "", line: int = 1, column: int = 1
    ) -> None:
        super().__init__(f"{file}: {problem}", help=help)
        self.file = file
        self.problem = problem
        self.line = line
        self.column = column

    @property
    def diagnostic(self) -> Diagnostic:
        """This error as a finding, for a file that is one of several."""
        span = Span(
            file=self.file,
            line=self.line,
            column=self.column,
            end_line=self.line,
            end_column=self.column + 1,
        )
        return Diagnostic(
            code="HPT002", severity=Severity.ERROR, message=self.problem, span=span, help=self.help
        )


def read_text(path: str) -> str:
    """The text of a file. Raises UnreadableFileError."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - a Path costs as much as the read
            raw = stream.read(_FIRST_BYTES)  # a buffer for MAX_BYTES costs more than most files
            if len(raw) == _FIRST_BYTES:
                raw += stream.read(MAX_BYTES + 1 - _FIRST_BYTES)
    except OSError as error:
        raise UnreadableFileError(path, f"can't be read: {error.strerror}") from None
    return decode_text(raw, path)


def decode_text(raw: bytes, name: str) -> str:
    """Bytes as text, within the limits of a file. Raises UnreadableFileError."""
    if len(raw) > MAX_BYTES:
        raise UnreadableFileError(
            name,
            f"larger than {MAX_BYTES:,} bytes, the maximum for a spec",
            help="check that this is the right file, or split it",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        content, start = error.object, error.start  # after a byte order mark
        offset = start + len(raw) - len(content)
        before = content[:start].decode()
        raise UnreadableFileError(
            name,
            f"not UTF-8: byte 0x{content[start]:02x} at offset {offset}",
            help="save the file as UTF-8",
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
        ) from None

"""Bytes to text: UTF-8 only, within a size limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.errors import UsageError
from hptc.source.text_files import UnreadableFileError, decode_text, read_text

MAX_BYTES = 1_000_000

BYTES = {
    "a byte order mark": (b"\xef\xbb\xbfa: 1", "a: 1"),
    "UTF-8": ("é😀".encode(), "é😀"),
    "nothing": (b"", ""),
}


@pytest.mark.parametrize(("raw", "text"), BYTES.values(), ids=BYTES)
def test_decode(raw: bytes, text: str) -> None:
    assert decode_text(raw, "f") == text


NOT_TEXT = {
    "Latin-1": ("name: é".encode("latin-1"), "0xe9 at offset 6"),
    "UTF-16": ("name: x".encode("utf-16"), "0xff at offset 0"),
    "cut": (b"a\xe2\x82", "0xe2 at offset 1"),
    "surrogates": (b"\xed\xa0\x80", "0xed at offset 0"),
}


@pytest.mark.parametrize(("raw", "message"), NOT_TEXT.values(), ids=NOT_TEXT)
def test_text_that_is_not_utf8(raw: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        decode_text(raw, "f.yaml")
    assert refusal.value.message.startswith("f.yaml: not UTF-8")
    assert refusal.value.help


PLACES = {
    "the first line": ("name: é".encode("latin-1"), 1, 7),
    "a later line": (b"name: x\n# \xc3\xa9\n \xff", 3, 2),
    "after a byte order mark": (b"\xef\xbb\xbfa\n\xe9", 2, 1),
    "after characters beyond ASCII": ("é😀".encode() + b"\xff", 1, 3),
}


@pytest.mark.parametrize(("raw", "line", "column"), PLACES.values(), ids=PLACES)
def test_an_unreadable_file_is_a_finding_at_its_byte(raw: bytes, line: int, column: int) -> None:
    with pytest.raises(UnreadableFileError) as refusal:
        decode_text(raw, "f.yaml")
    diagnostic = refusal.value.diagnostic
    assert (diagnostic.code, diagnostic.is_error, diagnostic.message) == (
        "HPT002",
        True,
        refusal.value.problem,
    )
    assert (diagnostic.span.file, diagnostic.span.line, diagnostic.span.column) == (
        "f.yaml",
        line,
        column,
    )
    assert diagnostic.help == refusal.value.help


def test_a_file_of_several_reads(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"#" * 65_535 + b"abc")
    assert read_text(str(file)) == "#" * 65_535 + "abc"


def test_the_maximum_size_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"#" * MAX_BYTES)
    assert len(read_text(str(file))) == MAX_BYTES
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(UsageError, match="larger than 1,000,000 bytes"):
        read_text(str(file))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        read_text(str(tmp_path / "nothing.yaml"))

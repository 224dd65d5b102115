"""Makes PNG images small, and adds what they were made from, so that a test finds old ones.

https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_KEYWORD = b"hptc-source"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AFTER_HEADER = len(_SIGNATURE) + 25
"""Where the second chunk starts: after IHDR."""
_COLORS = 256


def with_source(image: bytes, source: str) -> bytes:
    """Add the digest of a source to an image."""
    text = _chunk(b"tEXt", _KEYWORD + b"\0" + digest(source).encode())
    return image[:_AFTER_HEADER] + text + image[_AFTER_HEADER:]


def with_palette(image: bytes) -> bytes:
    """A screenshot with its 256 most frequent colors: a fraction of the size, and looks the same.

    `image` is what Chromium writes: 8 bits for each of RGB or RGBA, not interlaced.
    """
    width, height, depth, kind = struct.unpack(">IIBB", image[16:26])
    if depth != 8 or kind not in (2, 6):
        raise ValueError("not a screenshot in RGB or RGBA")
    size = 3 if kind == 2 else 4
    data = b"".join(body for name, body in _chunks(image) if name == b"IDAT")
    rows = list(_unfiltered(zlib.decompress(data), width * size, size))
    pixels = [[row[i : i + 3] for i in range(0, len(row), size)] for row in rows]
    counts = Counter(pixel for row in pixels for pixel in row)
    palette = [color for color, _ in counts.most_common(_COLORS)]
    index = {color: position for position, color in enumerate(palette)}
    for color in counts:
        if color not in index:
            index[color] = min(range(len(palette)), key=lambda i: _distance(color, palette[i]))
    packed = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", b"".join(palette))
        + _chunk(b"IDAT", zlib.compress(packed, 9))
        + _chunk(b"IEND", b"")
    )


def _distance(color: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(color, other, strict=True))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_SIGNATURE)
    while position < len(image):
        (length,) = struct.unpack(">I", image[position : position + 4])
        yield image[position + 4 : position + 8], image[position + 8 : position + 8 + length]
        position += 12 + length


def _unfiltered(data: bytes, length: int, size: int) -> Iterator[bytes]:
    """The rows of an image; https://www.w3.org/TR/png-3/#9Filters."""
    above = bytearray(length)
    for start in range(0, len(data), length + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for i in range(length):
            left = row[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            match kind:
                case 1:
                    row[i] = (row[i] + left) & 255
                case 2:
                    row[i] = (row[i] + above[i]) & 255
                case 3:
                    row[i] = (row[i] + (left + above[i]) // 2) & 255
                case 4:
                    row[i] = (row[i] + _paeth(left, above[i], corner)) & 255
        yield bytes(row)
        above = row


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda value: abs(estimate - value))


def source_digest(image: bytes) -> str | None:
    """The digest that was added to an image; None without one."""
    _, mark, rest = image.partition(b"tEXt" + _KEYWORD + b"\0")
    return rest[:64].decode() if mark else None


def digest(source: str) -> str:
    """The digest of a source."""
    return hashlib.sha256(source.encode()).hexdigest()

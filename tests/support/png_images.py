"""Small PNG images, as a browser writes them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence


def rgb_image(colors: Sequence[tuple[int, int, int]], *, width: int) -> bytes:
    """An image with these pixels, whose rows use the filters Sub and Up in turns."""
    rows = [colors[i : i + width] for i in range(0, len(colors), width)]
    above = bytes(3 * width)
    data = b""
    for number, row in enumerate(rows):
        plain = b"".join(bytes(color) for color in row)
        before = above if number % 2 else bytes(3) + plain[:-3]
        filtered = bytes((a - b) % 256 for a, b in zip(plain, before, strict=True))
        data += bytes([2 if number % 2 else 1]) + filtered
        above = plain
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )

"""Reads the pixels of a PNG image."""

from __future__ import annotations

import struct
import zlib


def green_rows(png: bytes, *, count: int) -> list[list[int]]:
    """The green values of the first rows of an RGB or RGBA image (https://www.w3.org/TR/png-3/)."""
    width, _, depth, color = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    size = {2: 3, 6: 4}[color]  # bytes of a pixel
    data, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw, stride = zlib.decompress(data), size * width
    rows, above = [], bytearray(stride)
    for y in range(count):
        method = raw[y * (stride + 1)]
        line = bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for x in range(stride):
            left, corner = (line[x - size], above[x - size]) if x >= size else (0, 0)
            guess = left + above[x] - corner
            nearest = min((left, above[x], corner), key=lambda value: abs(guess - value))
            added = (0, left, above[x], (left + above[x]) // 2, nearest)[method]
            line[x] = (line[x] + added) % 256
        rows.append(list(line[1::size]))
        above = line
    return rows

"""Draws the search space of a preview as an SVG or PNG image.

Each numeric range is a line on its own scale, with the first configurations as dots; a Categorical
range is a row of boxes. The same preview gives the same SVG, so it can be committed and compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import assert_never

from hptc.errors import UsageError
from hptc.files import write_whole
from hptc.preview.axis_ticks import axis_ticks
from hptc.preview.drawing_style import (
    FONT,
    GROUND,
    HIGHLIGHT,
    SHIPPED_FONT,
    SHIPPED_FONT_FAMILY,
    SOFT_TEXT,
    TEXT,
)
from hptc.preview.outline import Sample, SearchPreview
from hptc.request.job_facts import number
from hptc.request.scales import scale_of
from hptc.request.tuning_job import AutoRange, CategoricalRange, NumericRange, Range

WIDTH = 800
_LEFT, _RIGHT = 220, 760
_TOP, _ROW = 64, 58
_PNG_ZOOM = 2
_STYLE = (
    f"text{{font:13px {FONT};fill:{TEXT}}}"
    f".small{{font-size:11px;fill:{SOFT_TEXT}}}"
    ".line{stroke:#8c959f;stroke-width:2}.tick{stroke:#8c959f}"
    f".box{{fill:#ddf4ff;stroke:#54aeff}}.dot{{fill:{HIGHLIGHT};fill-opacity:.7}}"
)


def draw_search_space(path: Path, name: str, preview: SearchPreview) -> None:
    """Draw the search space of a spec to an .svg or .png file.

    Raises UsageError for another extension, and for PNG if its renderer is not installed.
    """
    match path.suffix.lower():
        case ".svg":
            write_whole(path, search_space_svg(name, preview))
        case ".png":
            write_whole(path, _png(search_space_svg(name, preview)))
        case _:
            raise UsageError(
                f"{path}: unsupported image format", help="use a name that ends in .svg or .png"
            )


def _png(svg: str) -> bytes:
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise UsageError(
            "PNG images require resvg-py, which is not installed",
            help="run `pip install 'hptc[plot]'`, or use a name that ends in .svg",
        ) from None
    # The system's fonts are only for characters that the shipped font lacks.
    return bytes(
        svg_to_bytes(
            svg_string=svg,
            zoom=_PNG_ZOOM,
            font_files=[str(SHIPPED_FONT)],
            font_family=SHIPPED_FONT_FAMILY,
            sans_serif_family=SHIPPED_FONT_FAMILY,
        )
    )


def search_space_svg(name: str, preview: SearchPreview) -> str:
    """The search space of a spec as SVG."""
    rows = [(definition, range_) for definition, ranges in preview.spaces for range_ in ranges]
    height = _TOP + _ROW * max(len(rows), 1)
    tuned = "1 tuned hyperparameter" if len(rows) == 1 else f"{len(rows)} tuned hyperparameters"
    title = f"{name}: {preview.strategy}, {tuned}"
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    note = "dots: example configurations of the first wave"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{_text(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="{GROUND}"/>',
        f'<text x="20" y="28">{_text(title)}</text>',
        f'<text x="20" y="46" class="small">{note}</text>',
    ]
    for index, (definition, range_) in enumerate(rows):
        parts += _row(range_, definition, preview.samples, _TOP + _ROW * index + 24)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(range_: Range, definition: str, samples: tuple[Sample, ...], y: int) -> Iterator[str]:
    label = f"{definition}: {range_.name}" if definition else range_.name
    yield f'<text x="20" y="{y + 4}">{_text(_short(label, 22))}</text>'
    values = [sample.values[range_.name] for sample in samples if sample.definition == definition]
    match range_:
        case CategoricalRange():
            yield from _boxes(range_, values, y)
        case NumericRange():
            yield from _line(range_, values, y)
        case AutoRange():
            hint = f"range chosen by Autotune; example value: {_short(range_.value_hint, 40)}"
            yield f'<text x="{_LEFT}" y="{y + 4}" class="small">{_text(hint)}</text>'
        case _:
            assert_never(range_)


def _line(range_: NumericRange, values: list[str], y: int) -> Iterator[str]:
    scale = scale_of(range_)
    kind = f"{range_.kind}, {scale if range_.scaling != 'Auto' else f'Auto ({scale})'}"
    yield f'<text x="20" y="{y + 20}" class="small">{_text(kind)}</text>'
    low, high = number(range_.min), number(range_.max)
    if low is None or high is None or float(low) >= float(high):
        return
    bottom, top = float(low), float(high)
    yield f'<line class="line" x1="{_LEFT}" y1="{y}" x2="{_RIGHT}" y2="{y}"/>'

    def share(value: float) -> float:
        return (_x(value, bottom, top, scale) - _LEFT) / (_RIGHT - _LEFT)

    for value, label in axis_ticks(range_, bottom, top, share):
        x = _x(value, bottom, top, scale)
        yield f'<line class="tick" x1="{x:.1f}" y1="{y - 5}" x2="{x:.1f}" y2="{y + 5}"/>'
        yield (
            f'<text x="{x:.1f}" y="{y + 20}" class="small" text-anchor="middle">'
            f"{_text(_short(label, 12))}</text>"
        )
    for text in values:
        drawn = number(text)
        if drawn is not None:
            x = _x(float(drawn), bottom, top, scale)
            yield f'<circle class="dot" cx="{x:.1f}" cy="{y}" r="5"/>'


def _x(value: float, low: float, high: float, scale: str) -> float:
    """The x coordinate of a value on the line of its range."""
    if scale == "Logarithmic" and low > 0:
        value, low, high = math.log(max(value, low)), math.log(low), math.log(high)
    elif scale == "ReverseLogarithmic" and high < 1:
        value, low, high = -math.log1p(-min(value, high)), -math.log1p(-low), -math.log1p(-high)
    # Halved, because the difference of two large numbers may exceed a float.
    length, part = high / 2 - low / 2, min(max(value, low), high) / 2 - low / 2
    return _LEFT + (_RIGHT - _LEFT) * (part / length if length > 0 else 0.5)


def _boxes(range_: CategoricalRange, values: list[str], y: int) -> Iterator[str]:
    count = len(range_.values)
    yield f'<text x="20" y="{y + 20}" class="small">Categorical, {count} values</text>'
    width = (_RIGHT - _LEFT) / count
    for index, value in enumerate(range_.values):
        x = _LEFT + index * width
        box = f'x="{x:.1f}" y="{y - 12}" width="{width - 4:.1f}" height="24" rx="4"'
        yield f'<rect class="box" {box}><title>{_text(value)}</title></rect>'
        max_characters = int(width // 8)
        if max_characters >= 2:
            yield (
                f'<text x="{x + width / 2 - 2:.1f}" y="{y + 4}" class="small" text-anchor="middle">'
                f"{_text(_short(value, max_characters))}</text>"
            )
        chosen = values.count(value)
        for dot in range(min(chosen, 8)):
            yield f'<circle class="dot" cx="{x + 8 + dot * 11:.1f}" cy="{y + 18}" r="4"/>'


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(length - 1, 1)] + "…"


def _text(text: str) -> str:
    """Untrusted text in XML: escaped, and without characters that XML forbids."""
    return escape(
        "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    )

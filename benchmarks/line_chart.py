"""A chart of several lines with their bands, as SVG in the style of hptc's other drawings."""

from __future__ import annotations

import html
from collections.abc import Sequence

from hptc.frozen import frozen
from hptc.preview.drawing_style import FONT, GROUND, SOFT_TEXT, TEXT
from hptc.render.report_axes import round_values

_WIDTH, _HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 48, 48
_COLORS = ("#0969da", "#bc4c00", "#1a7f37", "#8250df")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""Lines differ in more than their colors."""


@frozen
class Line:
    """A line with a value for each step, and the band around it."""

    name: str
    middle: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def line_chart(title: str, x_label: str, y_label: str, lines: Sequence[Line]) -> str:
    """The chart; steps count from 1."""
    steps = max(len(line.middle) for line in lines)
    values = [value for line in lines for value in (*line.low, *line.high)]
    low, high = min(values), max(values)
    margin = (high - low or 1) / 20
    low, high = low - margin, high + margin

    def x(step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (step - 1) / max(1, steps - 1)

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)

    def points(series: Sequence[float]) -> list[str]:
        return [f"{x(step):.1f},{y(value):.1f}" for step, value in enumerate(series, start=1)]

    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    style = f'font-family="{FONT}" font-size="12" fill="{TEXT}"'
    below = f'x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 10}" text-anchor="end"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {style}>',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{GROUND}"/>',
        f'<text x="16" y="22" font-size="14">{html.escape(title)}</text>',
        f'<text {below} fill="{SOFT_TEXT}">{html.escape(x_label)}</text>',
        f'<text x="16" y="40" fill="{SOFT_TEXT}">{html.escape(y_label)}</text>',
    ]
    for value in round_values(low, high, 4):
        parts.append(
            f'<path d="M{_LEFT} {y(value):.1f}H{_WIDTH - _RIGHT}" stroke="#d0d7de"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.6g}</text>'
        )
    for step in round_values(1, steps, 6):
        if step == int(step) and step >= 1:
            parts.append(
                f'<text x="{x(step):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
                f"{step:.0f}</text>"
            )
    for index, line in enumerate(lines):
        color, dash = _COLORS[index % len(_COLORS)], _DASHES[index % len(_DASHES)]
        band = " ".join((*points(line.high), *reversed(points(line.low))))
        parts.append(f'<polygon points="{band}" fill="{color}" opacity="0.12"/>')
        drawn = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{" ".join(points(line.middle))}" {drawn}/>')
        start = _LEFT + 150 * index
        parts.append(
            f'<path d="M{start} {_HEIGHT - 14}h24" {drawn}/>'
            f'<text x="{start + 30}" y="{_HEIGHT - 10}">{html.escape(line.name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"

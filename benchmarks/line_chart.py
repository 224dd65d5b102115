"""A chart of several lines with their bands, as SVG in the style of hptc's other drawings."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

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


@frozen
class _Scale:
    """Where steps and values are in the chart."""

    steps: int
    low: float
    high: float

    def x(self, step: float) -> float:
        width = _WIDTH - _LEFT - _RIGHT
        return _LEFT + width * (step - 1) / max(1, self.steps - 1)

    def y(self, value: float) -> float:
        height = _HEIGHT - _TOP - _BOTTOM
        return _TOP + height * (self.high - value) / (self.high - self.low)

    def points(self, series: Sequence[float]) -> list[str]:
        return [f"{self.x(step):.1f},{self.y(value):.1f}" for step, value in enumerate(series, 1)]


def line_chart(title: str, x_label: str, y_label: str, lines: Sequence[Line]) -> str:
    """The chart; steps count from 1."""
    scale = _scale(lines)
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
        *_axes(scale),
        *(part for index, line in enumerate(lines) for part in _drawn(scale, index, line)),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _scale(lines: Sequence[Line]) -> _Scale:
    """All values, with a margin above and below."""
    values = [value for line in lines for value in (*line.low, *line.high)]
    low, high = min(values), max(values)
    margin = (high - low or 1) / 20
    steps = max(len(line.middle) for line in lines)
    return _Scale(steps=steps, low=low - margin, high=high + margin)


def _axes(scale: _Scale) -> Iterator[str]:
    """Horizontal lines with their values, and the numbers of steps."""
    for value in round_values(scale.low, scale.high, 4):
        y = scale.y(value)
        yield (
            f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#d0d7de"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
        )
    for step in round_values(1, scale.steps, 6):
        if step == int(step) and step >= 1:
            yield (
                f'<text x="{scale.x(step):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
                f"{step:.0f}</text>"
            )


def _drawn(scale: _Scale, index: int, line: Line) -> Iterator[str]:
    """A line with its band, and its entry in the legend."""
    color, dash = _COLORS[index % len(_COLORS)], _DASHES[index % len(_DASHES)]
    band = " ".join((*scale.points(line.high), *reversed(scale.points(line.low))))
    yield f'<polygon points="{band}" fill="{color}" opacity="0.12"/>'
    stroke = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"'
    yield f'<polyline points="{" ".join(scale.points(line.middle))}" {stroke}/>'
    start = _LEFT + 150 * index
    yield (
        f'<path d="M{start} {_HEIGHT - 14}h24" {stroke}/>'
        f'<text x="{start + 30}" y="{_HEIGHT - 10}">{html.escape(line.name)}</text>'
    )

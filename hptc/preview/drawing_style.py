"""The fonts and colors of every drawing: search spaces, and the charts of a report."""

from __future__ import annotations

from pathlib import Path

FONT = "system-ui,sans-serif"
"""The CSS font family: that of the reader's system."""

GROUND, TEXT, SOFT_TEXT, HIGHLIGHT = "#fff", "#1b1f24", "#57606a", "#cf222e"

SHIPPED_FONT = Path(__file__).parent / "fonts" / "dejavu-sans.ttf"
"""The font of PNG images, because a machine without a desktop may have none."""
SHIPPED_FONT_FAMILY = "hptc DejaVu Sans"

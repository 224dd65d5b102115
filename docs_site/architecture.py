"""Draws which package of hptc imports which, from the real imports, as SVG."""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

import grimp

_ROOT = Path(__file__).parents[1]
_CELL, _LABELS, _TOP = 17, 140, 118
_INK, _QUIET, _PAPER, _LINE, _MARK = "#d8e0e4", "#8fa1ab", "#182026", "#2a353d", "#3f9fab"
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="11.5" '
    'font-family="system-ui, &quot;Segoe UI&quot;, &quot;DejaVu Sans&quot;, sans-serif">'
)
_EXPLANATION = (
    "A row imports from the columns that are marked.",
    "Every mark is right of the diagonal: a package imports only from those below it.",
)
_BANDS = ("#1d272e", "#182026")


def layers() -> list[list[str]]:
    """The packages of the import contract, from the command line down."""
    data = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in data["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            return [[name.strip() for name in row.split("|")] for row in contract["layers"]]
    raise ValueError("pyproject.toml has no contract of layers")


def imports() -> set[tuple[str, str]]:
    """Each package and one that it imports from."""
    graph = grimp.build_graph("hptc", cache_dir=None)
    pairs = {
        (_package(module), _package(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {
        (importer, imported)
        for importer, imported in pairs
        if importer and imported and importer != imported
    }


def _package(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] != "__main__" else None


def architecture_picture() -> str:
    """A table of all packages: a row imports from the columns that are marked."""
    rows = layers()
    names = [name for row in rows for name in row]
    width = _LABELS + _CELL * len(names) + 14
    height = _TOP + _CELL * len(names) + 54
    parts = [_HEAD.format(width=width, height=height), _box(0, 0, width, height, _PAPER, radius=8)]
    index = 0
    for number, row in enumerate(rows):
        y, band = _TOP + index * _CELL, len(row) * _CELL
        parts.append(_box(8, y, width - 16, band, _BANDS[number % 2], radius=0))
        index += len(row)
    for position, name in enumerate(names):
        x, y = _LABELS + position * _CELL, _TOP + position * _CELL
        turned = f"translate({x + _CELL / 2 + 4:g} {_TOP - 8}) rotate(-60)"
        parts += [
            f'<text transform="{turned}" fill="{_QUIET}">{escape(name)}</text>',
            f'<text x="16" y="{y + 12.5:g}" fill="{_INK}">{escape(name)}</text>',
            _box(x + 1, y + 1, _CELL - 2, _CELL - 2, _LINE),
        ]
    for importer, imported in sorted(imports()):
        x = _LABELS + names.index(imported) * _CELL
        y = _TOP + names.index(importer) * _CELL
        title = f"{importer} imports {imported}"
        parts.append(_box(x + 1, y + 1, _CELL - 2, _CELL - 2, _MARK, title=title))
    for line, text in enumerate(_EXPLANATION):
        parts.append(
            f'<text x="16" y="{height - 28 + 16 * line}" fill="{_QUIET}">{escape(text)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(
    x: int, y: int, width: int, height: int, color: str, *, radius: int = 2, title: str = ""
) -> str:
    place = f'x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill="{color}"'
    if not title:
        return f"<rect {place}/>"
    return f"<rect {place}><title>{escape(title)}</title></rect>"

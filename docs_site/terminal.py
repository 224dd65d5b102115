"""Draws commands in a terminal as SVG, with what they really print, in its colors."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_THEME = TerminalTheme(
    (24, 32, 38),
    (216, 224, 228),
    [(24, 32, 38), (255, 117, 117), (126, 211, 142), (255, 200, 97),
     (120, 180, 255), (205, 154, 255), (103, 208, 220), (216, 224, 228)],
    [(110, 126, 135), (255, 140, 140), (150, 230, 165), (255, 214, 130),
     (150, 200, 255), (220, 180, 255), (140, 225, 235), (255, 255, 255)],
)  # fmt: skip
# Rich's own format loads a font from a CDN; this one names fonts that systems have.
_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, "DejaVu Sans", sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_CLEAR_BELOW = "\r\N{ESCAPE}[J"
_OTHER_CODES = re.compile(r"\x1b\[[0-9;]*[A-HJKSTfhl]")


def capture(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, columns: int
) -> str:
    """What a command prints to a terminal of this width, with its codes for colors."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        variables = dict(environment) | {"TERM": "xterm-256color"}
        os.execvpe(command[0], list(command), variables)  # noqa: S606
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    printed = b"".join(iter(partial(_read, terminal), b""))
    os.waitpid(process, 0)
    os.close(terminal)
    return printed.decode()


def _read(terminal: int) -> bytes:
    """What was printed since; empty when the process has closed its terminal."""
    try:
        return os.read(terminal, 65536)
    except OSError:  # on Linux
        return b""


def frames(printed: str) -> list[str]:
    """Each state of the block that a command such as `hptc watch` redraws."""
    return [plain for part in printed.split(_CLEAR_BELOW) if (plain := settled(part)).strip()]


def settled(printed: str) -> str:
    """The lines that stay: no progress that was overwritten, and no movements of the cursor."""
    lines = []
    for line in printed.replace("\r\n", "\n").split("\n"):
        last = line.split("\r")[-1]
        lines.append(_OTHER_CODES.sub("", last).rstrip())
    return "\n".join(lines).rstrip("\n")


def draw(title: str, lines: str, *, columns: int) -> str:
    """A terminal window with these lines."""
    console = Console(
        record=True,
        width=columns,
        file=io.StringIO(),
        color_system="truecolor",
        force_terminal=True,
        legacy_windows=False,
    )
    console.print(Text.from_ansi(lines), soft_wrap=False)
    svg = console.export_svg(title=title, theme=_THEME, code_format=_FORMAT, unique_id="t")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def prompt(command: str) -> str:
    """A command after a prompt, as a person types it."""
    return f"\N{ESCAPE}[36m$\N{ESCAPE}[0m \N{ESCAPE}[1m{command}\N{ESCAPE}[0m"

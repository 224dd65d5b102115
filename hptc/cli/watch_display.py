"""Where the progress of tuning jobs is shown: a block that is redrawn, or lines."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

from hptc.cli.console import can_redraw, is_quiet, print_status, terminal_width, use_color
from hptc.cli.watch_loop import Display
from hptc.jobs.job_progress import JobProgress
from hptc.render.job_progress import progress_line, render_job_progress

_CLEAR_BELOW = "\r\N{ESCAPE}[J"
_LINES_BESIDE_RUNNING = 12  # of a job's block, with some hyperparameters


@dataclass(slots=True)
class LineDisplay:
    """A line for each tuning job that has changed."""

    print_line: Callable[[str], None]
    line_of: Callable[[JobProgress, datetime], str] = progress_line
    _shown: dict[str, tuple[object, ...]] = field(default_factory=dict)

    def show(self, progress: Sequence[JobProgress], now: datetime) -> None:
        """Print a line for each job that has changed."""
        for job in progress:
            if self._shown.get(job.name) != job.essentials:
                self._shown[job.name] = job.essentials
                self.print_line(self.line_of(job, now))

    def note(self, text: str) -> None:
        """Print a message to stderr."""
        print_status(text)


@dataclass(slots=True)
class LiveDisplay:
    """A block on a terminal, redrawn in place. Messages stay above it."""

    stream: TextIO
    _drawn: int = 0  # lines
    _block: str = ""

    def show(self, progress: Sequence[JobProgress], now: datetime) -> None:
        """Redraw the block."""
        height = shutil.get_terminal_size().lines - 1
        max_running = max(1, height // max(1, len(progress)) - _LINES_BESIDE_RUNNING)
        blocks = [
            render_job_progress(
                job,
                color=use_color(self.stream),
                width=terminal_width() - 1,  # a full line would wrap
                max_running=max_running,
            )
            for job in progress
        ]
        lines = "\n\n".join(blocks).splitlines()[: height - 1]
        if not all(job.has_ended for job in progress):
            time = f"{now.astimezone(UTC):%H:%M:%S} UTC"
            lines.append(f"  read at {time}; Ctrl-C ends watching, not the tuning job")
        self._block = "".join(f"{line}\n" for line in lines)
        self._redraw()

    def note(self, text: str) -> None:
        """Print a message above the block."""
        self._redraw(f"{text}\n")

    def _redraw(self, above: str = "") -> None:
        up = f"\N{ESCAPE}[{self._drawn}A" if self._drawn else ""
        self.stream.write(f"{up}{_CLEAR_BELOW}{above}{self._block}")
        self.stream.flush()
        self._drawn = self._block.count("\n")


def progress_display(stream: TextIO, print_line: Callable[[str], None]) -> Display:
    """A live block if the stream is a terminal that can move its cursor, otherwise lines."""
    is_live = can_redraw(stream) and not (stream is sys.stderr and is_quiet())
    return LiveDisplay(stream) if is_live else LineDisplay(print_line)

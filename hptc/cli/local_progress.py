"""Shows the progress of a tuning job that runs on this machine."""

from __future__ import annotations

import time

from hptc.cli.console import StatusLine, print_status
from hptc.local.run_events import Ended, Event, Opened, Waiting
from hptc.render.local_runs import render_event, render_waiting

_SECONDS_WITHOUT_TERMINAL = 60.0


class RunProgress:
    """A line for each training job that has ended, and one for those that run.

    The latter is replaced on a terminal; elsewhere it is printed once a minute.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self.failures: list[Ended] = []
        self._line = StatusLine()
        self._next = time.monotonic() + _SECONDS_WITHOUT_TERMINAL

    def show(self, event: Event) -> None:
        """Show what has happened."""
        match event:
            case Waiting():
                self._wait(event)
                return
            case Opened():
                self.total = event.total
            case Ended() if event.status == "Failed" or event.value is None:
                self.failures.append(event)
            case _:
                pass
        text = render_event(event, self.total)
        if text is not None:
            self._line.clear()
            print_status(text)
            self._next = time.monotonic() + _SECONDS_WITHOUT_TERMINAL

    def _wait(self, event: Waiting) -> None:
        if self._line.is_shown:
            self._line.show(render_waiting(event, self.total))
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + _SECONDS_WITHOUT_TERMINAL
            print_status(render_waiting(event, self.total))

    def close(self) -> None:
        """Remove the line of the training jobs that run."""
        self._line.clear()

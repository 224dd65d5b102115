"""Ctrl-C ends a run wherever it arrives.

Python raises KeyboardInterrupt in whatever code runs, and extension modules such as Pydantic's can
swallow it or report it as another error. The signal is therefore remembered as well.
"""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

_interrupted = threading.Event()


def remember_interrupts() -> None:
    """Remember Ctrl-C from now on. A process that ignores it, as after `nohup`, still does."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
        sys.unraisablehook = _report_unraisable


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _interrupted.set()
    raise KeyboardInterrupt


def _report_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Report what Python can't raise, in a finalizer for example, unless it is Ctrl-C."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def is_interrupted() -> bool:
    """Whether Ctrl-C was pressed during the run."""
    return _interrupted.is_set()


def stop_if_interrupted() -> None:
    """Raise KeyboardInterrupt if an earlier one was swallowed."""
    if is_interrupted():
        raise KeyboardInterrupt

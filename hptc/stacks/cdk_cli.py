"""Finds and runs the CDK CLI.

If the user can answer prompts, the CLI runs in a pseudo-terminal, so that it shows them.
"""

from __future__ import annotations

import codecs
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hptc.errors import UsageError
from hptc.stacks.cdk_output import CdkOutput

_QUESTION, _CANCELED = "(y/n)", "canceled"


def find_cdk(root: Path) -> list[str]:
    """The command of the CDK CLI: the project's own, or else the one on PATH.

    Raises UsageError if there is neither.
    """
    if shutil.which("node") is None:
        raise UsageError("the CDK needs Node 22 or newer, but no `node` was found on PATH")
    own = root / "node_modules" / ".bin" / "cdk"
    program = str(own) if own.exists() else shutil.which("cdk")
    if program is None:
        raise UsageError(
            "the AWS CDK CLI is not installed",
            help="run `npm ci`, or `npm install aws-cdk@2.1148.1` (2.x, not 3.0.0)",
        )
    return [program]


def run_cdk(
    command: Sequence[str],
    folder: Path,
    output: CdkOutput,
    *,
    ask: Callable[[str], None] | None,
) -> int:
    """Run the CLI in a folder until it exits, and return its exit code.

    `ask` prints a question, without a line break, and what the person types into stdin. If it is
    None, the CLI gets no terminal and fails where it would prompt. Ctrl-C is passed to the CLI and
    raises KeyboardInterrupt after it has exited.
    """
    ours, theirs = os.pipe() if ask is None else _terminal()
    try:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL if ask is None else None,
            stdout=theirs,
            stderr=theirs,
        )
    except OSError as error:
        os.close(ours)
        raise UsageError(f"cannot run {command[0]}: {error.strerror}") from error
    finally:
        os.close(theirs)
    try:
        is_canceled = _read_output(ours, output, ask)
        code = process.wait()
    except KeyboardInterrupt:
        # Ctrl-C in a terminal signals both processes, but `kill` only this one.
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    finally:
        os.close(ours)
    if code in (-signal.SIGINT, 128 + signal.SIGINT) or (code != 0 and is_canceled):
        raise KeyboardInterrupt
    return code


def _read_output(ours: int, output: CdkOutput, ask: Callable[[str], None] | None) -> bool:
    """Feed the output line by line until it ends; whether the last question was canceled."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest, asked, is_asking = "", "", False
    while chunk := _read(ours):
        rest += decoder.decode(chunk)
        while rest:
            if is_asking and ask is not None:
                typed, end, rest = rest.partition("\n")
                ask(typed + end)
                asked += typed  # a line may arrive in pieces
                is_asking = not end
                continue
            line, end, after = rest.partition("\n")
            if ask is not None and _QUESTION in line:
                output.flush()
                asked, is_asking = "", True
            elif end:
                output.feed_line(line)
                rest = after
            else:
                break
    if rest:
        output.feed_line(rest)
    return asked.rstrip().endswith(_CANCELED)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # on Linux, when the last process has closed the terminal
        return b""


def _terminal() -> tuple[int, int]:
    """A pseudo-terminal as large as ours: the end to read from, and the CLI's end."""
    import pty
    import termios
    import tty

    ours, theirs = pty.openpty()
    tty.setraw(theirs)  # so that it changes nothing in the output
    with suppress(termios.error):
        termios.tcsetwinsize(theirs, termios.tcgetwinsize(sys.stderr))
    return ours, theirs

"""A training job as processes in a session of their own, which can outlive hptc.

A shell starts the command, notes its own process ID and, at the end, the exit code in files. A
later run of hptc can therefore watch the training job again, or learn how it ended. The shell's
stdin is a locked file: as long as it is locked, the noted process ID is that of the shell and of no
other process that got the same number.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from hptc.errors import OperationError

LOG = "log"
MARK = "HPTC_PROCESS_GROUP"
"""A variable in the environment of every process of a training job: the folder of its group."""

_PROCESS_ID, _EXIT_CODE, _RUNNING = "pid", "exit-code", "running"
_MAX_SCANS = 20
_ID_SECONDS = 2.0  # for a shell that has just started to note its process ID

# The shell survives SIGTERM, to note the exit code. The command doesn't inherit a trap, and doesn't
# start after a signal that came before it.
_SHELL = """
trap stopped=1 TERM
echo $$ >"$0/pid"
test -z "$stopped" || exit 143
"$@" </dev/null
code=$?
echo $code >"$0/exit-code"
exit $code
"""


class ProcessGroup:
    """The processes of one training job. `folder` has the files of this group only."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes] | None, number: int) -> None:
        self.folder = folder
        self._process = process  # None if another run of hptc has started it
        self._id = number
        self._has_ended = threading.Event()

    @classmethod
    def start(
        cls,
        folder: Path,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        when_ended: Callable[[], None],
    ) -> ProcessGroup:
        """Start a command, with its output in the file `log` of the folder.

        `when_ended` is called in another thread. Raises OperationError if it can't be started.
        """
        with (folder / _RUNNING).open("wb") as running, (folder / LOG).open("ab") as log:
            fcntl.flock(running, fcntl.LOCK_EX)
            try:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", _SHELL, str(folder), *command],
                    cwd=cwd,
                    env={**environment, MARK: str(folder)},
                    stdin=running,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise OperationError(f"can't start a training job: {error.strerror}") from None
        group = cls(folder, process, process.pid)
        waiting = threading.Thread(target=group._wait, args=(process, when_ended), daemon=True)
        waiting.start()
        return group

    @classmethod
    def find(cls, folder: Path) -> ProcessGroup | None:
        """The group that another run of hptc has started; None if it is not running anymore."""
        deadline = time.monotonic() + _ID_SECONDS
        while _is_locked(folder / _RUNNING):
            number = _read_number(folder / _PROCESS_ID)
            if number is not None:
                return cls(folder, None, number)
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        return None

    def has_ended(self) -> bool:
        """Whether the command has ended."""
        if self._process is not None:
            return self._has_ended.is_set()
        return not _is_locked(self.folder / _RUNNING)

    def terminate(self) -> None:
        """Ask all processes of the group to stop."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill all processes of the group."""
        self._signal(signal.SIGKILL)

    def finish(self) -> int | None:
        """Kill what the command has left running. Returns its exit code, or None if unknown.

        The exit code is that of a shell: 128 and the number of the signal that ended a command.
        """
        if self._process is not None:
            self.kill()  # before it is reaped, so that no other process can have its number
            code = self._process.wait()
            code = 128 - code if code < 0 else code
        else:
            saved = exit_code(self.folder)
            code = saved if saved is not None else 128 + signal.SIGKILL
        return code

    def _wait(self, process: subprocess.Popen[bytes], when_ended: Callable[[], None]) -> None:
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        else:
            process.wait()
        self._has_ended.set()
        when_ended()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._id, number)


def is_passable(text: str) -> bool:
    """Whether a text can be an argument or a variable of a process."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def exit_code(folder: Path) -> int | None:
    """The exit code of a group that has ended; None if it was killed, or never started."""
    return _read_number(folder / _EXIT_CODE)


def forget_exit_code(folder: Path) -> None:
    """Let another run start the command of a group again."""
    (folder / _EXIT_CODE).unlink(missing_ok=True)


def kill_marked(folder: Path) -> int:
    """Kill the processes that left their group but have its mark; return how many there were.

    `folder` is that of one group, or one that contains those of several. Linux only, and it takes
    milliseconds, because it reads the environment of every process of the user.
    """
    killed: set[int] = set()
    for _ in range(_MAX_SCANS):  # one that is found can have started another one meanwhile
        marked = set(_marked(str(folder))) - killed
        for number in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        killed |= marked
        if not marked:
            break
    return len(killed)


def _marked(folder: str) -> Iterator[int]:
    if sys.platform != "linux":
        return
    exact, inside = f"{MARK}={folder}\0".encode(), f"{MARK}={folder}/".encode()
    own = os.getuid()
    with os.scandir("/proc") as entries:
        for entry in entries:
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                if entry.stat().st_uid != own:
                    continue
                with open(f"/proc/{entry.name}/environ", "rb") as stream:  # noqa: PTH123 - faster
                    environment = stream.read()
                if exact in environment or inside in environment:
                    yield int(entry.name)


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    except FileNotFoundError:
        pass
    return False


def _read_number(path: Path) -> int | None:
    try:
        text = path.read_text()
        return int(text) if text.endswith("\n") else None  # it is being written
    except (OSError, ValueError):
        return None

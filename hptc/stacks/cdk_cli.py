"""The real CDK CLI: found, run to its end, and what it says while it deploys, line by line.

Lines that are known become `Activity` or `Finished`; the rest are its own words. A terminal, where
there is one, is passed on, so that its questions can be answered.
"""

from __future__ import annotations

import codecs
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hptc.errors import UsageError
from hptc.service.interface import StackEvent

_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
_ACTIVITY = re.compile(
    r"(?P<stack>[\w-]+) \| +(?:(?P<done>\d+)(?:/ *(?P<total>\d+))?) \| [^|]+ \| "
    r"(?P<status>[A-Z_]+)(?: \(skipped\))? *\| (?P<type>\S+) *\| (?P<rest>.*)"
)
_PATH = re.compile(r".*? \((?P<id>[A-Za-z0-9]+)\)(?: (?P<reason>.*))?")
_WAITING = re.compile(r" *\d+(/ *\d+)? Currently in progress: (?P<resources>.*)")
_DEPLOYING = re.compile(r"(?P<stack>[\w-]+): deploying\.\.\. \[(?P<number>\d+)/(?P<of>\d+)\]")
_FINISHED = re.compile(r"✅  (?P<stack>[\w-]+)(?P<unchanged> \(no changes\))?")
_FAILED = re.compile(r"❌  (?P<stack>[\w-]+) failed")
_CHATTER = re.compile(
    r"✨ .*"
    r"|[\w-]+"
    r"|[\w-]+: (start|success): (Building|Built|Publishing|Published) .*"
    r"|[\w-]+: creating CloudFormation changeset\.\.\."
    r"|Outputs:|[\w-]+\.\w+ = .*"
    r"|Stack ARN:|arn:[\w-]+:cloudformation:\S+"
    r"|Failed resources:|[\w-]+ \| [\d:APM ]+ \| [A-Z_]+ .*"
)
_CAUSE = re.compile(r"‣ \w+: ")
_QUESTION, _CANCELLED = "(y/n)", "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A step of CloudFormation's, and how far the stack has come."""

    event: StackEvent
    done: int
    total: int | None  # None where it is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A stack that is deployed, the how many-th of how many."""

    stack: str
    is_changed: bool
    number: int
    of: int


Progress = Activity | Finished


class Listener:
    """Takes what the CLI says: progress at once, its own words as soon as it goes on.

    Its last words are kept: they are about its failure, if it fails.
    """

    def __init__(self, progress: Callable[[Progress], None], say: Callable[[str], None]) -> None:
        self._progress = progress
        self._say = say
        self._words: list[str] = []
        self._number = self._of = 0
        self.active: set[str] = set()  # stacks on which CloudFormation began to work
        self.failed = ""  # the stack that failed
        self.changed: dict[str, bool] = {}  # of finished stacks

    def hear(self, line: str) -> None:
        """Take one line."""
        text = _CONTROL.sub("", line).rstrip()
        if not text or _CHATTER.fullmatch(text):
            return
        if found := _ACTIVITY.fullmatch(text):
            self.go_on()
            self.active.add(found["stack"])
            self._progress(_activity(found))
        elif found := _DEPLOYING.fullmatch(text):
            self.go_on()
            self._number, self._of = int(found["number"]), int(found["of"])
        elif found := _FINISHED.fullmatch(text):
            self.go_on()
            self.changed[found["stack"]] = found["unchanged"] is None
            self._progress(
                Finished(
                    stack=found["stack"],
                    is_changed=found["unchanged"] is None,
                    number=self._number,
                    of=self._of,
                )
            )
        elif found := _WAITING.fullmatch(text):
            self.go_on()
            self._say(f"still in progress: {found['resources']}")
        elif found := _FAILED.match(text):
            self.go_on()
            self.failed = found["stack"]
        else:
            self._words.append(line.rstrip("\r"))

    def go_on(self) -> None:
        """Say the words that were kept: it was no failure that they were about."""
        for line in self._words:
            self._say(line)
        self._words.clear()

    def conclude(self) -> str:
        """Say what is not about the failure, and return what is: of its causes the first."""
        words = [_CONTROL.sub("", line).strip() for line in self._words]
        first = next((i for i, line in enumerate(words) if _CAUSE.match(line)), None)
        if first is None:
            last = words[-1] if words else ""
            del self._words[-1:]
            self.go_on()
            return last
        cause = [words[first].partition(": ")[2]]
        for line in words[first + 1 :]:
            if _CAUSE.match(line):
                break
            cause.append(line)
        return " ".join(" ".join(cause).split())


def _activity(found: re.Match[str]) -> Activity:
    is_of_stack = found["rest"].startswith(found["stack"])
    with_path = None if is_of_stack else _PATH.fullmatch(found["rest"])
    if with_path:
        logical_id, reason = with_path["id"], with_path["reason"] or ""
    else:
        logical_id, _, reason = found["rest"].partition(" ")
    return Activity(
        event=StackEvent(
            stack=found["stack"],
            logical_id=logical_id,
            type=found["type"],
            status=found["status"],
            reason=reason,
        ),
        done=int(found["done"]),
        total=int(found["total"]) if found["total"] else None,
    )


def find_cdk(root: Path) -> list[str]:
    """The CDK CLI: the project's own, else the one on PATH. Raises UsageError without either."""
    if shutil.which("node") is None:
        raise UsageError("the CDK needs Node 20 or newer, and there is no `node` on PATH")
    own = root / "node_modules" / ".bin" / "cdk"
    found = str(own) if own.exists() else shutil.which("cdk")
    if found is None:
        raise UsageError(
            "the AWS CDK CLI is not installed", help="npm install aws-cdk@2.1148.1 (2.x, not 3.0.0)"
        )
    return [found]


def run_cdk(
    command: Sequence[str],
    folder: Path,
    listener: Listener,
    *,
    ask: Callable[[str], None] | None,
) -> int:
    """Run the CLI in a folder to its end, and return its exit code.

    `ask` writes to a person who can answer by this process's own stdin: a question without a line
    break, and what is typed. With None the CLI gets no terminal, and refuses what it has to ask.
    Ctrl-C reaches the CLI and raises KeyboardInterrupt once it has ended.
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
        is_cancelled = _listen(ours, listener, ask)
        code = process.wait()
    except KeyboardInterrupt:
        # A terminal has sent the signal to both; a `kill` has not.
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    finally:
        os.close(ours)
    if code in (-signal.SIGINT, 128 + signal.SIGINT) or (code != 0 and is_cancelled):
        raise KeyboardInterrupt
    return code


def _listen(ours: int, listener: Listener, ask: Callable[[str], None] | None) -> bool:
    """Pass on what comes, to the end; whether Ctrl-C was the answer to the last question."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest, asked, is_asking = "", "", False
    while chunk := _read(ours):
        rest += decoder.decode(chunk)
        while rest:
            if is_asking and ask is not None:
                typed, end, rest = rest.partition("\n")
                ask(typed + end)
                asked += typed  # a piece of the line, however it comes
                is_asking = not end
                continue
            line, end, after = rest.partition("\n")
            if ask is not None and _QUESTION in line:
                listener.go_on()
                asked, is_asking = "", True
            elif end:
                listener.hear(line)
                rest = after
            else:
                break
    if rest:
        listener.hear(rest)
    return asked.rstrip().endswith(_CANCELLED)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the last process has left a terminal
        return b""


def _terminal() -> tuple[int, int]:
    """A terminal as large as ours, by its two ends: ours to read, the CLI's to write to."""
    import pty
    import termios
    import tty

    ours, theirs = pty.openpty()
    tty.setraw(theirs)  # nothing that passes is changed on the way
    with suppress(termios.error):
        termios.tcsetwinsize(theirs, termios.tcgetwinsize(sys.stderr))
    return ours, theirs

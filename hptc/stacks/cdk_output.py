"""Parses the output of the CDK CLI while it deploys.

Lines that report progress become `StackActivity` or `StackFinished`; other lines are printed
unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hptc.service.interface import StackEvent
from hptc.stacks.results import StackActivity, StackFinished, StackProgress

_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
_ACTIVITY = re.compile(
    r"(?P<stack>[\w-]+) \| +(?:(?P<done>\d+)(?:/ *(?P<total>\d+))?) \| [^|]+ \| "
    r"(?P<status>[A-Z_]+)(?: \(skipped\))? *\| (?P<type>\S+) *\| (?P<rest>.*)"
)
_PATH = re.compile(r".*? \((?P<id>[A-Za-z0-9]+)\)(?: (?P<reason>.*))?")
_WAITING = re.compile(r" *\d+(/ *\d+)? Currently in progress: (?P<resources>.*)")
_DEPLOYING = re.compile(r"[\w-]+: deploying\.\.\. \[\d+/(?P<of>\d+)\]")
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
_STATUS_WIDTH = 23  # of the CLI's table, which cuts longer statuses
_LONG_STATUSES = (
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_ROLLBACK_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""
_IS_FAILURE = re.compile("ROLLBACK|FAILED")
_CAUSE = re.compile(r"‣ \w+: ")


class CdkOutput:
    """The output of one run of the CLI, fed line by line.

    Progress is reported immediately. Other lines are kept until the next progress line, because the
    last ones before the end are about the failure, if the CLI fails.
    """

    def __init__(
        self, progress: Callable[[StackProgress], None], print_line: Callable[[str], None]
    ) -> None:
        self._progress = progress
        self._print_line = print_line
        self._kept: list[str] = []
        self._count = 0
        self.active: set[str] = set()  # stacks that CloudFormation has started to change
        self.failed = ""  # the stack that the CLI reports as failed
        self._rolled_back: dict[str, None] = {}  # stacks that CloudFormation rolls back, in order
        self.changed: dict[str, bool] = {}  # by finished stack

    @property
    def failures(self) -> tuple[str, ...]:
        """The stacks that failed, the first one first; side by side, several can fail."""
        return tuple(dict.fromkeys([*self._rolled_back, *([self.failed] if self.failed else [])]))

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The stacks that CloudFormation is still changing."""
        return tuple(sorted(self.active - self.changed.keys() - self._rolled_back.keys()))

    def feed_line(self, line: str) -> None:
        """Parse one line."""
        text = _CONTROL.sub("", line).rstrip()
        if not text or _CHATTER.fullmatch(text):
            return
        if match := _ACTIVITY.fullmatch(text):
            self.flush()
            self.active.add(match["stack"])
            activity = _activity(match)
            if activity.event.is_of_stack and _IS_FAILURE.search(activity.event.status):
                self._rolled_back[match["stack"]] = None
            self._progress(activity)
        elif match := _DEPLOYING.fullmatch(text):
            self.flush()
            self._count = int(match["of"])
        elif match := _FINISHED.fullmatch(text):
            self.flush()
            self.changed[match["stack"]] = match["unchanged"] is None
            self._progress(
                StackFinished(
                    stack=match["stack"],
                    is_changed=match["unchanged"] is None,
                    # The CLI numbers stacks as they start, and those side by side end in any order.
                    number=len(self.changed),
                    count=self._count,
                )
            )
        elif match := _WAITING.fullmatch(text):
            self.flush()
            self._print_line(f"still in progress: {match['resources']}")
        elif match := _FAILED.match(text):
            self.flush()
            self.failed = match["stack"]
        else:
            self._kept.append(line.rstrip("\r"))

    def flush(self) -> None:
        """Print the kept lines, which are not about a failure."""
        for line in self._kept:
            self._print_line(line)
        self._kept.clear()

    def failure_message(self) -> str:
        """The first cause of the failure in the kept lines; prints the lines before it."""
        lines = [_CONTROL.sub("", line).strip() for line in self._kept]
        first = next((i for i, line in enumerate(lines) if _CAUSE.match(line)), None)
        if first is None:
            last = lines[-1] if lines else ""
            del self._kept[-1:]
            self.flush()
            return last
        cause = [lines[first].partition(": ")[2]]
        for line in lines[first + 1 :]:
            if _CAUSE.match(line):
                break
            cause.append(line)
        return " ".join(" ".join(cause).split())


def _activity(line: re.Match[str]) -> StackActivity:
    is_of_stack = line["rest"].startswith(line["stack"])
    with_path = None if is_of_stack else _PATH.fullmatch(line["rest"])
    if with_path:
        logical_id, reason = with_path["id"], with_path["reason"] or ""
    else:
        logical_id, _, reason = line["rest"].partition(" ")
    return StackActivity(
        event=StackEvent(
            stack=line["stack"],
            logical_id=logical_id,
            type=line["type"],
            status=_whole_status(line["status"]),
            reason=reason,
        ),
        done=int(line["done"]),
        total=int(line["total"]) if line["total"] else None,
    )


def _whole_status(status: str) -> str:
    """A status that the CLI may have cut; of two with the same beginning, the shorter one."""
    if len(status) != _STATUS_WIDTH:
        return status
    return next((long for long in _LONG_STATUSES if long.startswith(status)), status)

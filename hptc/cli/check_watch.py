"""`hptc check --watch`: checks again when a file that the check has read changes.

Files are polled, because that works everywhere and needs no dependency. A changed spec is compiled
again, with those that have errors or warm-start from others; any other change compiles everything.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hptc.cli.console import can_redraw, print_error, print_result, print_status
from hptc.cli.watch_loop import Clock
from hptc.compiler.outcome import Compiled, Outcome
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Rule
from hptc.source.filesystem import Disk
from hptc.text import plural

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.source.code_entries import CodeEntry

POLL_SECONDS = 0.5
_CLEAR_SCREEN = "\N{ESCAPE}[2J\N{ESCAPE}[3J\N{ESCAPE}[H"

_State = tuple[int | str, ...] | None
"""What changes when a file or the entries of a folder change; None if it does not exist."""


class RecordedFiles(Disk):
    """The files on disk, and the paths that were looked at."""

    def __init__(self) -> None:
        self.states: dict[Path, _State] = {}

    def record(self, path: Path) -> None:
        """Remember the state of a path before it is read, so that no later change is missed."""
        self.states.setdefault(Path(path).absolute(), _state(path))

    def read(self, path: str) -> str:
        """A file's text."""
        self.record(Path(path))
        return super().read(path)

    def is_file(self, path: Path) -> bool:
        """Whether the file exists."""
        self.record(path)
        return super().is_file(path)

    def is_folder(self, path: Path) -> bool:
        """Whether the folder exists."""
        self.record(path)
        return super().is_folder(path)

    def below(self, folder: Path) -> Iterator[Path]:
        """Everything in a folder and its subfolders."""
        self.record(folder)
        for path in super().below(folder):
            self.record(path)
            yield path

    def code_entries(self, folder: Path, maximum: int) -> list[CodeEntry]:
        """The files of a folder of training code."""
        self.record(folder)
        for path in folder.rglob("*"):
            self.record(path)
        return super().code_entries(folder, maximum)

    def take_changes(self) -> set[Path]:
        """The paths that have changed since they were recorded; their new states are recorded."""
        now = {path: _state(path) for path in self.states}
        changed = {path for path, state in now.items() if state != self.states[path]}
        self.states = now
        return changed


def _state(path: Path) -> _State:
    """The state of a path. A folder's is its names, because editors replace a file to write it."""
    try:
        stat_result = os.stat(path)  # noqa: PTH116 - a Path raises for a name that is too long
        if stat.S_ISDIR(stat_result.st_mode):
            return tuple(sorted(filter(_is_relevant, os.listdir(path))))  # noqa: PTH208 - names only
    except (OSError, ValueError):
        return None
    return stat_result.st_mtime_ns, stat_result.st_size, stat_result.st_ino


def _is_relevant(name: str) -> bool:
    """Whether an entry may be a spec or code, unlike the temporary files of editors."""
    return not name.startswith(".") and not name.endswith(("~", ".tmp", ".swp"))


@dataclass(slots=True)
class WatchedWorkspace(Workspace):
    """A workspace that keeps what it has compiled, in each environment, for the next check."""

    kept: dict[str, Workspace] = field(default_factory=dict)

    def in_environment(self, name: str) -> Workspace:
        """The same workspace for an environment each time."""
        if name not in self.kept:
            self.kept[name] = Workspace.in_environment(self, name)
        return self.kept[name]

    def forget(self, changed: set[Path]) -> bool:
        """Forget what depends on changed files; false if that may be everything."""
        workspaces = [self, *self.kept.values()]
        compiled = {path for workspace in workspaces for path in workspace.compiled}
        real = {self.files.real(path) for path in changed}
        if not real <= compiled:
            return False
        for workspace in workspaces:
            workspace.spec_files.clear()
            for path, outcome in list(workspace.compiled.items()):
                if path in real or _may_depend(outcome):
                    del workspace.compiled[path]
        return True


def _may_depend(outcome: Outcome) -> bool:
    """Whether the result of a file may depend on other specs: its parents, or what it lacks."""
    return not isinstance(outcome, Compiled) or "WarmStartConfig" in outcome.request


def watch(
    check: Callable[[Workspace], object],
    *,
    environment: str | None,
    rules: tuple[Rule, ...],
    rehearse: Rehearse,
    clock: Clock | None = None,
) -> NoReturn:
    """Run a check again and again, until the user presses Ctrl-C.

    `check` compiles with a workspace, and prints the result. Raises the UsageError of the first
    check; later ones are printed, because the next edit may correct them.
    """
    clock = clock or Clock()
    is_first = True
    files = RecordedFiles()

    def recorded_rehearsal(definition: Definition, sample: str, root: Path) -> Rehearsal:
        files.record(root / sample)
        return rehearse(definition, sample, root)

    def new_workspace() -> WatchedWorkspace:
        return WatchedWorkspace(
            environment=environment, rules=rules, files=files, rehearse=recorded_rehearsal
        )

    workspace = new_workspace()
    while True:
        if can_redraw(sys.stdout):
            print_result(_CLEAR_SCREEN)
        started = time.monotonic()
        try:
            check(workspace)
        except UsageError as error:
            if is_first:
                raise
            print_error(error.message, error.help)
        is_first = False
        _print_summary(clock, files, time.monotonic() - started)
        while not (changed := files.take_changes()):
            clock.sleep(POLL_SECONDS)
        if not workspace.forget(changed):
            files.states.clear()
            workspace = new_workspace()


def _print_summary(clock: Clock, files: RecordedFiles, seconds: float) -> None:
    """Print when the check ended, how long it took, and how many files are watched."""
    count = sum(path.is_file() for path in files.states)
    print_status(
        f"checked at {clock.now().astimezone():%H:%M:%S} in {seconds:.2f} s; "
        f"watching {plural(count, 'file')}, Ctrl-C ends"
    )
    sys.stdout.flush()

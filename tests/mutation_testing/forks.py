"""Runs tests on a mutation, in a fork of this process and a copy of the tree.

The libraries that tests import are loaded once, before the forks; hptc never is. Each fork imports
hptc again from the copy, runs pytest, and is killed when it exceeds its time.
"""

from __future__ import annotations

import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from tests.mutation_testing.selection import Selection
from tests.support.paths import ROOT

PASSED = 0  # exit codes of pytest
NOT_RUN = (3, 5)  # an error in pytest, or no test
LIBRARIES = ("boto3", "hypothesis", "jinja2", "pydantic", "pytest", "scipy.stats", "yaml")
PRELOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # hypothesis is imported already
OPTIONS = ("-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *PRELOADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a fork found: the first test that failed, or why the fork ended."""

    caught_by: str | None


class Tree:
    """A copy of the tree, and forks that run its tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._edits = 0
        self._collected: Connection | None = None
        _copy_tree(folder)
        assert not any(name.split(".")[0] == "hptc" for name in sys.modules)
        for name in LIBRARIES:
            importlib.import_module(name)

    def catch(self, file: str, mutated: str, selections: Sequence[Selection]) -> Outcome:
        """Run selections until a test fails, with a file changed."""
        path = self.folder / file
        original = path.read_bytes()
        self._write(path, mutated.encode())  # for the processes that tests start, too
        try:
            if self._collected is not None:
                for selection in selections:
                    outcome = self._ask(path, original.decode(), mutated, selection)
                    if outcome is None:
                        break
                    if outcome.caught_by is not None:
                        return outcome
                else:
                    return Outcome(caught_by=None)
            for selection in selections:
                outcome = self.run(selection)
                if outcome.caught_by is not None:
                    return outcome
            return Outcome(caught_by=None)
        finally:
            self._write(path, original)

    def _write(self, path: Path, content: bytes) -> None:
        """Write, with a time of its own: Python tells bytecode apart by seconds and size."""
        path.write_bytes(content)
        self._edits += 1
        later = time.time() + 10 * self._edits
        os.utime(path, (later, later))

    def run(self, selection: Selection) -> Outcome:
        """Run tests of the copy as it is."""
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as report:
            child = os.fork()
            if child == 0:
                code = 3
                try:
                    code = self._pytest(selection, output.fileno(), report.fileno())
                except BaseException:  # a fork must not return into its parent's code
                    output.write(traceback.format_exc())
                    output.flush()
                finally:
                    os._exit(code)
            status = wait(child, 120 + 6 * selection.seconds)
            if status is None or os.WIFSIGNALED(status):
                return Outcome(caught_by="(did not end)")
            output.seek(0)
            report.seek(0)
            code = os.waitstatus_to_exitcode(status)
            if code in NOT_RUN:
                raise SystemExit(f"pytest exited with {code}:\n{output.read()[-3000:]}")
            if code == PASSED:
                return Outcome(caught_by=None)
            return Outcome(caught_by=report.read().partition("\n")[0] or "(import)")

    def _pytest(self, selection: Selection, output: int, report: int) -> int:
        """In the fork: run pytest on the copy, within a limit of processor time."""
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        most = 60 + int(2 * selection.seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        import pytest

        self._enter()
        wanted = dict.fromkeys(selection.tests)
        paths = selection.paths or tuple({test.partition("::")[0]: None for test in wanted})
        plugin = _Chosen({test: rank for rank, test in enumerate(wanted)}, report)
        code = int(pytest.main([*OPTIONS, *paths], plugins=[plugin]))
        sys.stdout.flush()
        return code

    def _enter(self) -> None:
        """In a fork: import hptc and the tests from the copy."""
        os.chdir(self.folder)
        sys.path[:] = [
            str(self.folder) if Path(folder or ".") == ROOT else folder for folder in sys.path
        ]
        os.environ["PYTHONPATH"] = str(self.folder)
        for name in [name for name in sys.modules if name.split(".")[0] == "tests"]:
            del sys.modules[name]
        import hptc

        assert Path(str(hptc.__file__)).is_relative_to(self.folder)

    def collect(self, files: Sequence[str]) -> None:
        """Collect tests once, for `catch` to run them in forks."""
        ours, theirs = Pipe()
        if os.fork() == 0:
            try:
                ours.close()  # or the end of the run would not be noticed
                os.setsid()
                with (self.folder / "collected.log").open("w") as output:
                    os.dup2(output.fileno(), 1)
                    os.dup2(output.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
                self._enter()
                from tests.mutation_testing.collected_tests import serve

                serve(theirs, list(files), (*OPTIONS, "-s"))
            except BaseException:  # a fork must not return into its parent's code
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)
        theirs.close()
        try:
            ours.recv()
        except EOFError:
            text = (self.folder / "collected.log").read_text("utf-8")
            raise SystemExit(f"can't collect the tests:\n{text[-3000:]}") from None
        self._collected = ours

    def _ask(self, file: Path, original: str, mutated: str, selection: Selection) -> Outcome | None:
        """Run collected tests; None if the mutation is not in the code of a function."""
        assert self._collected is not None
        question = (file, original, mutated, selection.tests, selection.paths, selection.seconds)
        self._collected.send(question)
        caught_by, is_done, error = self._collected.recv()
        if error:
            raise SystemExit(f"a fork failed:\n{error[-3000:]}")
        return Outcome(caught_by=caught_by) if is_done else None


@dataclass(slots=True, eq=False)
class _Chosen:
    """A pytest plugin that keeps the chosen tests, and writes down what failed."""

    ranks: dict[str, int]
    report: int

    def pytest_collection_modifyitems(self, items: list[object]) -> None:
        if self.ranks:
            chosen = [item for item in items if item.nodeid in self.ranks]  # type: ignore[attr-defined]
            items[:] = sorted(chosen, key=lambda item: self.ranks[item.nodeid])  # type: ignore[attr-defined]

    def pytest_collectreport(self, report: object) -> None:
        if report.failed:  # type: ignore[attr-defined]
            os.write(self.report, f"(import) {report.nodeid}\n".encode())  # type: ignore[attr-defined]

    def pytest_runtest_logreport(self, report: object) -> None:
        if report.failed:  # type: ignore[attr-defined]
            os.write(self.report, f"{report.nodeid}\n".encode())  # type: ignore[attr-defined]


def wait(child: int, seconds: float) -> int | None:
    """The status of a process, or None for one that had to be killed, with all it started."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return status
            time.sleep(0.05)
        return None
    finally:
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        else:
            if time.monotonic() >= end:
                os.waitpid(child, 0)


def _copy_tree(folder: Path) -> None:
    """Copy the tracked files, as they are in the work tree, and link what is installed."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in (".venv", "node_modules"):
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())

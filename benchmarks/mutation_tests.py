"""Run the tests that reach a mutation, in a fork of this process and a copy of the tree.

The libraries that tests import are loaded once, before the forks; hptc never is. Each fork imports
hptc anew from the copy, runs pytest, and is killed when it exceeds its time.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, TypeGuard

from benchmarks.corpus import ROOT

PASSED = 0  # exit codes of pytest
NOT_RUN = (3, 5)  # an error in pytest, or no test
LIBRARIES = ("boto3", "hypothesis", "jinja2", "pydantic", "pytest", "scipy.stats", "yaml")
PRELOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # hypothesis is imported already
OPTIONS = ("-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *PRELOADED)
FIRST_SECONDS, ALL_SECONDS = 10.0, 60.0
"""The recorded seconds of the tests that run first, and of those that run if all of them pass."""

OF_ALL_RULES = (
    "tests/rules/test_rules.py::test_text_of_every_finding",
    "tests/rules/test_rules.py::test_fixes_of_every_finding",
    "tests/rules/test_messages.py::test_the_fixes_that_rules_have",
)
"""Tests of what all rules say, which are slow, so they run last."""
_MOST_STEPS = 3  # from a function to the rules that use it


@dataclass(frozen=True, slots=True)
class Entered:
    """Which tests enter which functions, as benchmarks/entered_functions.py records it."""

    seconds: dict[str, float]
    by_function: dict[str, frozenset[str]]
    by_file: dict[str, frozenset[str]]

    @staticmethod
    def read(path: Path) -> Entered:
        stored = json.loads(path.read_text("utf-8"))
        names = {number: name for name, number in stored["functions"].items()}
        by_function: dict[str, set[str]] = {}
        by_file: dict[str, set[str]] = {}
        for test, (_, numbers) in stored["tests"].items():
            for number in numbers:
                by_function.setdefault(names[number], set()).add(test)
                by_file.setdefault(names[number].rpartition(":")[0], set()).add(test)
        return Entered(
            {test: seconds for test, (seconds, _) in stored["tests"].items()},
            {name: frozenset(tests) for name, tests in by_function.items()},
            {name: frozenset(tests) for name, tests in by_file.items()},
        )

    def tests_of(self, file: str, source: str, line: int) -> frozenset[str]:
        """The tests that enter the function at a line, or those that use a module's constant.

        Else those that enter the file, and those of the schema and the docs for a model's key.
        """
        tree = ast.parse(source)
        first = _first_line(tree, line)
        if first is not None and (found := self.by_function.get(f"{file}:{first}")):
            return found
        if first is None and (name := _constant(tree, line)) is not None:
            users = [self.by_function.get(place, frozenset()) for place in _users(name)]
            if any(users):
                return frozenset().union(*users)
        is_model = file.startswith(("hptc/spec/", "hptc/project/"))
        of_models = (test for test in self.seconds if test.startswith("tests/reference/"))
        return self.by_file.get(file, frozenset()).union(of_models if is_model else ())


def _first_line(tree: ast.AST, line: int) -> int | None:
    """Where the innermost function at a line begins, with its decorators."""
    places = ((_begin(node), node.end_lineno or 0) for node in ast.walk(tree) if _is_function(node))
    return max((first for first, last in places if first <= line <= last), default=None)


def _is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _begin(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def _constant(tree: ast.Module, line: int) -> str | None:
    """The name that is assigned at a line of a module."""
    for node in tree.body:
        if node.lineno <= line <= (node.end_lineno or 0):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)])
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    return name
    return None


class _Function(NamedTuple):
    """A function of hptc, and the names that it uses."""

    file: str
    line: int
    name: str
    used: frozenset[str]


@cache
def _functions() -> tuple[_Function, ...]:
    found = []
    for path in sorted((ROOT / "hptc").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for node in filter(_is_function, ast.walk(ast.parse(path.read_text("utf-8")))):
            used = frozenset(
                inner.id if isinstance(inner, ast.Name) else inner.attr
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name | ast.Attribute)
            )
            found.append(_Function(file, _begin(node), node.name, used))
    return tuple(found)


def _users(name: str) -> Iterator[str]:
    """The functions of hptc that use a name, as FILE:LINE."""
    yield from (f"{each.file}:{each.line}" for each in _functions() if name in each.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Tests in the order in which they run."""

    tests: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Files or folders to run whole, when no single tests are known."""
    seconds: float = 0.0


def select(entered: Entered | None, file: str, source: str, line: int) -> tuple[Selection, ...]:
    """What to run for a mutation, in turn until a test fails."""
    package, module = Path(file).parts[1], Path(file).stem
    mirror = "/".join(("tests", *Path(file).parts[1:-1]))
    tests = entered.tests_of(file, source, line) if entered else frozenset()
    folder = mirror if (ROOT / mirror).is_dir() else f"tests/{package}"
    whole = Selection(paths=(folder,), seconds=ALL_SECONDS)
    if not entered or not tests:
        return (whole,)
    own = f"{mirror}/test_{module}.py"
    codes = _codes(source, line) or _codes_of_users(source, line)
    ordered = list(_across_files(tests, entered.seconds, own, mirror, codes))
    first = within(ordered, entered.seconds, FIRST_SECONDS)
    chosen = set(first.tests)
    others = [test for test in ordered if test not in chosen]
    rest = within(others, entered.seconds, ALL_SECONDS)
    files = {test.partition("::")[0] for test in entered.seconds}
    texts = tuple(each for each in OF_ALL_RULES if codes and each.partition("::")[0] in files)
    last = Selection(tests=texts, seconds=ALL_SECONDS)
    is_known = any(test.startswith(f"{folder}/") for test in entered.seconds)
    return tuple(each for each in (first, rest, last) if each.tests) + (
        () if is_known else (whole,)
    )


def within(ordered: Sequence[str], seconds: dict[str, float], most: float) -> Selection:
    """The tests that fit into a time, and at least one: a slow one does not keep others out."""
    chosen: list[str] = []
    total = 0.0
    for test in ordered:
        if not chosen or total + seconds[test] <= most:
            chosen.append(test)
            total += seconds[test]
    return Selection(tests=tuple(chosen), seconds=total)


def _codes(source: str, line: int) -> tuple[str, ...]:
    """The code of the rule at a line, or of all rules of the module: each has its own tests."""
    first = _first_line(ast.parse(source), line) or 0
    of_rule = re.findall(r'^@\w+\("(HPT\d{3})"', source.split("\n", first - 1)[-1])
    return tuple(of_rule or re.findall(r'^@\w+\("(HPT\d{3})"', source, re.MULTILINE))


def _codes_of_users(source: str, line: int) -> tuple[str, ...]:
    """The codes of the rules that use the function or constant at a line, if need be indirectly.

    Every compilation calls such a function, and few tests depend on what it returns.
    """
    tree = ast.parse(source)
    first = _first_line(tree, line)
    names = {each.name for each in ast.walk(tree) if _is_function(each) and _begin(each) == first}
    if first is None and (constant := _constant(tree, line)) is not None:
        names = {constant}
    known = set(names)
    for _ in range(_MOST_STEPS):
        users = [each for each in _functions() if not names.isdisjoint(each.used)]
        codes = [
            code
            for each in users
            if each.file.startswith("hptc/rules/")
            for code in _codes((ROOT / each.file).read_text("utf-8"), each.line)
        ]
        if codes:
            return tuple(dict.fromkeys(codes))
        names = {each.name for each in users} - known
        known |= names
    return ()


def _across_files(
    tests: Iterable[str], seconds: dict[str, float], own: str, mirror: str, codes: tuple[str, ...]
) -> Iterator[str]:
    """Quick tests first: those of a rule, then of the module's own file, then of its folder."""
    ranks: Counter[str] = Counter()
    rows = []
    for test in sorted(tests, key=lambda test: (seconds[test], test)):
        file = test.partition("::")[0]
        if any(code in test for code in codes):
            rows.append(((0, -1, seconds[test]), test))
            continue
        near = 0 if file == own else 1 if file.startswith(f"{mirror}/") else 2
        ranks[file] += 1
        rows.append(((ranks[file] // (20, 5, 1)[near], near, seconds[test]), test))
    yield from (test for _, test in sorted(rows))


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
        if self._collected is not None:
            for selection in selections:
                found = self._ask(path, mutated, selection)
                if found is not None and found.caught_by is not None:
                    return found
                if found is None:
                    break
            else:
                return Outcome(caught_by=None)
        original = path.read_bytes()
        self._write(path, mutated.encode())
        try:
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
        sys.path[:] = [str(self.folder) if Path(each or ".") == ROOT else each for each in sys.path]
        os.environ["PYTHONPATH"] = str(self.folder)
        for name in [name for name in sys.modules if name.split(".")[0] in ("benchmarks", "tests")]:
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
                from benchmarks.collected_tests import serve

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

    def _ask(self, file: Path | None, mutated: str, selection: Selection) -> Outcome | None:
        """Run collected tests; None if the mutation is not in the code of a function."""
        assert self._collected is not None
        question = (file, mutated, selection.tests, selection.paths, selection.seconds)
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

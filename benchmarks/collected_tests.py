"""Tests that are collected once, and run in forks with the code of one function replaced.

The process of this module imports hptc and all tests from a copy of the tree. For each mutation it
forks; the fork replaces the code of the function objects that the mutation changes, which every
reference to them sees. What runs when a module is imported has run by then: a mutation of it needs
a new import (benchmarks/mutation_tests.py).
"""

from __future__ import annotations

import gc
import os
import resource
import tempfile
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import pytest

CAUGHT, NOT_RUN, PASSED = 1, 3, 0


class Request(NamedTuple):
    """A mutated file, or none, and the tests to run on it in turn."""

    file: Path | None
    source: str
    tests: tuple[str, ...]
    paths: tuple[str, ...]
    seconds: float


class Reply(NamedTuple):
    """The test that failed, if one did; `is_done` is False if no function has the mutated code."""

    caught_by: str | None
    is_done: bool = True
    error: str = ""


class Server:
    """A pytest plugin that runs no tests itself, but those that it is asked for, in forks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._functions: dict[str, list[FunctionType]] = {}
        self._failed: str | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                self._functions.setdefault(each.__code__.co_filename, []).append(each)
        gc.freeze()
        self._connection.send(len(items))
        while (question := self._connection.recv()) is not None:
            self._connection.send(tuple(self._reply(Request(*question), items)))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._failed is None:
            self._failed = report.nodeid

    def _reply(self, request: Request, items: dict[str, pytest.Item]) -> Reply:
        from benchmarks.mutation_tests import wait

        changes = list(self._changes(request)) if request.file else []
        if request.file is not None and not changes:
            return Reply(None, is_done=False)
        with tempfile.TemporaryFile("w+") as report:
            child = os.fork()
            if child == 0:
                code = NOT_RUN
                try:
                    os.setsid()
                    most = 60 + int(2 * request.seconds)
                    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
                    for function, changed in changes:
                        function.__code__ = changed
                    self._run(_chosen(request, items))
                    report.write(self._failed or "")
                    code = PASSED if self._failed is None else CAUGHT
                except BaseException:  # a fork must not return into its parent's code
                    report.write(traceback.format_exc())
                finally:
                    report.flush()
                    os._exit(code)
            status = wait(child, 120 + 6 * request.seconds)
            report.seek(0)
            text = report.read()
        if status is None or os.WIFSIGNALED(status):
            return Reply("(did not end)")
        code = os.waitstatus_to_exitcode(status)
        if code == PASSED:
            return Reply(None)
        return Reply(text) if code == CAUGHT else Reply(None, error=text or str(code))

    def _run(self, items: list[pytest.Item]) -> None:
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed is not None:
                return

    def _changes(self, request: Request) -> Iterator[tuple[FunctionType, CodeType]]:
        """The functions whose code differs, each with its new code."""
        codes = {
            (code.co_qualname, code.co_firstlineno): code
            for code in _codes(compile(request.source, str(request.file), "exec"))
        }
        for function in self._functions.get(str(request.file), ()):
            old = function.__code__
            new = codes.get((old.co_qualname, old.co_firstlineno))
            if new is not None and new != old and new.co_freevars == old.co_freevars:
                yield function, new


def _chosen(request: Request, items: dict[str, pytest.Item]) -> list[pytest.Item]:
    below = tuple(f"{path}/" for path in request.paths)
    return [items[test] for test in request.tests if test in items] + [
        item for test, item in items.items() if below and test.startswith(below)
    ]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def serve(connection: Connection, files: list[str], options: tuple[str, ...]) -> None:
    """Collect tests of a copy of the tree, and answer until the connection sends None."""
    plugin = Server(connection)
    pytest.main([*options, *files], plugins=[plugin])

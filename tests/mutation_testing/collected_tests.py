"""Tests that are collected once, and run in forks with the code of one function replaced.

The process of this module imports hptc and all tests from a copy of the tree. For each mutation it
forks; the fork replaces the code of the function objects that the mutation changes, which every
reference to them sees, or the value of a module's constant that only functions use. What else runs
when a module is imported has run by then: a mutation of it needs a new import
(tests/mutation_testing/forks.py). A module that only functions import has not run yet: the fork
imports the mutated file.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import sys
import tempfile
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import pytest

CAUGHT, NOT_RUN, PASSED = 1, 3, 0
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Request(NamedTuple):
    """A file before and after its mutation, and the tests to run on it in turn."""

    file: Path
    original: str
    source: str
    tests: tuple[str, ...]
    paths: tuple[str, ...]
    seconds: float


class Reply(NamedTuple):
    """The test that failed, if one did; `is_done` is False if a mutation needs a new import."""

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
        for value in gc.get_objects():
            if isinstance(value, FunctionType):
                self._functions.setdefault(value.__code__.co_filename, []).append(value)
        gc.freeze()
        self._connection.send(len(items))
        while True:
            try:
                question = self._connection.recv()
            except EOFError:  # the process that asks has ended
                return True
            self._connection.send(tuple(self._reply(Request(*question), items)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._failed is None:
            self._failed = report.nodeid

    def _reply(self, request: Request, items: dict[str, pytest.Item]) -> Reply:
        from tests.mutation_testing.forks import wait

        changes = list(self._changes(request))
        constants = [] if changes else list(_constants(request))
        if not changes and not constants and is_module_loaded(request.file):
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
                    for names, name, value in constants:
                        names[name] = value
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
        for item, following in zip(items, [*items[1:], None], strict=False):
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


def is_module_loaded(file: Path) -> bool:
    """Whether a module was imported with the tests; if not, a fork imports it with its mutation."""
    return any(getattr(module, "__file__", None) == str(file) for module in [*sys.modules.values()])


def _chosen(request: Request, items: dict[str, pytest.Item]) -> list[pytest.Item]:
    below = tuple(f"{path}/" for path in request.paths)
    return [items[test] for test in request.tests if test in items] + [
        item for test, item in items.items() if below and test.startswith(below)
    ]


def _constants(request: Request) -> Iterator[tuple[dict[str, Any], str, object]]:
    """The globals that have a constant of the file, each with its new value.

    None if anything but the body of a function uses the constant: that ran when it was imported.
    """
    before, after = (ast.parse(text).body for text in (request.original, request.source))
    changed = [
        new for old, new in zip(before, after, strict=True) if ast.dump(old) != ast.dump(new)
    ]
    match changed:
        case [
            ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ]:
            pass
        case _:
            return
    root = str(request.file)
    users = []
    for module in [
        module for key, module in sys.modules.items() if key.startswith(("hptc.", "tests."))
    ]:
        path = getattr(module, "__file__", None)
        if path is None or name not in vars(module):
            continue
        text = request.original if path == root else Path(path).read_text("utf-8")
        tree = ast.parse(text)
        if path != root and not _is_imported(name, tree):
            continue  # a constant of its own, with the same name
        if name in names_used_on_import(tree):
            return
        users.append(vars(module))
    own = next(user for user in users if user["__file__"] == root)
    new = eval(compile(ast.Expression(value), root, "eval"), dict(own))
    for user in users:
        if user[name] == own[name]:
            yield user, name, new


def _is_imported(name: str, tree: ast.Module) -> bool:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(name == alias.name for statement in imports for alias in statement.names)


def names_used_on_import(node: ast.AST) -> Iterator[str]:
    """The names that a module reads while it is imported, and not when its functions are called."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name):
                yield name
            case _:
                pass
        if isinstance(node, FUNCTIONS) and child in node.body:
            continue
        yield from names_used_on_import(child)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def serve(connection: Connection, files: list[str], options: tuple[str, ...]) -> None:
    """Collect tests of a copy of the tree, and answer until the connection is closed."""
    plugin = Server(connection)
    pytest.main([*options, *files], plugins=[plugin])

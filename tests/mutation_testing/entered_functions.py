"""A pytest plugin that records which functions of hptc each test enters, and how long it takes.

    pytest -n 0 -p tests.mutation_testing.entered_functions --entered-functions FILE tests/cost

Modules of hptc are compiled with a call at the start of each function, which costs less than a
trace function: that slows down all code. What a test gets from a cached function, or from a fixture
that several tests share, counts as entered by every one of them. What runs while modules are
imported counts for no test. The records of the tests that passed are merged into FILE.

Functions are named FILE:QUALIFIED.NAME, so that a record stays true when lines move.
"""

from __future__ import annotations

import ast
import builtins
import functools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar

import pytest

from tests.mutation_testing.function_names import named_functions
from tests.support.paths import ROOT

Result = TypeVar("Result")
Names = set[str]
_CALL = "__entered__"


class Recorder:
    """The functions entered since the innermost `collect` began."""

    def __init__(self) -> None:
        self._current: Names = set()

    def enter(self, name: str) -> None:
        self._current.add(name)

    def collect(self, entered: Names, call: Callable[[], Result]) -> Result:
        """Call, and add what it enters to `entered` and to what is collected outside."""
        outer, self._current = self._current, entered
        try:
            return call()
        finally:
            self._current = outer
            outer |= entered

    def add(self, entered: Names) -> None:
        self._current |= entered


RECORDER = Recorder()


class _Loader(SourceFileLoader):
    """Compiles a module with a call at the start of each function, and keeps no bytecode of it."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path), path)
        file = Path(path).relative_to(ROOT).as_posix()
        for name, function in list(named_functions(tree)):
            first = function.body[0]
            is_documented = ast.get_docstring(function, clean=False) is not None
            call = ast.parse(f"{_CALL}({f'{file}:{name}'!r})").body[0]
            for node in ast.walk(call):
                ast.copy_location(node, first)
            function.body.insert(int(is_documented), call)
        return compile(tree, path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "hptc":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def _recorded(cached: Any, function: Callable[..., Any]) -> Any:
    """A cached function whose hits count as calls of what the miss entered."""
    if not str(function.__module__).startswith(("hptc", "tests")):
        return cached
    entered: dict[object, Names] = {}

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        key = (arguments, *sorted(keywords.items()))
        if key in entered:
            RECORDER.add(entered[key])
            return cached(*arguments, **keywords)
        return RECORDER.collect(
            entered.setdefault(key, set()), lambda: cached(*arguments, **keywords)
        )

    for name in ("cache_clear", "cache_info", "cache_parameters"):
        setattr(call, name, getattr(cached, name))
    return call


def _record_cached_functions() -> None:
    """Replace the decorators of functools, before a module of hptc or of the tests uses them."""
    decorate = functools.lru_cache

    def lru_cache(maxsize: Any = 128, typed: bool = False) -> Any:
        if callable(maxsize):
            return _recorded(decorate(maxsize), maxsize)
        return lambda function: _recorded(decorate(maxsize, typed)(function), function)

    functools.lru_cache = lru_cache
    functools.cache = lru_cache(maxsize=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--entered-functions", metavar="FILE", required=True)


def pytest_configure(config: pytest.Config) -> None:
    path = Path(config.getoption("--entered-functions")).resolve()
    config.pluginmanager.register(EnteredFunctions(path))


class EnteredFunctions:
    """Records tests as they run, and writes the file when the session ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, tuple[float, Names]] = {}
        self._fixtures: dict[int, Names] = {}
        self._not_passed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        entered: Names = set()
        began = time.monotonic()
        previous, RECORDER._current = RECORDER._current, entered
        try:
            return (yield)
        finally:
            RECORDER._current = previous
            for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
                for definition in definitions:
                    entered |= self._fixtures.get(id(definition), set())
            self._tests[item.nodeid] = (time.monotonic() - began, entered)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        entered = self._fixtures.setdefault(id(fixturedef), set())
        previous, RECORDER._current = RECORDER._current, entered
        try:
            return (yield)
        finally:
            RECORDER._current = previous

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self._not_passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Merge into the file: names of functions once, and their numbers by test."""
        stored = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        functions: dict[str, int] = stored.get("functions", {})
        tests: dict[str, Any] = stored.get("tests", {})
        for test, (seconds, entered) in self._tests.items():
            if test in self._not_passed:
                tests.pop(test, None)
                continue
            numbers = [functions.setdefault(name, len(functions)) for name in sorted(entered)]
            tests[test] = [round(seconds, 4), sorted(numbers)]
        whole = json.dumps({"functions": functions, "tests": tests})
        self._path.write_text(whole, "utf-8")


assert not any(name.partition(".")[0] == "hptc" for name in sys.modules)
setattr(builtins, _CALL, RECORDER.enter)
sys.meta_path.insert(0, _Finder())
_record_cached_functions()

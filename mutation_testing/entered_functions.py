"""A pytest plugin that records which functions of hptc each test enters, and how long it takes.

    python -m pytest -n 0 -p mutation_testing.entered_functions --entered-functions FILE tests/cost

What a test gets from a cached function, or from a fixture that several tests share, counts as
entered by every one of them. What runs while modules are imported counts for no test. The records
of the tests that passed are merged into FILE.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeVar

import pytest

Result = TypeVar("Result")
Code = set[CodeType]


class Recorder:
    """The code entered since the innermost `collect` began."""

    def __init__(self) -> None:
        self._current: Code = set()

    def trace(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002
        """A trace function that sees calls; it returns None, so that no lines are traced."""
        self._current.add(frame.f_code)

    def collect(self, entered: Code, call: Callable[[], Result]) -> Result:
        """Call, and add the code it enters to `entered` and to what is collected outside."""
        outer, self._current = self._current, entered
        try:
            return call()
        finally:
            self._current = outer
            outer |= entered

    def add(self, entered: Code) -> None:
        self._current |= entered


RECORDER = Recorder()


def _recorded(cached: Any, function: Callable[..., Any]) -> Any:
    """A cached function whose hits count as calls of what the miss entered."""
    if not str(function.__module__).startswith(("hptc", "tests")):
        return cached
    entered: dict[object, Code] = {}

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
    config.pluginmanager.register(EnteredFunctions(path, config.rootpath))


class EnteredFunctions:
    """Records tests as they run, and writes the file when the session ends."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path, self._prefix = path, f"{root}/hptc/"
        self._tests: dict[str, tuple[float, Code]] = {}
        self._fixtures: dict[int, Code] = {}
        self._not_passed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        entered: Code = set()
        began = time.monotonic()
        threading.settrace(RECORDER.trace)
        sys.settrace(RECORDER.trace)
        previous, RECORDER._current = RECORDER._current, entered
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            RECORDER._current = previous
            for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
                for each in definitions:
                    entered |= self._fixtures.get(id(each), set())
            self._tests[item.nodeid] = (time.monotonic() - began, self._own(entered))

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

    def _own(self, entered: Code) -> Code:
        return {code for code in entered if code.co_filename.startswith(self._prefix)}

    def pytest_sessionfinish(self) -> None:
        """Merge into the file: names of functions once, and their numbers by test."""
        stored = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        functions: dict[str, int] = stored.get("functions", {})
        tests: dict[str, Any] = stored.get("tests", {})
        numbers: dict[CodeType, int] = {}
        for test, (seconds, entered) in self._tests.items():
            if test in self._not_passed:
                tests.pop(test, None)
                continue
            for code in entered - numbers.keys():
                file = code.co_filename.removeprefix(self._prefix)
                name = f"hptc/{file}:{code.co_firstlineno}"
                numbers[code] = functions.setdefault(name, len(functions))
            tests[test] = [round(seconds, 4), sorted(numbers[code] for code in entered)]
        whole = json.dumps({"functions": functions, "tests": tests})
        self._path.write_text(whole, "utf-8")


_record_cached_functions()

"""Selects the tests that should catch a mutation: those that reach it, quick ones first."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutation_testing.function_names import function_at, named_functions
from tests.support.paths import ROOT

FIRST_SECONDS, ALL_SECONDS, FOLDER_SECONDS = 10.0, 60.0, 300.0
"""The recorded seconds of the tests that run first, of those that run if all of them pass, and of
those in the folder of tests that mirrors the package that run after these."""

OF_ALL_RULES = (
    "tests/rules/test_rules.py::test_text_of_every_finding",
    "tests/rules/test_rules.py::test_fixes_of_every_finding",
    "tests/rules/test_messages.py::test_the_fixes_that_rules_have",
)
"""Tests of what all rules say, which are slow: they run once the quick tests of a rule have passed,
and last for what is not of a rule."""
_MAX_STEPS = 3  # from a function to the rules that use it


@dataclass(frozen=True, slots=True)
class Entered:
    """Which tests enter which functions, as entered_functions.py records it."""

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

        Else those that enter the file or use a class's field, and those of the schema and the docs
        for a model's key.
        """
        tree = ast.parse(source)
        function = function_at(tree, line)
        if function is not None:
            tests = self.by_function.get(f"{file}:{function.qualified_name}")
            if tests:
                return tests
        if function is None and (name := _constant(tree, line)) is not None:
            tests = self._of_users(name)
            if tests:
                return tests
        is_model = file.startswith(("hptc/spec/", "hptc/project/"))
        of_models = (test for test in self.seconds if test.startswith("tests/reference/"))
        field = _field(tree, line) if function is None else None
        return self.by_file.get(file, frozenset()).union(
            of_models if is_model else (), self._of_users(field) if field is not None else ()
        )

    def _of_users(self, name: str) -> frozenset[str]:
        """The tests that enter the functions which use a name."""
        return frozenset().union(
            *(self.by_function.get(place, frozenset()) for place in _users(name))
        )


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


def _field(tree: ast.Module, line: int) -> str | None:
    """The field of a class at a line."""
    for owner in ast.walk(tree):
        for node in owner.body if isinstance(owner, ast.ClassDef) else ():
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), lineno=first, end_lineno=last) if (
                    first <= line <= (last or 0)
                ):
                    return name
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A function of hptc, and the names that it uses."""

    file: str
    line: int
    qualified_name: str
    used: frozenset[str]

    @property
    def name(self) -> str:
        return self.qualified_name.rpartition(".")[2]


@cache
def _functions() -> tuple[_Function, ...]:
    functions = []
    for path in sorted((ROOT / "hptc").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for function in named_functions(ast.parse(path.read_text("utf-8"))):
            used = frozenset(
                inner.id if isinstance(inner, ast.Name) else inner.attr
                for inner in ast.walk(function.node)
                if isinstance(inner, ast.Name | ast.Attribute)
            )
            functions.append(
                _Function(
                    file=file,
                    line=function.first_line,
                    qualified_name=function.qualified_name,
                    used=used,
                )
            )
    return tuple(functions)


def _users(name: str) -> Iterator[str]:
    """The functions of hptc that use a name, as FILE:QUALIFIED.NAME."""
    yield from (
        f"{function.file}:{function.qualified_name}"
        for function in _functions()
        if name in function.used
    )


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
    beside = _beside(entered, own) if function_at(ast.parse(source), line) is None else Selection()
    ordered = [
        test
        for test in _across_files(tests, entered.seconds, own, mirror, codes)
        if test not in beside.tests
    ]
    first = within(ordered, entered.seconds, FIRST_SECONDS)
    chosen = set(first.tests)
    others = [test for test in ordered if test not in chosen]
    rest = within(others, entered.seconds, ALL_SECONDS)
    chosen |= set(rest.tests)
    # A mutation that a test next to its module catches must not count as a survivor.
    near = [test for test in others if test.startswith(f"{folder}/") and test not in chosen]
    of_folder = within(near, entered.seconds, FOLDER_SECONDS)
    files = {test.partition("::")[0] for test in entered.seconds}
    texts = tuple(
        test
        for test in OF_ALL_RULES
        if test in tests or (codes and test.partition("::")[0] in files)
    )
    of_all_rules = Selection(tests=texts, seconds=ALL_SECONDS)
    in_turn = (of_all_rules, rest, of_folder) if codes else (rest, of_folder, of_all_rules)
    is_known = any(test.startswith(f"{folder}/") for test in entered.seconds)
    return tuple(group for group in (beside, first, *in_turn) if group.tests) + (
        () if is_known else (whole,)
    )


def _beside(entered: Entered, own: str) -> Selection:
    """The tests of a module's own file.

    What runs on import can be tested without entering a function of the module, and a new import
    is quick if few files of tests are collected.
    """
    tests = sorted(test for test in entered.seconds if test.startswith(f"{own}::"))
    return within(tests, entered.seconds, FIRST_SECONDS) if tests else Selection()


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
    function = function_at(ast.parse(source), line)
    rest = source.split("\n", function.first_line - 1)[-1] if function is not None else ""
    of_rule = re.findall(r'^@\w+\("(HPT\d{3})"', rest)
    return tuple(of_rule or re.findall(r'^@\w+\("(HPT\d{3})"', source, re.MULTILINE))


def _codes_of_users(source: str, line: int) -> tuple[str, ...]:
    """The codes of the rules that use the function or constant at a line, if need be indirectly.

    Every compilation calls such a function, and few tests depend on what it returns.
    """
    tree = ast.parse(source)
    function = function_at(tree, line)
    names = {function.node.name} if function is not None else set()
    if function is None and (constant := _constant(tree, line)) is not None:
        names = {constant}
    known = set(names)
    for _ in range(_MAX_STEPS):
        users = [function for function in _functions() if not names.isdisjoint(function.used)]
        codes = [
            code
            for user in users
            if user.file.startswith("hptc/rules/")
            for code in _codes((ROOT / user.file).read_text("utf-8"), user.line)
        ]
        if codes:
            return tuple(dict.fromkeys(codes))
        names = {user.name for user in users} - known
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

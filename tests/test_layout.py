"""The layout of the package and of its tests."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE, TESTS = ROOT / "hptc", ROOT / "tests"
MAX_LINES = 400
ASSERTING_CALLS = ("raises", "warns", "fail", "golden")
REPEATED_STEMS = (
    ("__init__", "every package has one"),
    ("__main__", "every package that runs with `python -m` has one"),
)
"""Stems that several modules may have, with the reason."""
NAMED_AFTER_A_SUBJECT = ("cli", "render")
"""Packages whose modules may have the name of the module whose results they show."""


def imports(path: Path) -> Iterator[str]:
    """The dotted name of every module that a file imports; `a` and `a.b` for `from a import b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_no_test_module_imports_another() -> None:
    """Shared builders belong in tests/support."""
    imports_text = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted(TESTS.rglob("*.py"))
        for module in imports(path)
        for stem in module.split(".")
        if module.startswith(("tests.", ".")) and (stem.startswith("test_") or stem == "conftest")
    ]
    assert imports_text == []


def asserts(test: ast.AST) -> bool:
    """Whether a test contains an assertion, or calls a function with an assertion in its name."""
    for node in ast.walk(test):
        match node:
            case ast.Assert():
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                if name in ASSERTING_CALLS or name.lstrip("_").startswith("assert"):
                    return True
    return False


def test_every_test_asserts_something() -> None:
    tests = [
        (path, node)
        for path in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert len(tests) > 1000
    idle = [f"{path.relative_to(ROOT)}: {node.name}" for path, node in tests if not asserts(node)]
    assert idle == []


def test_only_test_modules_mark_tests_as_slow() -> None:
    """`make e2e` reads no other file with tests: tests/support/distribution.py."""
    others = [path for path in TESTS.rglob("*.py") if not path.name.startswith("test_")]
    marking = [
        path.relative_to(ROOT)
        for path in others
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "slow"
    ]
    assert marking == []


@pytest.mark.parametrize("folder", [PACKAGE, TESTS / "support"], ids=["hptc", "support"])
def test_modules_are_short(folder: Path) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in folder.rglob("*.py")}
    assert [path for path, length in lengths.items() if length > MAX_LINES] == []


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(path.parent, id=path.parent.name)
        for path in sorted(PACKAGE.glob("*/__init__.py"))
    ],
)
def test_a_package_has_its_tests_in_the_folder_of_its_name(package: Path) -> None:
    assert list((TESTS / package.name).glob("test_*.py"))


def test_module_names_are_unique() -> None:
    exempt = {stem for stem, _ in REPEATED_STEMS}
    paths = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE)
        if module.parts[0] not in NAMED_AFTER_A_SUBJECT and path.stem not in exempt:
            paths[path.stem].append(str(module))
    assert paths
    assert {stem: same_stem for stem, same_stem in paths.items() if len(same_stem) > 1} == {}

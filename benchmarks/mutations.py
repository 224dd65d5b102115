"""Sample small mutations of the core, and run the tests that should catch them.

    python -m benchmarks.mutations --count 20 [--seed N] [--package cost] [--tests tests/render]

A mutation changes one comparison, boolean, integer, or `and`/`or`. Each runs the folder of tests
that mirrors its package, in a copy of the tree, and is caught when a test fails or times out. A
mutation that survives shows a missing assertion, or code that does not need to be there.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.corpus import ROOT

PACKAGES = (
    "compiler",
    "request",
    "rules",
    "infrastructure",
    "diff",
    "cost",
    "preview",
    "metrics",
    "jobs",
)
COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
BOOLEANS: dict[type[ast.boolop], tuple[str, str]] = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
IGNORED_KEYWORDS = ("strict",)
"""Arguments such as zip's, which only turn a bug into an exception."""
PASSED, FAILED, INTERRUPTED = 0, 1, 2  # exit codes of pytest; a module that fails to import is 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One replacement in one file, by offset."""

    file: str  # relative to the root
    line: int
    start: int
    end: int
    old: str
    new: str

    @property
    def package(self) -> str:
        return Path(self.file).parts[1]

    def apply(self, source: str) -> str:
        return source[: self.start] + self.new + source[self.end :]


def mutations(source: str, file: str) -> Iterator[Mutation]:
    """Every mutation of a module, in the order of its nodes."""
    offsets = _Offsets(source)
    for node in _mutable_nodes(ast.parse(source)):
        for start, end, new in _replacements(node, source, offsets):
            yield Mutation(
                file=file,
                line=source.count("\n", 0, start) + 1,
                start=start,
                end=end,
                old=source[start:end],
                new=new,
            )


def _mutable_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those of decorators and annotations, and of f-strings.

    Before Python 3.12 a node of an f-string has no reliable position.
    """
    yield node
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in ("decorator_list", "annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.keyword) and child.arg in IGNORED_KEYWORDS:
                continue
            if isinstance(child, ast.AST):
                yield from _mutable_nodes(child)


class _Offsets:
    """Positions of the syntax tree, whose columns count bytes, as offsets into the text."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def at(self, line: int, column: int) -> int:
        before = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(before)

    def span(self, node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.at(node.lineno, node.col_offset)
        return start, self.at(node.end_lineno, node.end_col_offset)


def _replacements(node: ast.AST, source: str, offsets: _Offsets) -> Iterator[tuple[int, int, str]]:
    match node:
        case ast.Compare():
            operands = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
                old, new = COMPARISONS[type(operator)]
                yield from _between(left, right, old, new, source, offsets)
        case ast.BoolOp():
            old, new = BOOLEANS[type(node.op)]
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from _between(left, right, old, new, source, offsets)
        case ast.UnaryOp(op=ast.Not()):
            start, _ = offsets.span(node)
            yield start, offsets.span(node.operand)[0], ""
        case ast.Constant(value=bool() as value):
            yield *offsets.span(node), str(not value)
        case ast.Constant(value=int() as number):
            yield *offsets.span(node), str(number + 1)
            yield *offsets.span(node), str(number - 1)
        case _:
            pass


def _between(
    left: ast.expr, right: ast.expr, old: str, new: str, source: str, offsets: _Offsets
) -> Iterator[tuple[int, int, str]]:
    """The operator between two operands, unless a comment there has its text too."""
    _, start = offsets.span(left)
    end, _ = offsets.span(right)
    if source.count(old, start, end) == 1:
        found = source.index(old, start, end)
        yield found, found + len(old), new


def sample(packages: tuple[str, ...], count: int, seed: int) -> list[Mutation]:
    """`count` mutations, at most one a line, in an order that depends on the seed alone."""
    lines: dict[tuple[str, int], list[Mutation]] = {}
    for package in packages:
        for path in sorted((ROOT / "hptc" / package).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            for mutation in mutations(path.read_text("utf-8"), file):
                lines.setdefault((mutation.file, mutation.line), []).append(mutation)
    random = Random(seed)
    chosen = random.sample(sorted(lines), min(count, len(lines)))
    return [random.choice(lines[each]) for each in chosen]


def copy_tree(folder: Path) -> None:
    """Copy the tracked files, as they are in the work tree, and link what is installed."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in (".venv", "node_modules"):
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())


class Tests:
    """The tests of a copy of the tree, with the copy's package and never the installed one."""

    def __init__(self, folder: Path, more: tuple[str, ...]) -> None:
        self._folder, self._more = folder, more
        # No bytecode: one written in the same second as a mutation would hide it.
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._timeouts: dict[str, float] = {}
        where = self._python("-c", "import hptc; print(hptc.__file__)").stdout.strip()
        if not Path(where).is_relative_to(folder):
            raise SystemExit(f"the tests would import {where} instead of the copy in {folder}")

    def prepare(self, package: str) -> None:
        """Run a package's tests on unchanged code, which sets its time limit."""
        started = time.monotonic()
        done = self._pytest(package, None)
        if done.returncode != PASSED:
            raise SystemExit(f"tests/{package} fails without a mutation:\n{done.stdout[-2000:]}")
        self._timeouts[package] = 30 + 3 * (time.monotonic() - started)

    def catch(self, package: str) -> bool:
        """Whether a test fails, or does not end."""
        try:
            done = self._pytest(package, self._timeouts[package])
        except subprocess.TimeoutExpired:
            return True
        if done.returncode not in (PASSED, FAILED, INTERRUPTED):
            raise SystemExit(f"pytest exited with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.returncode != PASSED

    def _pytest(self, package: str, timeout: float | None) -> subprocess.CompletedProcess[str]:
        options = ("-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0")
        folders = (f"tests/{package}", *self._more)
        return self._python("-m", "pytest", *options, *folders, timeout=timeout)

    def _python(
        self, *arguments: str, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def line_at(source: str, number: int) -> str:
    return source.splitlines()[number - 1].strip()


def main(arguments: list[str]) -> int:
    """Print each mutation as caught or survived, then the share that was caught."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutations")
    parser.add_argument("--count", type=int, default=20, help="mutations to sample (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another sample")
    parser.add_argument("--package", action="append", choices=PACKAGES, help="only this package")
    parser.add_argument(
        "--tests", action="append", default=[], metavar="PATH", help="also run these tests"
    )
    parser.add_argument("--list", action="store_true", help="print the sample, run nothing")
    options = parser.parse_args(arguments)
    chosen = sample(tuple(options.package or PACKAGES), options.count, options.seed)
    if options.list:
        for mutation in chosen:
            print(_description(mutation))
        return 0
    caught = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy_tree(folder)
        tests = Tests(folder, tuple(options.tests))
        for package in dict.fromkeys(mutation.package for mutation in chosen):
            print(f"running tests/{package} without a mutation", file=sys.stderr, flush=True)
            tests.prepare(package)
        for mutation in chosen:
            path = folder / mutation.file
            source = path.read_text("utf-8")
            path.write_text(mutation.apply(source), "utf-8")
            is_caught = tests.catch(mutation.package)
            path.write_text(source, "utf-8")
            caught += is_caught
            print("caught  " if is_caught else "SURVIVED", _description(mutation), flush=True)
    print(f"{caught} of {len(chosen)} caught ({caught / max(1, len(chosen)):.0%})")
    return 0


def _description(mutation: Mutation) -> str:
    source = (ROOT / mutation.file).read_text("utf-8")
    original = line_at(source, mutation.line)
    mutated = line_at(mutation.apply(source), mutation.line)
    return f"{mutation.file}:{mutation.line}\n    - {original}\n    + {mutated}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

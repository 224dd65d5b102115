"""Finds small mutations of the code, and samples them.

A mutation changes one comparison, boolean, integer, `not`, or `and`/`or`. Packages get their share
of a sample by lines. Those of equivalent_mutations.py, which change no result, are not sampled.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.mutation_testing.equivalent_mutations import EQUIVALENT
from tests.support.paths import ROOT

PACKAGES = (
    "source",
    "spec",
    "project",
    "request",
    "compiler",
    "rules",
    "metrics",
    "cost",
    "preview",
    "infrastructure",
    "diff",
    "jobs",
    "stacks",
    "results",
    "local",
    "local/search",
    "tool_formats",
    "secrets",
    "service",
    "account_checks",
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
        return package_of(self.file)

    def apply(self, source: str) -> str:
        return source[: self.start] + self.new + source[self.end :]

    def on_line(self, source: str) -> tuple[str, str]:
        """Its line without indentation, before and after."""
        begin, end = source.rfind("\n", 0, self.start) + 1, f"{source}\n".find("\n", self.end)
        before, after = source[begin : self.start], source[self.end : end]
        return f"{before}{self.old}{after}".strip(), f"{before}{self.new}{after}".strip()


def package_of(file: str) -> str:
    """The package of the sample that a file belongs to: the longest one that contains it."""
    folder = Path(file).parent.relative_to("hptc").as_posix()
    return max((name for name in PACKAGES if f"{folder}/".startswith(f"{name}/")), key=len)


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
    """Every node but those of decorators and f-strings, and of types in annotations.

    Before Python 3.12 a node of an f-string has no reliable position.
    """
    yield node
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns") and value is not None:
            for call in (node for node in ast.walk(value) if isinstance(node, ast.Call)):
                yield from _mutable_nodes(call)  # such as Field(ge=1)
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
            rest = source[start + len("not") :]
            yield start, len(source) - len(rest.lstrip()), ""
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
        at = source.index(old, start, end)
        yield at, at + len(old), new


def sample(packages: tuple[str, ...], count: int, seed: int) -> list[Mutation]:
    """`count` mutations, at most one a line, in an order that depends on the seed alone.

    A package gets its share of the count by its share of all lines of code.
    """
    lines: dict[str, dict[tuple[str, int], list[Mutation]]] = {name: {} for name in packages}
    sizes: Counter[str] = Counter()
    for path in sorted((ROOT / "hptc").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        if not any(file.startswith(f"hptc/{name}/") for name in PACKAGES):
            continue
        if (package := package_of(file)) not in lines:
            continue
        source = path.read_text("utf-8")
        sizes[package] += source.count("\n")
        equivalent = {(entry.line, entry.mutated) for entry in EQUIVALENT if entry.file == file}
        for mutation in mutations(source, file):
            if mutation.on_line(source) not in equivalent:
                lines[package].setdefault((file, mutation.line), []).append(mutation)
    random = Random(seed)
    chosen = []
    for package, share in _shares(sizes, count).items():
        places = sorted(lines[package])
        for place in random.sample(places, min(share, len(places))):
            chosen.append(random.choice(lines[package][place]))
    random.shuffle(chosen)
    return chosen


def of_lines(place: str) -> list[Mutation]:
    """Every mutation in lines of a file, which are written as FILE:FIRST-LAST."""
    file, _, numbers = place.partition(":")
    first, _, last = numbers.partition("-")
    source = (ROOT / file).read_text("utf-8")
    return [
        mutation
        for mutation in mutations(source, file)
        if int(first) <= mutation.line <= int(last or first)
    ]


def _shares(sizes: Counter[str], count: int) -> dict[str, int]:
    """A count divided by size; what is left by rounding down goes to the largest remainders."""
    total = max(1, sum(sizes.values()))
    exact = {name: count * size / total for name, size in sizes.items()}
    shares = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: count - sum(shares.values())]:
        shares[name] += 1
    return shares

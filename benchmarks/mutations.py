"""Sample small mutations of the core, and run the tests that should catch them.

    python -m benchmarks.mutations --count 100 [--seed N] [--package cost] [--resume FILE]
    python -m benchmarks.mutations --count 100 --part 1/2   # beside another process with 2/2

A mutation changes one comparison, boolean, integer, `not`, or `and`/`or`. Packages get their share
of the sample by lines. Each mutation is made in a copy of the tree and is caught when a test fails
or doesn't end. A mutation that survives shows a missing assertion, or code that does not need to be
there. Those of benchmarks/equivalent_mutations.py, which change no result, are not sampled.

`--entered FILE` is what benchmarks/entered_functions.py recorded: with it, the tests run that enter
the mutated function, quick ones first; without it, the folder of tests that mirrors the package. An
earlier test that no longer exists is skipped, and a new one is not known: record its file again.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.corpus import ROOT
from benchmarks.equivalent_mutations import EQUIVALENT
from benchmarks.mutation_tests import Entered, Selection, Tree, select

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
            for call in (each for each in ast.walk(value) if isinstance(each, ast.Call)):
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
        found = source.index(old, start, end)
        yield found, found + len(old), new


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
        equivalent = {(each.line, each.mutated) for each in EQUIVALENT if each.file == file}
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
    found = mutations((ROOT / file).read_text("utf-8"), file)
    return [each for each in found if int(first) <= each.line <= int(last or first)]


def _shares(sizes: Counter[str], count: int) -> dict[str, int]:
    """A count divided by size; what is left by rounding down goes to the largest remainders."""
    total = max(1, sum(sizes.values()))
    exact = {name: count * size / total for name, size in sizes.items()}
    shares = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: count - sum(shares.values())]:
        shares[name] += 1
    return shares


class Log:
    """What has been found so far, one JSON object a line, to go on after an interruption."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, str | None] = {}
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                self._found[_key(Mutation(**row["mutation"]))] = row["caught_by"]

    def __contains__(self, mutation: Mutation) -> bool:
        return _key(mutation) in self._found

    def caught_by(self, mutation: Mutation) -> str | None:
        return self._found[_key(mutation)]

    def add(self, mutation: Mutation, caught_by: str | None) -> None:
        self._found[_key(mutation)] = caught_by
        if self._path is not None:
            row = {"mutation": asdict(mutation), "caught_by": caught_by}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def _key(mutation: Mutation) -> str:
    return json.dumps(asdict(mutation))


def main(arguments: list[str]) -> int:
    """Print each mutation as caught or survived, then how many were caught, by package."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutations")
    parser.add_argument("--count", type=int, default=20, help="mutations to sample (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another sample")
    parser.add_argument("--package", action="append", choices=PACKAGES, help="only this package")
    parser.add_argument(
        "--lines", action="append", default=[], metavar="FILE:FIRST-LAST", help="all of these lines"
    )
    parser.add_argument(
        "--part", default="1/1", metavar="I/N", help="every Nth mutation, for N processes"
    )
    parser.add_argument("--entered", type=Path, metavar="FILE", help="which tests enter what")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep results here, and go on")
    parser.add_argument("--again", action="store_true", help="run the survivors in FILE again")
    parser.add_argument("--list", action="store_true", help="print the sample, run nothing")
    options = parser.parse_args(arguments)
    chosen = [mutation for place in options.lines for mutation in of_lines(place)]
    chosen = chosen or sample(tuple(options.package or PACKAGES), options.count, options.seed)
    part, _, parts = options.part.partition("/")
    chosen = chosen[int(part) - 1 :: int(parts)]
    if options.list:
        for mutation in chosen:
            print(_description(mutation))
        return 0
    entered = Entered.read(options.entered) if options.entered else None
    log = Log(options.resume)
    with tempfile.TemporaryDirectory(prefix="hptc-mutations-") as name:
        tree = Tree(Path(name).resolve())
        if entered is not None:
            print("collecting tests", file=sys.stderr, flush=True)
            files = {test.partition("::")[0] for test in entered.seconds}
            tree.collect(sorted(file for file in files if (tree.folder / file).exists()))
        for number, mutation in enumerate(chosen, 1):
            if mutation not in log or (options.again and log.caught_by(mutation) is None):
                began = time.monotonic()
                source = (ROOT / mutation.file).read_text("utf-8")
                selections = select(entered, mutation.file, source, mutation.line)
                found = tree.catch(mutation.file, mutation.apply(source), selections)
                log.add(mutation, found.caught_by)
                seconds = time.monotonic() - began
                print(f"{number}/{len(chosen)}, {seconds:.0f} s", file=sys.stderr, flush=True)
            caught_by = log.caught_by(mutation)
            print("SURVIVED" if caught_by is None else "caught  ", _description(mutation))
            print(f"    {caught_by or ''}".rstrip(), flush=True)
        _check_unchanged(tree, [by for each in chosen if (by := log.caught_by(each))])
    print(table(chosen, log))
    return 0


def _check_unchanged(tree: Tree, caught_by: Sequence[str]) -> None:
    """Refuse a result that relies on a test which fails without any mutation too."""
    tests = tuple(dict.fromkeys(each for each in caught_by if not each.startswith("(")))
    if tests:
        print("running the tests that failed without a mutation", file=sys.stderr, flush=True)
        failed = tree.run(Selection(tests=tests, seconds=600)).caught_by
        if failed is not None:
            raise SystemExit(f"{failed} fails without a mutation")


def table(chosen: Sequence[Mutation], log: Log) -> str:
    """How many mutations of each package were caught."""
    sampled = Counter(mutation.package for mutation in chosen)
    caught = Counter(each.package for each in chosen if log.caught_by(each) is not None)
    rows = [(name, caught[name], sampled[name]) for name in PACKAGES if sampled[name]]
    rows.append(("all", sum(caught.values()), len(chosen)))
    lines = [f"{name:<16}{found:>4} of {of:<4}{found / of:>5.0%}" for name, found, of in rows]
    return "\n".join(lines)


def _description(mutation: Mutation) -> str:
    original, mutated = mutation.on_line((ROOT / mutation.file).read_text("utf-8"))
    return f"{mutation.file}:{mutation.line}\n    - {original}\n    + {mutated}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

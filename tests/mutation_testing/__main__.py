"""Samples small mutations of the core, and runs the tests that should catch them.

    python -m tests.mutation_testing --count 100 [--seed N] [--package cost] [--resume FILE]
    python -m tests.mutation_testing --count 100 --part 1/2   # beside another process with 2/2

Each mutation is made in a copy of the tree and is caught when a test fails or doesn't end. A
mutation that survives shows a missing assertion, or code that does not need to be there.

`--entered FILE` is what entered_functions.py recorded: with it, the tests run that
enter the mutated function, quick ones first; without it, the folder of tests that mirrors the
package. An earlier test that no longer exists is skipped, and a new one is not known: record its
file again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.mutation_testing.forks import Tree
from tests.mutation_testing.mutations import PACKAGES, Mutation, of_lines, sample
from tests.mutation_testing.selection import Entered, Selection, select
from tests.support.paths import ROOT


class Log:
    """The results so far, one JSON object a line, to continue after an interruption."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._caught_by: dict[str, str | None] = {}
        if path is not None and path.exists():
            for line in path.read_text("utf-8").splitlines():
                row = json.loads(line)
                self._caught_by[_key(Mutation(**row["mutation"]))] = row["caught_by"]

    def __contains__(self, mutation: Mutation) -> bool:
        return _key(mutation) in self._caught_by

    def caught_by(self, mutation: Mutation) -> str | None:
        return self._caught_by[_key(mutation)]

    def add(self, mutation: Mutation, caught_by: str | None) -> None:
        self._caught_by[_key(mutation)] = caught_by
        if self._path is not None:
            row = {"mutation": asdict(mutation), "caught_by": caught_by}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def _key(mutation: Mutation) -> str:
    return json.dumps(asdict(mutation))


def main(arguments: list[str]) -> int:
    """Print each mutation as caught or survived, then how many were caught, by package."""
    options = _options(arguments)
    chosen = [mutation for place in options.lines for mutation in of_lines(place)]
    chosen = chosen or sample(tuple(options.package or PACKAGES), options.count, options.seed)
    part, _, parts = options.part.partition("/")
    chosen = chosen[int(part) - 1 :: int(parts)]
    if options.list:
        for mutation in chosen:
            print(_description(mutation))
        return 0
    log = Log(options.resume)
    with tempfile.TemporaryDirectory(prefix="hptc-mutations-") as name:
        tree = Tree(Path(name).resolve())
        entered = Entered.read(options.entered) if options.entered else None
        if entered is not None:
            print("collecting tests", file=sys.stderr, flush=True)
            files = {test.partition("::")[0] for test in entered.seconds}
            tree.collect(sorted(file for file in files if (tree.folder / file).exists()))
        for number, mutation in enumerate(chosen, 1):
            if mutation not in log or (options.again and log.caught_by(mutation) is None):
                began = time.monotonic()
                log.add(mutation, _caught_by(mutation, tree, entered))
                seconds = time.monotonic() - began
                print(f"{number}/{len(chosen)}, {seconds:.0f} s", file=sys.stderr, flush=True)
            caught_by = log.caught_by(mutation)
            print("SURVIVED" if caught_by is None else "caught  ", _description(mutation))
            print(f"    {caught_by or ''}".rstrip(), flush=True)
        _check_unchanged(tree, [by for mutation in chosen if (by := log.caught_by(mutation))])
    print(table(chosen, log))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation_testing")
    parser.add_argument("--count", type=int, default=20, help="mutations to sample (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="what the sample depends on")
    parser.add_argument("--package", action="append", choices=PACKAGES, help="only this package")
    parser.add_argument(
        "--lines", action="append", default=[], metavar="FILE:FIRST-LAST", help="all of these lines"
    )
    parser.add_argument(
        "--part", default="1/1", metavar="I/N", help="every Nth mutation, for N processes"
    )
    parser.add_argument("--entered", type=Path, metavar="FILE", help="which tests enter what")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep the results here")
    parser.add_argument("--again", action="store_true", help="run the survivors in FILE again")
    parser.add_argument("--list", action="store_true", help="print the sample, run nothing")
    return parser.parse_args(arguments)


def _caught_by(mutation: Mutation, tree: Tree, entered: Entered | None) -> str | None:
    """The test that a mutation fails; None if it survives."""
    source = (ROOT / mutation.file).read_text("utf-8")
    selections = select(entered, mutation.file, source, mutation.line)
    return tree.catch(mutation.file, mutation.apply(source), selections).caught_by


def _check_unchanged(tree: Tree, caught_by: Sequence[str]) -> None:
    """Refuse a result that relies on a test which fails without any mutation too."""
    tests = tuple(dict.fromkeys(test for test in caught_by if not test.startswith("(")))
    if tests:
        print("running the tests that failed without a mutation", file=sys.stderr, flush=True)
        failed = tree.run(Selection(tests=tests, seconds=600)).caught_by
        if failed is not None:
            raise SystemExit(f"{failed} fails without a mutation")


def table(chosen: Sequence[Mutation], log: Log) -> str:
    """How many mutations of each package were caught."""
    sampled = Counter(mutation.package for mutation in chosen)
    caught = Counter(mutation.package for mutation in chosen if log.caught_by(mutation) is not None)
    rows = [(name, caught[name], sampled[name]) for name in PACKAGES if sampled[name]]
    rows.append(("all", sum(caught.values()), len(chosen)))
    lines = [f"{name:<16}{some:>4} of {of:<4}{some / of:>5.0%}" for name, some, of in rows]
    return "\n".join(lines)


def _description(mutation: Mutation) -> str:
    original, mutated = mutation.on_line((ROOT / mutation.file).read_text("utf-8"))
    return f"{mutation.file}:{mutation.line}\n    - {original}\n    + {mutated}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

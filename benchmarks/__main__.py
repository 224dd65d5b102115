"""`make bench`: every claim about speed as a ratio of two measurements on this machine."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks import (
    cold_start,
    compilation,
    experiments,
    growth,
    language_server,
    local_runs,
    regret,
    reviewing,
    synthesis,
)
from benchmarks.measure import reason_of
from benchmarks.rows import HEADINGS, Failure, Row, text
from hptc.cli.program import collect_garbage_rarely


class Benchmark(Protocol):
    """Yields its rows as it measures them, in a folder of its own."""

    def __call__(self, folder: Path, *, is_short: bool) -> Iterator[Row]: ...


BENCHMARKS: dict[str, Benchmark] = {
    "compilation": compilation.run,
    "cold-start": cold_start.run,
    "reviewing": reviewing.run,
    "regret": regret.run,
    "experiments": experiments.run,
    "synthesis": synthesis.run,
    "local-runs": local_runs.run,
    "language-server": language_server.run,
    **{f"growth-{command.name}": partial(growth.run, command) for command in growth.COMMANDS},
}


def rows(benchmark: Benchmark, name: str, *, is_short: bool) -> Iterator[Row]:
    """The rows of a benchmark; if it fails, the last one has the reason."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield from benchmark(Path(folder), is_short=is_short)
        except Exception as error:
            yield Failure(claim=name, reason=reason_of(error))


def main(arguments: Sequence[str], benchmarks: Mapping[str, Benchmark] = BENCHMARKS) -> int:
    """Run every benchmark, or the named ones. Exit with 1 if one failed; a missed aim is fine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benchmarks))
    parser.add_argument("--short", action="store_true", help="small sizes, to check that all run")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in benchmarks]
    if unknown:
        parser.error(
            f"unknown benchmark: {', '.join(unknown)}; choose from {', '.join(benchmarks)}"
        )
    failed = 0
    headings = dict(HEADINGS)
    for name, benchmark in benchmarks.items():
        if options.names and name not in options.names:
            continue
        print(f"running {name}", file=sys.stderr, flush=True)
        for row in rows(benchmark, name, is_short=options.short):
            failed += isinstance(row, Failure)
            if heading := headings.pop(type(row), ""):
                print(f"\n{heading}", flush=True)
            print(text(row, has_aims=not options.short), flush=True)
    if failed:
        print(f"\n{failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    collect_garbage_rarely()  # as the command line does, for both sides
    sys.exit(main(sys.argv[1:]))

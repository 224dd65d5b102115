"""Gives hostile specs, templates, requests, responses and commits to `check`, `import` and `diff`.

    python -m tests.fuzzing --cases 50000 [--seed N] [--only N]

Each case depends on its number alone, so that `--only` repeats a finding. checks.py says what
a finding is; more than two seconds of CPU time and a process that dies are findings too.
Batches run in separate processes. tests/test_fuzzing.py runs a few.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzzing.inputs import make_input
from tests.fuzzing.runs import Outcome, run_in_process

BATCH = 1000


def main() -> int:
    """Run the cases of the command line. Exit with 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing")
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, metavar="CASE", help="show one case, and run it")
    options = parser.parse_args()
    if options.only is not None:
        hostile = make_input(options.seed, options.only)
        if hostile.project is not None:
            print(f"--- hptc.yaml\n{hostile.project.decode('utf-8', 'backslashreplace')}")
        print(f"--- {hostile.kind}\n{hostile.raw.decode('utf-8', 'backslashreplace')}\n---")
        outcome = run_in_process(options.seed, range(options.only, options.only + 1))
    else:
        outcome = Outcome()
        for start in range(0, options.cases, BATCH):
            cases = range(start, min(start + BATCH, options.cases))
            outcome.add(run_in_process(options.seed, cases))
            print(f"{cases.stop} cases, {len(outcome.findings)} findings", file=sys.stderr)
    for finding in outcome.findings:
        print(f"case {finding.case} ({finding.input.kind}): {finding.problem}\n")
    seconds, case = outcome.slowest
    print(
        f"{len(outcome.findings)} findings, {outcome.compiled} compiled, "
        f"{outcome.refused} refused; slowest {seconds:.2f} s (case {case}), "
        f"peak {outcome.peak_mb} MB"
    )
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())

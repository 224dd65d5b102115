"""How near a search on this machine comes to the optimum, and what its proposals cost.

The regret is the best value minus the optimum. `python -m benchmarks.regret --seeds 20` prints the
tables of docs/local-search.md. Optuna is compared if it is installed, its GPSampler if torch is.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.measure import python
from benchmarks.optuna_search import optuna_engines, optuna_search, optuna_time_rows
from benchmarks.regret_problems import PROBLEMS, Problem
from benchmarks.rows import Amount, Note, Row, text
from hptc.local.search.observation import Observation, Proposal
from hptc.local.search.proposals import propose
from hptc.request.scales import draw as draw_value
from tests.support.searches import tuning_job

CHECKPOINTS = (30, 60)
PARALLEL = (1, 4)
OWN_ENGINES = ("Random", "Bayesian")
SIZES = {50: 60.0, 100: 100.0, 500: 1000.0}
"""The milliseconds that a proposal should take at most, by the number of observations."""
MAX_MEMORY_MB = 200


def search(problem: Problem, strategy: str, *, jobs: int, parallel: int, seed: int) -> list[float]:
    """The values in the order of the training jobs. The oldest of the parallel ones ends first."""
    job = tuning_job(problem.ranges, strategy=strategy, jobs=jobs, parallel=parallel)
    history: list[Observation] = []
    values: list[float] = []
    for number in range(1, jobs + 1):
        proposal = propose(job, history, number=number, seed=seed)
        assert isinstance(proposal, Proposal)
        history.append(
            Observation(number=number, definition="", values=proposal.values, state="pending")
        )
        values.append(problem.value(proposal.values))
        ended = number - parallel
        if ended >= 0:
            history[ended] = Observation(
                number=ended + 1,
                definition="",
                values=history[ended].values,
                state="succeeded",
                objective=values[ended],
            )
    return values


def regrets(
    problem: Problem, engine: str, *, jobs: int, parallel: int, seeds: Sequence[int]
) -> list[list[float]]:
    """The regret after every training job, for each seed."""
    engine_search = search if engine in OWN_ENGINES else optuna_search
    return [
        list(
            itertools.accumulate(
                engine_search(problem, engine, jobs=jobs, parallel=parallel, seed=seed), min
            )
        )
        for seed in seeds
    ]


def regret_rows(
    *,
    seeds: Sequence[int],
    checkpoints: Sequence[int],
    problems: Sequence[Problem] = PROBLEMS,
    engines: Sequence[str] = (),
    parallel: Sequence[int] = PARALLEL,
) -> Iterator[Row]:
    """The median and the ninth decile of the regret: one line per engine and problem."""
    if not engines:
        others, notes = optuna_engines()
        yield from notes
        engines = ("Random", *others, "Bayesian")
    for at_a_time in parallel:
        at = " and ".join(map(str, checkpoints))
        yield Note(text=f"\nregret after {at} training jobs, {at_a_time} at a time: median / p90")
        for problem in problems:
            for engine in engines:
                start = time.process_time()
                curves = regrets(
                    problem, engine, jobs=max(checkpoints), parallel=at_a_time, seeds=seeds
                )
                cells = []
                for checkpoint in checkpoints:
                    ends = sorted(curve[checkpoint - 1] for curve in curves)
                    ninth = ends[min(len(ends) - 1, round(0.9 * (len(ends) - 1)))]
                    cells.append(f"{median(ends):8.2g} / {ninth:<8.2g}")
                seconds = time.process_time() - start
                yield Note(
                    text=f"{problem.name:<14} {engine:<10} {'  '.join(cells)}  {seconds:6.1f} s"
                )


def observations(problem: Problem, count: int) -> list[Observation]:
    """Random training jobs with their values."""
    random = Random(7)
    ended = []
    for number in range(1, count + 1):
        values = {range_.name: draw_value(range_, random) for range_ in problem.ranges}
        ended.append(
            Observation(
                number=number,
                definition="",
                values=values,
                state="succeeded",
                objective=problem.value(values),
            )
        )
    return ended


def time_rows(sizes: Sequence[int], *, rounds: int = 5, compares: bool = False) -> Iterator[Row]:
    """The CPU time of a proposal by the number of observations, four of them pending."""
    problem = PROBLEMS[3]
    for size in sizes:
        job = tuning_job(problem.ranges, strategy="Bayesian", jobs=2 * size, parallel=4)
        done = observations(problem, size)
        pending = [
            Observation(
                number=observation.number, definition="", values=observation.values, state="pending"
            )
            for observation in done[-4:]
        ]
        history = done[:-4] + pending
        seconds = []
        for seed in range(rounds + 1):
            start = time.process_time()
            propose(job, history, number=size + 1, seed=seed)
            seconds.append(time.process_time() - start)
        yield Amount(
            claim=f"a proposal after {size} observations",
            value=1000 * min(seconds[1:]),
            unit="ms",
            aim=SIZES.get(size),
        )
        if compares:
            known = [(observation.values, observation.objective or 0.0) for observation in done]
            yield from optuna_time_rows(problem, known, pending=len(pending), rounds=rounds)


def memory_rows() -> Iterator[Row]:
    """The memory of a process that makes one proposal."""
    size = max(SIZES)
    printed = python(
        "-c",
        "from benchmarks.measure import peak_megabytes; from benchmarks.regret import time_rows; "
        f"list(time_rows([{size}], rounds=1)); print(peak_megabytes())",
    )
    claim = f"memory after {size} observations"
    yield Amount(claim=claim, value=int(printed), unit="MB", aim=MAX_MEMORY_MB)


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:  # noqa: ARG001
    """The short form is one search of one problem, without aims."""
    if is_short:
        yield from regret_rows(seeds=(1,), checkpoints=(6, 12), problems=PROBLEMS[3:])
        yield from time_rows((30,), rounds=1)
        return
    yield from regret_rows(seeds=range(1, 11), checkpoints=CHECKPOINTS)
    yield from time_rows(tuple(SIZES))
    yield from memory_rows()


def main(arguments: Sequence[str]) -> int:
    """Print the tables for a number of seeds, and for named problems."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret")
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="all of them by default")
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="searches per line")
    parser.add_argument("--engine", action="append", default=[], metavar="NAME", help="only this")
    parser.add_argument("--parallel", type=int, action="append", metavar="N", help="at a time")
    options = parser.parse_args(arguments)
    problems = [p for p in PROBLEMS if not options.problems or p.name in options.problems]
    seeds = range(1, options.seeds + 1)
    rows = regret_rows(
        seeds=seeds,
        checkpoints=CHECKPOINTS,
        problems=problems,
        engines=options.engine,
        parallel=options.parallel or PARALLEL,
    )
    costs = [] if options.engine else [time_rows(tuple(SIZES), compares=True), memory_rows()]
    for row in itertools.chain(rows, *costs):
        print(text(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How near a search on this machine comes to the optimum, and what its proposals cost.

The regret is the best value minus the optimum. `python -m benchmarks.regret --seeds 20` prints the
table of docs/local-search.md.
"""

from __future__ import annotations

import argparse
import itertools
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median

from benchmarks.corpus import ROOT
from benchmarks.measure import Note, Row
from hptc.diagnostics import RequestPath
from hptc.local.search.observation import Observation, Proposal
from hptc.local.search.proposals import propose
from hptc.request.reading import read_job
from hptc.request.scales import draw as draw_value
from hptc.request.tuning_job import CategoricalRange, NumericRange, Range, TuningJob

CHECKPOINTS = (30, 60)
PARALLEL = (1, 4)
SIZES = {50: 60.0, 100: 100.0, 500: 1000.0}
"""The milliseconds that a proposal should take at most, by the number of observations."""
MAX_MEMORY_MB = 200

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A function with a known minimum of 0."""

    name: str
    ranges: tuple[Range, ...]
    value: Callable[[Values], float]


def continuous(name: str, low: str, high: str, scaling: str = "Linear") -> NumericRange:
    return NumericRange(
        kind="Continuous", name=name, min=low, max=high, scaling=scaling, path=RequestPath()
    )


def branin(values: Values) -> float:
    """https://www.sfu.ca/~ssurjano/branin.html"""
    x, y = float(values["x"]), float(values["y"])
    wave = 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
    return (y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6) ** 2 + wave - 0.397887


_SHARPNESS = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_CENTERS = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)
_DEPTHS = (1.0, 1.2, 3.0, 3.2)


def hartmann6(values: Values) -> float:
    """https://www.sfu.ca/~ssurjano/hart6.html"""
    x = [float(values[f"x{index}"]) for index in range(6)]
    total = 0.0
    for depth, sharpness, centers in zip(_DEPTHS, _SHARPNESS, _CENTERS, strict=True):
        pairs = zip(x, sharpness, centers, strict=True)
        total += depth * math.exp(-sum(a * (each - c / 10_000) ** 2 for each, a, c in pairs))
    return 3.32237 - total


def rosenbrock4(values: Values) -> float:
    """https://www.sfu.ca/~ssurjano/rosen.html"""
    x = [float(values[f"x{index}"]) for index in range(4)]
    return sum(
        100 * (after - each**2) ** 2 + (1 - each) ** 2 for each, after in itertools.pairwise(x)
    )


def mixed(values: Values) -> float:
    """Like XGBoost's validation error: interacting, on every scale, with a category."""
    eta, alpha = math.log10(float(values["eta"])), math.log10(float(values["alpha"]))
    beta = -math.log10(1 - float(values["beta"]))
    depth = int(values["max_depth"])
    away = eta + 1.2 + 0.08 * (depth - 6)
    booster = {"gbtree": 0.0, "dart": 0.08, "gblinear": 0.5}[values["booster"]]
    return (
        0.25 * away**2
        + 0.02 * (depth - 6) ** 2
        + 0.05 * (alpha + 2) ** 2
        + 0.15 * (beta - 2.5) ** 2
        + 0.8 * (float(values["subsample"]) - 0.8) ** 2
        + booster
        + 0.05 * (1 - math.cos(3 * away))
    )


PROBLEMS = (
    Problem(
        name="Branin",
        ranges=(continuous("x", "-5", "10"), continuous("y", "0", "15")),
        value=branin,
    ),
    Problem(
        name="Hartmann 6",
        ranges=tuple(continuous(f"x{index}", "0", "1") for index in range(6)),
        value=hartmann6,
    ),
    Problem(
        name="Rosenbrock 4",
        ranges=tuple(continuous(f"x{index}", "-2", "2") for index in range(4)),
        value=rosenbrock4,
    ),
    Problem(
        name="mixed",
        ranges=(
            continuous("eta", "1e-4", "1", "Logarithmic"),
            continuous("alpha", "1e-6", "10", "Logarithmic"),
            continuous("beta", "0.9", "0.99999", "ReverseLogarithmic"),
            NumericRange(kind="Integer", name="max_depth", min="2", max="12", path=RequestPath()),
            continuous("subsample", "0.3", "1"),
            CategoricalRange(
                name="booster", values=("gbtree", "dart", "gblinear"), path=RequestPath()
            ),
        ),
        value=mixed,
    ),
)


def tuning_job(ranges: Sequence[Range], strategy: str, jobs: int, parallel: int) -> TuningJob:
    """A tuning job that minimizes over ranges."""
    job = read_job(
        {
            "HyperParameterTuningJobName": "regret",
            "HyperParameterTuningJobConfig": {
                "Strategy": strategy,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": jobs,
                    "MaxParallelTrainingJobs": parallel,
                },
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {"TrainingInputMode": "File"},
                "OutputDataConfig": {"S3OutputPath": "s3://bucket/"},
                "StoppingCondition": {},
                "RoleArn": "arn:aws:iam::111122223333:role/example",
            },
        }
    )
    definition = replace(job.definitions[0], ranges=tuple(ranges))
    return replace(job, definitions=(definition,))


def search(problem: Problem, strategy: str, *, jobs: int, parallel: int, seed: int) -> list[float]:
    """The values in the order of the training jobs. The oldest of the parallel ones ends first."""
    job = tuning_job(problem.ranges, strategy, jobs, parallel)
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


def search_with_tpe(problem: Problem, *, jobs: int, parallel: int, seed: int) -> list[float]:
    """The same with Optuna's TPE. Raises ImportError if Optuna is not installed."""
    import importlib

    optuna = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {}
    for range_ in problem.ranges:
        if isinstance(range_, CategoricalRange):
            found = optuna.distributions.CategoricalDistribution(range_.values)
        elif isinstance(range_, NumericRange) and range_.kind == "Integer":
            found = optuna.distributions.IntDistribution(int(range_.min), int(range_.max))
        else:
            assert isinstance(range_, NumericRange)
            found = optuna.distributions.FloatDistribution(
                float(range_.min), float(range_.max), log=range_.scaling == "Logarithmic"
            )
        distributions[range_.name] = found
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    values: list[float] = []
    trials: list[object] = []
    for number in range(jobs):
        trial = study.ask(distributions)
        trials.append(trial)
        values.append(problem.value({name: str(each) for name, each in trial.params.items()}))
        if number >= parallel - 1:
            study.tell(trials[number - parallel + 1], values[number - parallel + 1])
    return values


def regrets(
    problem: Problem, engine: str, *, jobs: int, parallel: int, seeds: Sequence[int]
) -> list[list[float]]:
    """The regret after every training job, for each seed."""
    found = []
    for seed in seeds:
        if engine == "TPE":
            values = search_with_tpe(problem, jobs=jobs, parallel=parallel, seed=seed)
        else:
            values = search(problem, engine, jobs=jobs, parallel=parallel, seed=seed)
        best = math.inf
        found.append([best := min(best, value) for value in values])
    return found


def regret_rows(
    *, seeds: Sequence[int], checkpoints: Sequence[int], problems: Sequence[Problem] = PROBLEMS
) -> Iterator[Row]:
    """The median and the ninth decile of the regret: one line per engine and problem."""
    engines = ["Random", "Bayesian"]
    try:
        import optuna  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError:
        yield Note(text="Optuna is not installed, so its TPE is not compared")
    else:
        engines.insert(1, "TPE")
    for parallel in PARALLEL:
        at = " and ".join(map(str, checkpoints))
        yield Note(text=f"\nregret after {at} training jobs, {parallel} at a time: median / p90")
        for problem in problems:
            for engine in engines:
                start = time.process_time()
                curves = regrets(
                    problem, engine, jobs=max(checkpoints), parallel=parallel, seeds=seeds
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
    found = []
    for number in range(1, count + 1):
        values = {range_.name: draw_value(range_, random) for range_ in problem.ranges}
        found.append(
            Observation(
                number=number,
                definition="",
                values=values,
                state="succeeded",
                objective=problem.value(values),
            )
        )
    return found


def time_rows(sizes: Sequence[int], *, rounds: int = 5) -> Iterator[Row]:
    """The CPU time of a proposal by the number of observations, four of them pending."""
    problem = PROBLEMS[3]
    for size in sizes:
        job = tuning_job(problem.ranges, "Bayesian", 2 * size, 4)
        done = observations(problem, size)
        pending = [
            Observation(number=each.number, definition="", values=each.values, state="pending")
            for each in done[-4:]
        ]
        history = done[:-4] + pending
        seconds = []
        for seed in range(rounds + 1):
            start = time.process_time()
            propose(job, history, number=size + 1, seed=seed)
            seconds.append(time.process_time() - start)
        milliseconds = 1000 * min(seconds[1:])
        aim = SIZES.get(size)
        verdict = "" if aim is None else "met" if milliseconds <= aim else "MISSED"
        goal = "" if aim is None else f"  aim {aim:.0f} ms {verdict}"
        yield Note(text=f"a proposal after {size} observations: {milliseconds:.0f} ms{goal}")


def memory_row(size: int) -> Row:
    """The memory of a process that makes one proposal."""
    code = (
        "import benchmarks.regret as r, resource; list(r.time_rows([%d], rounds=1)); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code % size], cwd=ROOT, check=True, capture_output=True, text=True
    )
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    megabytes = int(done.stdout) / unit
    verdict = "met" if megabytes <= MAX_MEMORY_MB else "MISSED"
    return Note(
        text=f"memory after {size} observations: {megabytes:.0f} MB  "
        f"aim {MAX_MEMORY_MB} MB {verdict}"
    )


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:  # noqa: ARG001
    """The short form is one search of one problem, without aims."""
    if is_short:
        yield from regret_rows(seeds=(1,), checkpoints=(6, 12), problems=PROBLEMS[3:])
        yield from time_rows((30,), rounds=1)
        return
    yield from regret_rows(seeds=range(1, 11), checkpoints=CHECKPOINTS)
    yield from time_rows(tuple(SIZES))
    yield memory_row(max(SIZES))


def main(arguments: Sequence[str]) -> int:
    """Print the table for a number of seeds, and for named problems."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regret")
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help="all of them by default")
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="searches per line")
    options = parser.parse_args(arguments)
    problems = [p for p in PROBLEMS if not options.problems or p.name in options.problems]
    seeds = range(1, options.seeds + 1)
    for row in itertools.chain(
        regret_rows(seeds=seeds, checkpoints=CHECKPOINTS, problems=problems),
        time_rows(tuple(SIZES)),
        (memory_row(max(SIZES)) for _ in range(1)),
    ):
        assert isinstance(row, Note)
        print(row.text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

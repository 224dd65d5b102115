"""The experiments of the paper about SageMaker Automatic Model Tuning, on scikit-learn's data.

Perrone et al., "Amazon SageMaker Automatic Model Tuning: Scalable Gradient-Free Optimization" (KDD
2021, https://arxiv.org/abs/2012.08489). The questions are the paper's; the data and the search are
not: hptc's own search proposes, and XGBoost and scikit-learn train in this process. The command

    python -m benchmarks.experiments --seeds 10 --write docs/experiments

prints the table of docs/experiments.md and draws its charts.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import xgboost
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from benchmarks.line_chart import Line, line_chart
from benchmarks.rows import Note, Row, text
from hptc.diagnostics import RequestPath
from hptc.frozen import frozen
from hptc.local.search.early_stopping import stops_early
from hptc.local.search.observation import Observation
from hptc.local.search.proposals import propose
from hptc.request.tuning_job import Range, TuningJob, WarmStart
from tests.support.searches import continuous, tuning_job

_TRAINING_IMAGES, _VALIDATION_IMAGES = 400, 600
_ROUNDS, _EPOCHS = 40, 20
_WRONG_LABELS = 0.25  # as a share of the labels to train on
_BEST_LOSS = "best validation loss so far: median and quartiles"

Report = Callable[[float], bool]
"""Takes the objective after an epoch; returns whether the training job stops."""
Train = Callable[[Mapping[str, str], Report], None]


@frozen
class Digits:
    """Handwritten digits, as images and the digits that they show."""

    images: np.ndarray
    classes: np.ndarray


@functools.cache
def digits() -> tuple[Digits, Digits]:
    """The digits to train on, and those to validate with."""
    images, classes = load_digits(return_X_y=True)
    order = np.random.default_rng(7).permutation(len(classes))
    parts = order[:_TRAINING_IMAGES], order[_TRAINING_IMAGES:][:_VALIDATION_IMAGES]
    train, validation = (Digits(images=images[part] / 16, classes=classes[part]) for part in parts)
    return train, validation


@functools.cache
def _odd_or_even() -> tuple[xgboost.DMatrix, xgboost.DMatrix]:
    """Matrices to train on and to validate with, whose labels say which digits are odd.

    A quarter of the training labels are wrong, so that penalties matter.
    """
    train, validation = digits()
    is_odd = train.classes % 2
    is_wrong = np.random.default_rng(1).random(len(is_odd)) < _WRONG_LABELS
    labels = np.where(is_wrong, 1 - is_odd, is_odd)
    return (
        xgboost.DMatrix(train.images, labels),
        xgboost.DMatrix(validation.images, validation.classes % 2),
    )


@functools.cache
def _xgboost_loss(items: frozenset[tuple[str, str]]) -> float:
    train, validation = _odd_or_even()
    settings = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1, "seed": 7}
    booster = xgboost.train({**settings, **dict(items)}, train, _ROUNDS)
    return float(log_loss(validation.get_label(), booster.predict(validation)))


def train_xgboost(values: Mapping[str, str], report: Report) -> None:
    """Odd or even digits with XGBoost; the objective is the validation loss at the end."""
    report(_xgboost_loss(frozenset(values.items())))


def train_linear(values: Mapping[str, str], report: Report) -> None:
    """Digits with a linear classifier; the objective is the validation loss after each epoch."""
    train, validation = digits()
    model = SGDClassifier(
        loss="log_loss", alpha=float(values["l2"]), learning_rate="constant",
        eta0=float(values["learning_rate"]), random_state=7,
    )  # fmt: skip
    for _ in range(_EPOCHS):
        model.partial_fit(train.images, train.classes, classes=np.arange(10))
        probability = np.clip(model.predict_proba(validation.images), 1e-6, 1)
        loss = log_loss(validation.classes, probability / probability.sum(axis=1, keepdims=True))
        if report(float(loss)):
            return


def penalties(scaling: str) -> tuple[Range, ...]:
    """The ranges of XGBoost's penalties, on one scale."""
    return tuple(continuous(name, "1e-6", "100", scaling) for name in ("alpha", "lambda"))


XGBOOST_RANGES: tuple[Range, ...] = (
    *penalties("Logarithmic"),
    continuous("eta", "1e-3", "1", "Logarithmic"),
    continuous("subsample", "0.2", "1"),
    continuous("colsample_bytree", "0.1", "1"),
)
LINEAR_RANGES: tuple[Range, ...] = (
    continuous("learning_rate", "1e-5", "1", "Logarithmic"),
    continuous("l2", "1e-7", "1", "Logarithmic"),
)


@frozen
class Run:
    """What a tuning job has found: the best objective after each training job, and its epochs."""

    best: list[float]
    epochs: int
    observations: list[Observation]


def run_job(
    job: TuningJob, train: Train, *, jobs: int, seed: int, parents: Sequence[Observation] = ()
) -> Run:
    """A tuning job whose training jobs run one after the other."""
    history: list[Observation] = []
    best: list[float] = []
    epochs = 0
    for number in range(1, jobs + 1):
        proposal = propose(job, history, number=number, seed=seed, parents=parents)
        assert proposal is not None
        running = Observation(number=number, definition="", values=proposal.values, state="pending")
        reports: list[float] = []

        def report(
            value: float, reports: list[float] = reports, running: Observation = running
        ) -> bool:
            reports.append(value)
            return stops_early(job, history, replace(running, reports=tuple(reports)))

        train(proposal.values, report)
        epochs += len(reports)
        is_whole = len(reports) in (1, _EPOCHS)
        history.append(
            replace(
                running,
                state="succeeded" if is_whole else "stopped",
                objective=reports[-1],
                reports=tuple(reports),
            )
        )
        best.append(min(reports[-1], best[-1] if best else reports[-1]))
    return Run(best=best, epochs=epochs, observations=history)


def _line(name: str, curves: Sequence[Sequence[float]]) -> Line:
    """The median of several runs, and their quartiles."""
    columns = [sorted(column) for column in zip(*curves, strict=True)]
    last = len(curves) - 1
    return Line(
        name=name,
        middle=[median(column) for column in columns],
        low=[column[round(0.25 * last)] for column in columns],
        high=[column[round(0.75 * last)] for column in columns],
    )


@frozen
class Result:
    """One experiment."""

    name: str  # of its chart's file
    title: str
    y_label: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    @property
    def chart(self) -> str:
        """The chart as SVG."""
        return line_chart(self.title, "training jobs", self.y_label, self.lines)

    def rows(self) -> Iterator[Row]:
        """The title, and a row for each line of the chart."""
        yield Note(text=f"\n{self.title}")
        for line in self.lines:
            last = len(line.middle)
            yield Note(
                text=f"  {line.name:<20} after {last // 2}: {line.middle[last // 2 - 1]:.4f}, "
                f"after {last}: {line.middle[-1]:.4f} ({line.low[-1]:.4f} to {line.high[-1]:.4f})"
            )
        yield from (Note(text=f"  {note}") for note in self.notes)


def two_penalties(seeds: Sequence[int], jobs: int) -> Result:
    """Bayesian against random search of XGBoost's alpha and lambda."""
    return _strategies("penalties", "alpha and lambda", penalties("Logarithmic"), seeds, jobs)


def five_hyperparameters(seeds: Sequence[int], jobs: int) -> Result:
    """The same with more hyperparameters, which random search covers less well."""
    return _strategies("five", "five hyperparameters", XGBOOST_RANGES, seeds, jobs)


def _strategies(
    name: str, what: str, ranges: tuple[Range, ...], seeds: Sequence[int], jobs: int
) -> Result:
    compared = {
        strategy: tuning_job(ranges, strategy=strategy, jobs=jobs)
        for strategy in ("Bayesian", "Random")
    }
    return Result(
        name=name,
        title=f"Bayesian and random search of {what} of XGBoost",
        y_label=_BEST_LOSS,
        lines=_lines(compared, seeds, jobs),
    )


def _lines(compared: Mapping[str, TuningJob], seeds: Sequence[int], jobs: int) -> tuple[Line, ...]:
    """A line for each of the tuning jobs of XGBoost, by its name."""
    return tuple(
        _line(name, [run_job(job, train_xgboost, jobs=jobs, seed=seed).best for seed in seeds])
        for name, job in compared.items()
    )


def scales(seeds: Sequence[int], jobs: int) -> Result:
    """The same ranges on a logarithmic and on a linear scale."""
    compared = {
        scaling: tuning_job(penalties(scaling), strategy="Bayesian", jobs=jobs)
        for scaling in ("Logarithmic", "Linear")
    }
    return Result(
        name="scales",
        title="The same ranges on a logarithmic and a linear scale",
        y_label=_BEST_LOSS,
        lines=_lines(compared, seeds, jobs),
    )


def early_stopping(seeds: Sequence[int], jobs: int) -> Result:
    """Early stopping on and off."""
    lines, epochs = [], []
    for mode in ("Auto", "Off"):
        job = tuning_job(
            LINEAR_RANGES, strategy="Bayesian", jobs=jobs, TrainingJobEarlyStoppingType=mode
        )
        runs = [run_job(job, train_linear, jobs=jobs, seed=seed) for seed in seeds]
        lines.append(_line(mode, [run.best for run in runs]))
        epochs.append(median(run.epochs for run in runs))
    saved = 1 - epochs[0] / epochs[1]
    return Result(
        name="early-stopping",
        title="Early stopping on and off",
        y_label=_BEST_LOSS,
        lines=tuple(lines),
        notes=(f"epochs: {epochs[0]:.0f} and {epochs[1]:.0f}, {saved:.0%} fewer",),
    )


def warm_starts(seeds: Sequence[int], jobs: int) -> Result:
    """Three tuning jobs in a row, each with the earlier ones as parents, or on its own."""
    length = jobs // 3
    job = tuning_job(XGBOOST_RANGES, strategy="Bayesian", jobs=length)
    with_parents = WarmStart(
        type="IdenticalDataAndAlgorithm", parents=("parent",), path=RequestPath()
    )
    lines = []
    for name, is_warm in (("warm start", True), ("no warm start", False)):
        curves = []
        for seed in seeds:
            parents: list[Observation] = []
            curve: list[float] = []
            for index in range(3):
                run = run_job(
                    replace(job, warm_start=with_parents if is_warm and parents else None),
                    train_xgboost, jobs=length, seed=3 * seed + index,
                    parents=parents if is_warm else (),
                )  # fmt: skip
                parents += run.observations
                curve += run.best  # of each tuning job alone, as its own result says
            curves.append(curve)
        lines.append(_line(name, curves))
    return Result(
        name="warm-start",
        title=f"Three tuning jobs of {length} training jobs each",
        y_label="best validation loss of the tuning job so far: median and quartiles",
        lines=tuple(lines),
    )


EXPERIMENTS = (two_penalties, five_hyperparameters, scales, early_stopping, warm_starts)
JOBS, SHORT_JOBS = 30, 6


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Each experiment; the short form has one seed."""
    seeds = range(1) if is_short else range(5)
    yield from results(seeds, SHORT_JOBS if is_short else JOBS, folder)


def results(seeds: Sequence[int], jobs: int, folder: Path | None) -> Iterator[Row]:
    """The rows of every experiment, and its chart in a folder."""
    for experiment in EXPERIMENTS:
        result = experiment(seeds, jobs)
        yield from result.rows()
        if folder is not None:
            (folder / f"{result.name}.svg").write_text(result.chart, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Print the table; with --write, draw the charts as well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    for row in results(range(options.seeds), JOBS, options.write):
        print(text(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

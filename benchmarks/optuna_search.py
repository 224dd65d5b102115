"""The same searches with Optuna's samplers: TPE, and its Gaussian process where torch is installed.

A range that Optuna has no scale for, ReverseLogarithmic, is searched as its distance from 1 on a
logarithmic scale, which is what its users do.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from benchmarks.regret_problems import Problem, Values
from benchmarks.rows import Amount, Note, Row
from hptc.request.tuning_job import CategoricalRange, NumericRange, Range

TPE, GP = "Optuna TPE", "Optuna GP"


def optuna_engines() -> tuple[list[str], list[Row]]:
    """The samplers that are installed, and a line for each that is not."""
    if find_spec("optuna") is None:
        return [], [Note(text="Optuna is not installed, so hptc is not compared with it")]
    if find_spec("torch") is None:
        return [TPE], [Note(text="torch is not installed, so Optuna's GPSampler is not compared")]
    return [TPE, GP], []


def optuna_search(
    problem: Problem, engine: str, *, jobs: int, parallel: int, seed: int
) -> list[float]:
    """The values in the order of the trials. The oldest of the parallel ones ends first."""
    study = _study(engine, seed)
    distributions = {range_.name: _distribution(range_) for range_ in problem.ranges}
    values: list[float] = []
    trials: list[Any] = []
    for number in range(jobs):
        trial = study.ask(distributions)
        trials.append(trial)
        values.append(problem.value(_texts(problem.ranges, trial.params)))
        if number >= parallel - 1:
            study.tell(trials[number - parallel + 1], values[number - parallel + 1])
    return values


def optuna_time_rows(
    problem: Problem, done: Sequence[tuple[Values, float]], *, pending: int, rounds: int
) -> Iterator[Row]:
    """The CPU time of a proposal by each sampler, after these training jobs."""
    import optuna

    for engine in optuna_engines()[0]:
        seconds = []
        for seed in range(rounds + 1):
            study = _study(engine, seed)
            distributions = {range_.name: _distribution(range_) for range_ in problem.ranges}
            for index, (values, value) in enumerate(done):
                is_done = index < len(done) - pending
                state = optuna.trial.TrialState.COMPLETE
                study.add_trial(
                    optuna.trial.create_trial(
                        state=state if is_done else optuna.trial.TrialState.RUNNING,
                        params=_params(problem.ranges, values),
                        distributions=distributions,
                        value=value if is_done else None,
                    )
                )
            start = time.process_time()
            study.ask(distributions)
            seconds.append(time.process_time() - start)
        milliseconds = 1000 * min(seconds[1:])
        yield Amount(claim=f"  the same with {engine}", value=milliseconds, unit="ms")


def _study(engine: str, seed: int) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler: optuna.samplers.BaseSampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # experimental
        if engine == GP:
            sampler = optuna.samplers.GPSampler(seed=seed)
        else:
            sampler = optuna.samplers.TPESampler(seed=seed)
    return optuna.create_study(sampler=sampler)


def _distribution(range_: Range) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(range_, CategoricalRange):
        return CategoricalDistribution(range_.values)
    assert isinstance(range_, NumericRange)
    if range_.kind == "Integer":
        return IntDistribution(int(range_.min), int(range_.max))
    low, high = float(range_.min), float(range_.max)
    if range_.scaling == "ReverseLogarithmic":
        return FloatDistribution(1 - high, 1 - low, log=True)
    return FloatDistribution(low, high, log=range_.scaling == "Logarithmic")


def _texts(ranges: Sequence[Range], params: Values) -> Values:
    """A trial's parameters as the problem takes them."""
    return {
        range_.name: str(1 - float(params[range_.name]))
        if _is_reverse(range_)
        else str(params[range_.name])
        for range_ in ranges
    }


def _params(ranges: Sequence[Range], values: Values) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for range_ in ranges:
        text = values[range_.name]
        if isinstance(range_, NumericRange):
            value = int(text) if range_.kind == "Integer" else float(text)
            params[range_.name] = 1 - value if _is_reverse(range_) else value
        else:
            params[range_.name] = text
    return params


def _is_reverse(range_: Range) -> bool:
    return isinstance(range_, NumericRange) and range_.scaling == "ReverseLogarithmic"

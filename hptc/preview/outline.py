"""Previews a tuning job: its grid, Hyperband brackets, waves and first configurations.

Nothing is trained, and AWS is not called. If AWS does not publish its method, the preview uses a
published one and names it in the result. The same job always has the same preview.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from hptc.cost.bound import JobCount, job_count
from hptc.frozen import frozen
from hptc.preview.hidden_secrets import without_secret_names, without_secrets
from hptc.request.job_facts import (
    EPOCHS,
    MAX_TRAINING_JOBS,
    WHOLE_NUMBER,
    definition_name,
    grid_points,
)
from hptc.request.scales import combination, draw
from hptc.request.tuning_job import (
    DEFAULT_MAX_RUNTIME_SECONDS,
    AutoRange,
    Definition,
    NumericRange,
    Range,
    TuningJob,
)

REDUCTION = 3
"""Each rung of Hyperband keeps one of this many configurations. AWS does not publish its factor;
this is the default of the paper (Li et al. 2018, https://jmlr.org/papers/v18/16-558.html)."""

_MAX_SAMPLES = 10


@frozen
class Sample:
    """One configuration: the tuned hyperparameters' values as the training job would get them."""

    definition: str  # "" for a single definition
    values: Mapping[str, str]


@frozen
class Grid:
    """The size of a grid and its ends, in the order of the values in the spec."""

    definition: str
    points: int
    first: Mapping[str, str]
    last: Mapping[str, str]


@frozen
class Rung:
    """Training jobs that run until they have used an amount of the resource, such as epochs."""

    training_jobs: int
    resource: int


@frozen
class Bracket:
    """One trade-off between many short and few long training jobs; the shortest rung first."""

    rungs: tuple[Rung, ...]


@frozen
class Hyperband:
    """The brackets of one round of Hyperband, the one with most configurations first."""

    min_resource: int
    max_resource: int
    reduction: int
    brackets: tuple[Bracket, ...]

    @property
    def training_jobs(self) -> int:
        """The number of configurations of one round."""
        return sum(bracket.rungs[0].training_jobs for bracket in self.brackets)

    @property
    def resource(self) -> int:
        """The resource that one round uses; without Hyperband, `training_jobs` x `max_resource`."""
        used = 0
        for bracket in self.brackets:
            reached = 0
            for rung in bracket.rungs:
                used += rung.training_jobs * (rung.resource - reached)
                reached = rung.resource
        return used


@frozen
class SearchPreview:
    """The preview of a tuning job."""

    strategy: str
    training_jobs: JobCount
    parallel: int
    waves: int | None  # None if the number of training jobs is unknown
    longest_seconds: int  # of one training job, including the wait for Spot capacity
    wall_clock_seconds: int | None  # the maximum, without the wait for instances
    spaces: tuple[tuple[str, tuple[Range, ...]], ...]  # by definition
    grids: tuple[Grid, ...]
    hyperband: Hyperband | None
    samples: tuple[Sample, ...]
    seed: int
    warnings: tuple[str, ...]


def preview(job: TuningJob) -> SearchPreview:
    """The preview of a tuning job, without the secrets among its values and names."""
    job = without_secret_names(without_secrets(job))
    count = job_count(job)
    longest = max(_seconds(definition) for definition in job.definitions)
    waves = None if count.number is None else -(-count.number // job.max_parallel_training_jobs)
    limits = [
        seconds
        for seconds in (None if waves is None else waves * longest, job.max_runtime_seconds)
        if seconds is not None
    ]
    result = SearchPreview(
        strategy=job.strategy,
        training_jobs=count,
        parallel=job.max_parallel_training_jobs,
        waves=waves,
        longest_seconds=longest,
        wall_clock_seconds=min(limits) if limits else None,
        spaces=tuple(
            (definition_name(job, definition), definition.ranges) for definition in job.definitions
        ),
        grids=tuple(_grids(job)),
        hyperband=hyperband(job),
        samples=tuple(_first_round(job)),
        seed=job.random_seed or 0,
        warnings=(),
    )
    return replace(result, warnings=tuple(_warnings(result, job)))


def brackets(min_resource: int, max_resource: int, reduction: int = REDUCTION) -> Hyperband:
    """The brackets of one round, by the formulas of Hyperband's algorithm 1.

    https://jmlr.org/papers/v18/16-558.html
    """
    deepest = 0
    while min_resource * reduction ** (deepest + 1) <= max_resource:
        deepest += 1
    result = []
    for depth in range(deepest, -1, -1):
        tried = -(-(deepest + 1) * reduction**depth // (depth + 1))
        result.append(
            Bracket(
                rungs=tuple(
                    Rung(
                        training_jobs=tried // reduction**rung,
                        resource=max(min_resource, max_resource // reduction ** (depth - rung)),
                    )
                    for rung in range(depth + 1)
                )
            )
        )
    return Hyperband(
        min_resource=min_resource,
        max_resource=max_resource,
        reduction=reduction,
        brackets=tuple(result),
    )


def _first_round(job: TuningJob) -> Iterator[Sample]:
    requested = min(job.max_parallel_training_jobs, _MAX_SAMPLES)
    count = job_count(job).number
    random = Random(f"hptc preview {job.random_seed or 0}")  # noqa: S311
    for index in range(requested if count is None else min(requested, count)):
        turn, place = divmod(index, len(job.definitions))
        definition = job.definitions[place]
        if job.strategy == "Grid" and grid_points(definition) is not None:
            values = combination(definition, turn % (grid_points(definition) or 1))
        else:
            values = {range_.name: draw(range_, random) for range_ in definition.ranges}
        yield Sample(definition=definition_name(job, definition), values=values)


def _grids(job: TuningJob) -> Iterator[Grid]:
    for definition in job.definitions if job.strategy == "Grid" else ():
        points = grid_points(definition)
        if points:
            yield Grid(
                definition=definition_name(job, definition),
                points=points,
                first=combination(definition, 0),
                last=combination(definition, points - 1),
            )


def hyperband(job: TuningJob, definition: Definition | None = None) -> Hyperband | None:
    """The brackets of a definition, by default the last one.

    None without Hyperband, or if MaxResource is unknown.
    """
    if job.strategy != "Hyperband":
        return None
    maximum = job.hyperband_max_resource
    if maximum is None and job.definitions:
        static = (definition or job.definitions[-1]).static
        text = next((static[name] for name in EPOCHS if name in static), "")
        maximum = int(text) if WHOLE_NUMBER.fullmatch(text) else None
    minimum = job.hyperband_min_resource or 1
    return brackets(minimum, maximum) if maximum is not None and maximum >= minimum else None


def _seconds(definition: Definition) -> int:
    runtime = definition.max_runtime_seconds or DEFAULT_MAX_RUNTIME_SECONDS
    waiting = definition.max_wait_seconds if definition.is_spot else None
    return max(runtime, waiting or 0)


def _warnings(result: SearchPreview, job: TuningJob) -> Iterator[str]:
    count = result.training_jobs.number
    for grid in result.grids:
        if grid.points > MAX_TRAINING_JOBS:
            yield f"the grid has {grid.points:,} points, but the maximum is {MAX_TRAINING_JOBS}"
    if count is None:
        yield f"the number of training jobs is unknown: {result.training_jobs.reason}"
    elif job.strategy == "Bayesian" and job.warm_start is None and 4 <= count < 2 * result.parallel:
        yield (
            f"{min(result.parallel, count)} of {count} training jobs start before any result is "
            "known, as in random search"
        )
    if count is not None and job.max_runtime_seconds is not None:
        complete = job.max_runtime_seconds // result.longest_seconds * result.parallel
        if complete < count:
            yield f"`limits.max_runtime` leaves time for {complete} of {count} full training jobs"
    if (
        result.hyperband is not None
        and count is not None
        and count < result.hyperband.training_jobs
    ):
        yield (
            f"the tuning job has {count} training jobs, but one round of Hyperband needs "
            f"{result.hyperband.training_jobs}"
        )
    ranges = [range_ for _, space in result.spaces for range_ in space]
    if any(isinstance(range_, AutoRange) for range_ in ranges):
        yield "Autotune chooses some ranges, which are unknown before the tuning job runs"
    automatic = [
        range_.name
        for range_ in ranges
        if isinstance(range_, NumericRange) and range_.scaling == "Auto"
    ]
    if automatic:
        names = ", ".join(dict.fromkeys(automatic))
        yield f"AWS chooses the scale of {names}; the preview uses the likely one"

"""Adds the result of each changed spec's last tuning job to a review: `hptc diff --online`.

A reviewer sees the best value so far next to the change, and whether the new version could find the
best configuration again. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from hptc.compiler.discovery import path_in_project
from hptc.compiler.outcome import Compiled, CompiledRequest, Outcome
from hptc.diff.review import Comparison, LastRun, Review
from hptc.errors import HptcError
from hptc.infrastructure.run_search import ParentSpec, run_search
from hptc.jobs.spec_runs import FollowedSpec, spec_runs
from hptc.preview.hidden_secrets import hidden_value
from hptc.project.project_file import Environment
from hptc.request.scales import is_inside
from hptc.request.tuning_job import AutoRange, Definition, TuningJob
from hptc.service.interface import Progress, TuningReader, silent
from hptc.service.responses import best_training_job
from hptc.service.tuning_jobs import FINAL_STATUSES, TrainingJob
from hptc.text import plural

MAX_RUNS = 5
"""This many tuning jobs of a spec are looked at, the newest first: the last may still be running,
or may have failed."""


def with_last_runs(
    review: Review,
    connect: Callable[[Environment | None], TuningReader],
    *,
    progress: Progress = silent,
) -> Review:
    """The review with the last run of every changed spec in each environment that has one.

    `connect` is called once for each environment. If that or a call fails, a note says so: a review
    of the other environments is better than none.
    """
    runs = _LastRuns(connect)
    specs = []
    for number, spec in enumerate(review.specs, start=1):
        progress(f"reading the last tuning jobs: {number} of {plural(len(review.specs), 'spec')}")
        comparisons = tuple(
            replace(comparison, last_run=runs.of(comparison)) for comparison in spec.comparisons
        )
        specs.append(replace(spec, comparisons=comparisons))
    return replace(review, specs=tuple(specs), notes=(*review.notes, *runs.notes))


class _LastRuns:
    """Reads last runs, with one connection for each environment."""

    def __init__(self, connect: Callable[[Environment | None], TuningReader]) -> None:
        self._connect = connect
        self._tuning: dict[str, TuningReader | None] = {}  # None if it can't be read
        self.notes: list[str] = []

    def of(self, comparison: Comparison) -> LastRun | None:
        """The last run of a spec in an environment; None if there is none, or it can't be read."""
        known = [
            outcome
            for outcome in (comparison.old, comparison.new)
            if outcome is not None and outcome.name
        ]
        if not known:
            return None
        environment = known[0].environment
        name = environment.name if environment is not None else ""
        try:
            if name not in self._tuning:
                self._tuning[name] = None  # not tried again if connecting fails
                self._tuning[name] = self._connect(environment)
            tuning = self._tuning[name]
            return None if tuning is None else _last_run(known, comparison.new, tuning)
        except HptcError as error:
            self._tuning[name] = None
            where = f" in {name}" if name else ""
            advice = f"; {error.help}" if error.help else ""
            self.notes.append(f"the last tuning jobs{where} were not read: {error.message}{advice}")
            return None


def _last_run(versions: list[Outcome], new: Outcome | None, tuning: TuningReader) -> LastRun | None:
    """The last run by the old name of a spec, or else by its new one."""
    by_name = {(spec.name, spec.file): spec for spec in map(_followed, reversed(versions))}
    for spec in reversed(by_name.values()):
        for run in spec_runs(spec, tuning, limit=MAX_RUNS).runs:
            description = (
                tuning.describe(run.name) if run.summary.status in FINAL_STATUSES else None
            )
            best = best_training_job(description) if description is not None else None
            if best is None or best.metric_value is None:
                continue
            job = new.job if isinstance(new, Compiled) else None
            return LastRun(
                job=run.name,
                status=run.summary.status,
                ended=run.summary.ended or run.summary.modified or run.summary.created,
                metric=best.metric_name,
                value=best.metric_value,
                hyperparameters=tuple(
                    (name, hidden_value(name, value)) for name, value in best.tuned_hyperparameters
                ),
                outside=tuple(_outside(best, job)) if job is not None else (),
            )
    return None


def _followed(outcome: Outcome) -> FollowedSpec:
    parent = ParentSpec(
        name=outcome.name, path=path_in_project(outcome.project, Path(outcome.file))
    )
    is_request = isinstance(outcome, CompiledRequest)
    return FollowedSpec(
        name=outcome.name,
        file=outcome.file,
        search=None if is_request else run_search(outcome.environment, parent),
        job_name=outcome.job.name if isinstance(outcome, Compiled) else "",
        digest=outcome.digest if isinstance(outcome, Compiled) else "",
    )


def _outside(best: TrainingJob, job: TuningJob) -> Iterator[str]:
    """The hyperparameters whose best value a tuning job can't choose."""
    definition: Definition | None
    match job.definitions:
        case (definition,):
            pass
        case several:
            definition = next(
                (candidate for candidate in several if candidate.name == best.definition), None
            )
    if definition is not None:
        for name, value in best.tuned_hyperparameters:
            if not _may_be(definition, name, value):
                yield name


def _may_be(definition: Definition, name: str, value: str) -> bool:
    range_ = next((range_ for range_ in definition.ranges if range_.name == name), None)
    if range_ is not None:
        return isinstance(range_, AutoRange) or is_inside(range_, value)
    return definition.static.get(name) == value

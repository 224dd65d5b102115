"""The results of a tuning job as studies of Optuna: one per definition, and one of all of them.

Optuna compares the trials of a study by the distributions that they share, so that several
definitions in one study would leave most of its plots empty. The overall study has the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from hptc.frozen import frozen
from hptc.preview.outline import hyperband
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import Definition
from hptc.results.optuna_distributions import Parameter, parameters, range_data
from hptc.results.training_results import (
    Results,
    TrainingResult,
    definition_of,
    is_maximized,
    rank,
)
from hptc.service.tuning_jobs import FINAL_STATUSES

Reports = Mapping[str, Sequence[float]]
"""The objective metric in the order of its reports, by the name of the training job."""
DEFINITION = "training_job_definition"
"""The hyperparameter of the overall study that tells the definitions apart."""


@frozen
class Study:
    """A study of Optuna, with all that a storage takes."""

    name: str
    is_maximized: bool
    metric_name: str  # empty if its trials have different ones
    attributes: Mapping[str, Any]
    trials: tuple[FrozenTrial, ...]


def studies(results: Results, reports: Reports | None = None) -> tuple[Study, ...]:
    """The studies of a tuning job: with several definitions, the overall one first.

    There is no overall one if some definitions maximize and others minimize. Values are as in
    `results`: mask secrets before.
    """
    reports = reports or {}
    job = results.job
    by_definition = {
        each.path: [
            one
            for one in results.training_jobs
            if definition_of(job.definitions, one.definition) is each
        ]
        for each in job.definitions
    }
    bests = {
        ranked[0].name
        for jobs in by_definition.values()
        if (ranked := rank(jobs, job.definitions)) and ranked[0].objective is not None
    }
    builder = _Trials(results, reports, bests)
    own = []
    for each in job.definitions:
        jobs = by_definition[each.path]
        columns = parameters(each.ranges, [dict(one.hyperparameters) for one in jobs])
        own.append((each, columns, jobs))
    found = [
        Study(
            name="/".join(filter(None, (job.name, definition_name(job, each)))),
            is_maximized=is_maximized(each),
            metric_name=each.objective.metric_name if each.objective else "",
            attributes={
                **_attributes(results),
                **({"definition": each.name} if job.is_multiple else {}),
                "ranges": {range_.name: range_data(range_) for range_ in each.ranges},
                **_notes(columns),
            },
            trials=tuple(builder.trial(number, one, columns) for number, one in enumerate(jobs)),
        )
        for each, columns, jobs in own
    ]
    return (*_overall(results, own, builder), *found) if job.is_multiple else tuple(found)


_Own = tuple[Definition, tuple[Parameter, ...], list[TrainingResult]]


def _overall(results: Results, own: Sequence[_Own], builder: _Trials) -> Iterator[Study]:
    if len({is_maximized(each) for each, _, _ in own}) > 1:
        return
    names = CategoricalDistribution(tuple(each.name or "" for each, _, _ in own))
    metrics = {each.objective.metric_name if each.objective else "" for each, _, _ in own}
    columns_of = {each.path: columns for each, columns, _ in own}
    trials = []
    for number, one in enumerate(results.training_jobs):
        definition = definition_of(results.job.definitions, one.definition)
        trial = builder.trial(number, one, columns_of[definition.path])
        # The same name in two definitions is not the same hyperparameter.
        prefix = f"{definition.name}."
        params = {prefix + name: value for name, value in trial.params.items()}
        distributions = {prefix + name: each for name, each in trial.distributions.items()}
        trial.params = {DEFINITION: definition.name or "", **params}
        trial.distributions = {DEFINITION: names, **distributions}
        trials.append(trial)
    yield Study(
        name=results.job.name,
        is_maximized=is_maximized(own[0][0]),
        metric_name=metrics.pop() if len(metrics) == 1 else "",
        attributes=_attributes(results),
        trials=tuple(trials),
    )


def _attributes(results: Results) -> dict[str, Any]:
    status = results.status
    found = {
        "tuning_job": status.name,
        "arn": status.arn,
        "region": results.region,
        "status": status.status,
        "strategy": status.strategy,
        "spec": status.origin.spec,
        "commit": status.origin.commit,
        "statement": results.statement,
    }
    return {name: value for name, value in found.items() if value}


def _notes(columns: Sequence[Parameter]) -> dict[str, Any]:
    notes = {each.name: "; ".join(each.notes) for each in columns if each.notes}
    return {"notes": notes} if notes else {}


class _Trials:
    """Builds trials of training jobs."""

    def __init__(self, results: Results, reports: Reports, bests: set[str]) -> None:
        self._results, self._reports, self._bests = results, reports, bests

    def trial(self, number: int, each: TrainingResult, columns: Sequence[Parameter]) -> FrozenTrial:
        texts = dict(each.hyperparameters)
        values = {
            column.name: value
            for column in columns
            if column.name in texts and (value := column.value(texts[column.name])) is not None
        }
        left = {
            f"hyperparameters.{name}": text for name, text in texts.items() if name not in values
        }
        state = self._state(each)
        created = self._results.status.created
        start = each.started or each.ended or created
        return FrozenTrial(
            number=number,
            trial_id=number,
            state=state,
            value=each.objective if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
            datetime_start=_local(start),
            datetime_complete=_local(each.ended or start) if state.is_finished() else None,
            params=values,
            distributions={
                column.name: column.distribution for column in columns if column.name in values
            },
            user_attrs={**_trial_attributes(each), **left},
            system_attrs={},
            intermediate_values=dict(enumerate(self._reports.get(each.name, ()), 1)),
        )

    def _state(self, each: TrainingResult) -> TrialState:
        """What Optuna calls the state of a training job.

        One that was stopped is pruned, with its last value. Optuna never takes a pruned trial as
        the best one, so the best one is complete, however it ended; and so is one that Hyperband
        has stopped at its full resource, as far as its reports are known.
        """
        if each.status not in FINAL_STATUSES:
            return TrialState.RUNNING
        if each.objective is None or each.has_failed:
            return TrialState.FAIL
        if each.status == "Completed" or each.name in self._bests:
            return TrialState.COMPLETE
        job = self._results.job
        brackets = hyperband(job, definition_of(job.definitions, each.definition))
        reports = len(self._reports.get(each.name, ()))
        if brackets is not None and reports >= brackets.max_resource:
            return TrialState.COMPLETE
        return TrialState.PRUNED


def _trial_attributes(each: TrainingResult) -> dict[str, Any]:
    """The attributes of a trial. What is unknown is left out."""
    found: dict[str, Any] = {
        "training_job": each.name,
        "definition": each.definition or None,
        "status": each.status,
        "stopped_early": each.is_stopped_early or None,
        "seconds": each.seconds,
        "billable_seconds": each.billable_seconds,
        "usd": None if each.usd is None else float(each.usd),
        "failure_reason": each.failure_reason or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _local(time: datetime) -> datetime:
    """Optuna's times are local ones without a time zone."""
    return time.astimezone().replace(tzinfo=None)

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

from hptc.diagnostics import RequestPath
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
    """A study of Optuna, with everything that a storage keeps."""

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
    job = results.job
    parts = [_part(results, definition) for definition in job.definitions]
    bests = {
        ranked[0].name
        for part in parts
        if (ranked := rank(part.results, job.definitions)) and ranked[0].objective is not None
    }
    builder = _Trials(results, reports or {}, bests)
    separate = [_separate(results, part, builder) for part in parts]
    if not job.is_multiple:
        return tuple(separate)
    columns = {part.definition.path: part.columns for part in parts}
    return (*_overall(results, columns, builder), *separate)


@frozen
class _Part:
    """The training jobs of one definition, and its hyperparameters."""

    definition: Definition
    results: Sequence[TrainingResult]
    columns: tuple[Parameter, ...]


def _part(results: Results, definition: Definition) -> _Part:
    own = [
        training_job
        for training_job in results.training_jobs
        if definition_of(results.job.definitions, training_job.definition) is definition
    ]
    columns = parameters(definition.ranges, [dict(result.hyperparameters) for result in own])
    return _Part(definition=definition, results=own, columns=columns)


def _separate(results: Results, part: _Part, builder: _Trials) -> Study:
    """The study of one definition."""
    job, definition = results.job, part.definition
    return Study(
        name="/".join(filter(None, (job.name, definition_name(job, definition)))),
        is_maximized=is_maximized(definition),
        metric_name=definition.objective.metric_name if definition.objective else "",
        attributes={
            **_attributes(results),
            **({"definition": definition.name} if job.is_multiple else {}),
            "ranges": {range_.name: range_data(range_) for range_ in definition.ranges},
            **_notes(part.columns),
        },
        trials=tuple(
            builder.trial(number, result, part.columns)
            for number, result in enumerate(part.results)
        ),
    )


def _overall(
    results: Results, columns_of: Mapping[RequestPath, tuple[Parameter, ...]], builder: _Trials
) -> Iterator[Study]:
    definitions = results.job.definitions
    if len({is_maximized(definition) for definition in definitions}) > 1:
        return
    names = CategoricalDistribution(tuple(definition.name or "" for definition in definitions))
    metrics = {
        definition.objective.metric_name if definition.objective else ""
        for definition in definitions
    }
    trials = []
    for number, result in enumerate(results.training_jobs):
        definition = definition_of(definitions, result.definition)
        trial = builder.trial(number, result, columns_of[definition.path])
        # The same name in two definitions is not the same hyperparameter.
        prefix = f"{definition.name}."
        params = {prefix + name: value for name, value in trial.params.items()}
        distributions = {
            prefix + name: distribution for name, distribution in trial.distributions.items()
        }
        trial.params = {DEFINITION: definition.name or "", **params}
        trial.distributions = {DEFINITION: names, **distributions}
        trials.append(trial)
    yield Study(
        name=results.job.name,
        is_maximized=is_maximized(definitions[0]),
        metric_name=metrics.pop() if len(metrics) == 1 else "",
        attributes=_attributes(results),
        trials=tuple(trials),
    )


def _attributes(results: Results) -> dict[str, Any]:
    status = results.status
    attributes = {
        "tuning_job": status.name,
        "arn": status.arn,
        "region": results.region,
        "status": status.status,
        "strategy": status.strategy,
        "spec": status.origin.spec,
        "commit": status.origin.commit,
        "statement": results.statement,
    }
    return {name: value for name, value in attributes.items() if value}


def _notes(columns: Sequence[Parameter]) -> dict[str, Any]:
    notes = {column.name: "; ".join(column.notes) for column in columns if column.notes}
    return {"notes": notes} if notes else {}


class _Trials:
    """Builds trials of training jobs."""

    def __init__(self, results: Results, reports: Reports, bests: set[str]) -> None:
        self._results, self._reports, self._bests = results, reports, bests

    def trial(
        self, number: int, result: TrainingResult, columns: Sequence[Parameter]
    ) -> FrozenTrial:
        texts = dict(result.hyperparameters)
        values = {
            column.name: value
            for column in columns
            if column.name in texts and (value := column.value(texts[column.name])) is not None
        }
        left = {
            f"hyperparameters.{name}": text for name, text in texts.items() if name not in values
        }
        state = self._state(result)
        created = self._results.status.created
        start = result.started or result.ended or created
        return FrozenTrial(
            number=number,
            trial_id=number,
            state=state,
            value=result.objective if state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
            datetime_start=_local(start),
            datetime_complete=_local(result.ended or start) if state.is_finished() else None,
            params=values,
            distributions={
                column.name: column.distribution for column in columns if column.name in values
            },
            user_attrs={**_trial_attributes(result), **left},
            system_attrs={},
            intermediate_values=dict(enumerate(self._reports.get(result.name, ()), 1)),
        )

    def _state(self, result: TrainingResult) -> TrialState:
        """What Optuna calls the state of a training job.

        One that was stopped is pruned, with its last value. Optuna never takes a pruned trial as
        the best one, so the best one is complete, however it ended; and so is one that Hyperband
        has stopped at its full resource, as far as its reports are known.
        """
        if result.status not in FINAL_STATUSES:
            return TrialState.RUNNING
        if result.objective is None or result.has_failed:
            return TrialState.FAIL
        if result.status == "Completed" or result.name in self._bests:
            return TrialState.COMPLETE
        job = self._results.job
        brackets = hyperband(job, definition_of(job.definitions, result.definition))
        reports = len(self._reports.get(result.name, ()))
        if brackets is not None and reports >= brackets.max_resource:
            return TrialState.COMPLETE
        return TrialState.PRUNED


def _trial_attributes(result: TrainingResult) -> dict[str, Any]:
    """The attributes of a trial. What is unknown is left out."""
    attributes: dict[str, Any] = {
        "training_job": result.name,
        "definition": result.definition or None,
        "status": result.status,
        "stopped_early": result.is_stopped_early or None,
        "seconds": result.seconds,
        "billable_seconds": result.billable_seconds,
        "usd": None if result.usd is None else float(result.usd),
        "failure_reason": result.failure_reason or None,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _local(time: datetime) -> datetime:
    """Optuna's times are local ones without a time zone."""
    return time.astimezone().replace(tzinfo=None)

"""Hides secrets among the values of hyperparameters that are shown."""

from __future__ import annotations

from dataclasses import replace

from hptc.request.tuning_job import AutoRange, CategoricalRange, Range, TuningJob
from hptc.secrets.detector import hide_secrets, secret_in


def without_secrets(job: TuningJob) -> TuningJob:
    """The same tuning job, with secrets among its categories and value hints masked."""
    return replace(
        job,
        definitions=tuple(
            replace(definition, ranges=tuple(map(_without_secrets, definition.ranges)))
            for definition in job.definitions
        ),
    )


def without_secret_names(job: TuningJob) -> TuningJob:
    """The same tuning job, with secrets among the names of its ranges masked."""
    return replace(
        job,
        definitions=tuple(
            replace(
                definition,
                ranges=tuple(
                    replace(range_, name=hide_secrets(range_.name)) for range_ in definition.ranges
                ),
            )
            for definition in job.definitions
        ),
    )


def _without_secrets(range_: Range) -> Range:
    match range_:
        case CategoricalRange(name=name, values=values):
            return replace(range_, values=tuple(hidden_value(name, value) for value in values))
        case AutoRange(name=name, value_hint=hint):
            return replace(range_, value_hint=hidden_value(name, hint))
        case _:
            return range_


def hidden_value(name: str, value: str) -> str:
    """The value of a hyperparameter, with each character of a secret as `*`."""
    return hide_secrets(value) if secret_in(name, value) is None else "*" * len(value)

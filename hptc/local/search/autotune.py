"""Chooses what Autotune leaves open: the ranges of its hyperparameters, and when to stop.

AWS does not publish what it chooses, so each choice here is stated in words. Choosing twice changes
nothing.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Autotune.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from hptc.frozen import frozen
from hptc.request.job_facts import WHOLE_NUMBER, definition_name, number
from hptc.request.tuning_job import (
    AutoRange,
    CategoricalRange,
    Definition,
    NumericRange,
    Range,
    TuningJob,
)

TRAINING_JOBS = 50
"""What the guide says most users start with:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-progress.html"""

_INTEGER_FACTOR = 4
_CONTINUOUS_FACTOR = 10
_BOOLEANS = (("true", "false"), ("True", "False"))


@frozen
class Autotuned:
    """A tuning job without anything left to choose, and the choices in words."""

    job: TuningJob
    choices: tuple[str, ...]


def autotuned(job: TuningJob) -> Autotuned:
    """The tuning job with the ranges and limits that Autotune leaves open."""
    choices: list[str] = []
    definitions = []
    for definition in job.definitions:
        prefix = f"{definition_name(job, definition)}: " if job.is_multiple else ""
        definitions.append(
            replace(definition, ranges=tuple(_range(range_) for range_ in definition.ranges))
        )
        choices += [f"{prefix}{choice}" for choice in _range_choices(definition)]
    job = replace(job, definitions=tuple(definitions))
    if job.is_autotuned and job.max_number_of_training_jobs is None and job.strategy != "Grid":
        job = replace(job, max_number_of_training_jobs=TRAINING_JOBS, completes_on_convergence=True)
        choices.append(
            f"at most {TRAINING_JOBS} training jobs, and fewer if the objective has converged"
        )
    return Autotuned(job=job, choices=tuple(choices))


def _range_choices(definition: Definition) -> Iterator[str]:
    for range_ in definition.ranges:
        if not isinstance(range_, AutoRange):
            continue
        match _range(range_):
            case NumericRange() as chosen:
                yield f"{chosen.name}: {chosen.kind} from {chosen.min} to {chosen.max}"
            case CategoricalRange() as chosen:
                yield f"{chosen.name}: {' or '.join(chosen.values)}"
            case AutoRange():
                pass


def _range(range_: Range) -> Range:
    """A range around the example value of an Auto range; any other range as it is."""
    if not isinstance(range_, AutoRange):
        return range_
    hint = range_.value_hint
    value = number(hint)
    if value is None:
        values = next((both for both in _BOOLEANS if hint in both), (hint,))
        return CategoricalRange(name=range_.name, values=values, path=range_.path)
    is_integer = WHOLE_NUMBER.fullmatch(hint) is not None and value != 0
    low, high = _integers(int(value)) if is_integer else _numbers(value)
    return NumericRange(
        kind="Integer" if is_integer else "Continuous",
        name=range_.name,
        min=low,
        max=high,
        path=range_.path,
    )


def _integers(value: int) -> tuple[str, str]:
    """From a quarter of the example to four times it, without a change of sign."""
    near, far = max(abs(value) // _INTEGER_FACTOR, 1), abs(value) * _INTEGER_FACTOR
    return (str(near), str(far)) if value > 0 else (str(-far), str(-near))


def _numbers(value: Decimal) -> tuple[str, str]:
    """From a tenth of the example to ten times it; what may be a share stays below one."""
    if value == 0:
        return "0", "1"
    near, far = abs(value) / _CONTINUOUS_FACTOR, abs(value) * _CONTINUOUS_FACTOR
    if abs(value) <= 1 < far:
        far = Decimal(1)
    if number(str(far)) is None:
        far = abs(value)
    low, high = (near, far) if value > 0 else (-far, -near)
    return f"{float(low):g}", f"{float(high):g}"

"""The values of a dry run: a function of the hyperparameters, so that no code has to run.

Each tuned hyperparameter has one best share of its range, which depends on its name only. The loss
is the mean of the squared distances from these shares; an objective that is maximized is 1 minus
the loss. A training job reports it improving, in as many steps as its static number of epochs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hptc.preview.outline import hyperband
from hptc.request.job_facts import EPOCHS
from hptc.request.scales import share_of
from hptc.request.tuning_job import CategoricalRange, Definition, NumericRange, Range, TuningJob

STATED = (
    "dry run: nothing was trained, the values are made up from the hyperparameters (docs/local.md)"
)

_MAX_REPORTS = 100


def dry_reports(
    job: TuningJob, definition: Definition, values: Mapping[str, str]
) -> tuple[float, ...]:
    """What a training job reports in a dry run; the last value is its final one."""
    distances = [
        (_share(range_, values[range_.name]) - _best_share(range_.name)) ** 2
        for range_ in definition.ranges
        if range_.name in values
    ]
    loss = sum(distances) / len(distances) if distances else 0.0
    maximizes = definition.objective is not None and definition.objective.type == "Maximize"
    settings = hyperband(job)
    steps = settings.max_resource if settings is not None else _epochs(definition.static)
    curve = [loss + (1 / step - 1 / steps) / 2 for step in range(1, steps + 1)]
    return tuple(round(1 - value if maximizes else value, 6) for value in curve)


def _epochs(static: Mapping[str, str]) -> int:
    for name in EPOCHS:
        text = static.get(name, "").strip('"')
        if text.isdecimal() and int(text):
            return min(int(text), _MAX_REPORTS)
    return 1


def _best_share(name: str) -> float:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def _share(range_: Range, value: str) -> float:
    """Where a value is in its range, from 0 to 1."""
    match range_:
        case CategoricalRange():
            return range_.values.index(value) / max(1, len(range_.values) - 1)
        case NumericRange():
            return share_of(range_, value)
    return 0.0

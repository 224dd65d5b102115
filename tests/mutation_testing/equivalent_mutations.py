"""Mutations that change no result, with the reasons: samples leave them out."""

from __future__ import annotations

from typing import NamedTuple


class Equivalent(NamedTuple):
    """A line without its indentation, before and after."""

    file: str
    line: str
    mutated: str
    reason: str


EQUIVALENT = (
    Equivalent(
        "hptc/compiler/fix_locations.py",
        "return fix_in(changes[0].document, changed, message)",
        "return fix_in(changes[-1].document, changed, message)",
        "all are in one document",
    ),
    Equivalent(
        "hptc/diff/canonical_form.py",
        "name: same_name[0] if len(same_name) == 1 else same_name",
        "name: same_name[-1] if len(same_name) == 1 else same_name",
        "the list has one item",
    ),
    Equivalent(
        "hptc/jobs/plan_file.py",
        'model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)',
        'model_config = ConfigDict(extra="forbid", frozen=True, defer_build=False)',
        "only when the validator is built",
    ),
    Equivalent(
        "hptc/local/search/configurations.py",
        "index: grid_points(definition) or 0 for index, definition in enumerate(job.definitions)",
        "index: grid_points(definition) or 1 for index, definition in enumerate(job.definitions)",
        "every definition of a grid has points",
    ),
    Equivalent(
        "hptc/local/log_tail.py",
        "_READ_BYTES = 1 << 20",
        "_READ_BYTES = 2 << 20",
        "only how much is read at once",
    ),
    Equivalent(
        "hptc/local/stand_ins/training_files.py",
        "SEED = 0  # so that training jobs with the same hyperparameters report the same values",
        "SEED = 1  # so that training jobs with the same hyperparameters report the same values",
        "any seed is as good",
    ),
    Equivalent(
        "hptc/request/readings.py",
        'case "string" if 0 < len(shape.enum) <= _MAX_CHOICES:',
        'case "string" if 0 < len(shape.enum) < _MAX_CHOICES:',
        "no enum of the request has 12 members",
    ),
    Equivalent(
        "hptc/results/gather.py",
        "usd += saved * (rate or 0)",
        "usd += saved * (rate or 1)",
        "without a rate, the sum is not used",
    ),
    Equivalent(
        "hptc/source/document.py",
        "return self._root[0]",
        "return self._root[-1]",
        "the list has one item",
    ),
    Equivalent(
        "hptc/spec/tuning_spec.py",
        '"A seed for reproducible hyperparameter configurations.", 42',
        '"A seed for reproducible hyperparameter configurations.", 41',
        "an example, for which any seed is as good",
    ),
)

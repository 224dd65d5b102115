"""Facts about tuning jobs that rules of several families use."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hptc.catalog.algorithms import Algorithm, algorithm, possible_versions
from hptc.catalog.images import identify, is_newer, repository_versions, versions
from hptc.request.tuning_job import (
    CategoricalRange,
    Channel,
    Definition,
    NumericRange,
    Range,
    S3Source,
    TuningJob,
)

WHOLE_NUMBER = re.compile(r"[-+]?[0-9]+")
PROGRAM, SUBMIT_DIRECTORY = "sagemaker_program", "sagemaker_submit_directory"
"""The hyperparameters of the training toolkit that name the script and the archive with it."""
SCRIPT_SETTINGS = (PROGRAM, SUBMIT_DIRECTORY, PROGRAM.upper(), SUBMIT_DIRECTORY.upper())
"""The same as hyperparameters and as environment variables."""
CODE_CHANNEL = "code"
"""The input channel of the archive, for training jobs that can't download it."""
_SCRIPT_SETTINGS = frozenset(SCRIPT_SETTINGS)
OBJECTIVE_METRIC = "_tuning_objective_metric"
"""The hyperparameter that SageMaker adds to every training job, with the name of the objective."""
EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""The static hyperparameters from which Hyperband infers MaxResource:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperbandStrategyConfig.html"""
MAX_TRAINING_JOBS = 750
"""The default quota of a tuning job, and the limit for all strategies but random search:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html"""
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")


def toolkit_value(text: str) -> Any:
    """A hyperparameter as the training toolkit reads it: JSON, else the text itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def toolkit_text(text: str) -> str:
    """A text in a hyperparameter as the training toolkit reads it."""
    value = toolkit_value(text)
    return value if isinstance(value, str) else text


@lru_cache(maxsize=1024)
def number(text: str) -> Decimal | None:
    """The value of a decimal or scientific literal; None for other texts, and beyond a double."""
    if _NUMBER.fullmatch(text) is None or not math.isfinite(float(text)):
        return None
    return Decimal(text)


def built_in(definition: Definition) -> Algorithm | None:
    """The built-in algorithm of a first-party AWS image; None for any other image.

    For an unknown tag, it is that of the newest version in the repository; `possible_algorithms`
    has them all.
    """
    return _built_in(definition.training_image or "")


@lru_cache(maxsize=1024)
def _built_in(image: str) -> Algorithm | None:
    identified = identify(image)
    if identified is None or identified.kind != "algorithm":
        return None
    in_repository = repository_versions(identified.image.repository)
    known = algorithm(identified.name, identified.version or in_repository[-1])
    return known if known is not None and known.kind == "built_in" else None


def possible_algorithms(definition: Definition) -> tuple[Algorithm, ...]:
    """The built-in algorithm in each version that its image can be, newest first.

    A single version for a tag that the table of images lists, in this repository or in another one
    of the algorithm. For `latest` and other tags, every version in the repository: what is true of
    all of them is true of the image. Empty for any other image, and for a version that is newer
    than the table.
    """
    return _possible_algorithms(definition.training_image or "")


@lru_cache(maxsize=1024)
def _possible_algorithms(image: str) -> tuple[Algorithm, ...]:
    identified = identify(image)
    if identified is None or identified.kind != "algorithm":
        return ()
    version, tag = identified.version, identified.image.tag or ""
    if version is None and is_newer(identified.name, tag):
        return ()
    if version is None and tag in versions(identified.name):
        version = tag
    known = possible_versions(identified.image.repository, version)
    return tuple(algorithm for algorithm in known if algorithm.kind == "built_in")


def runs_a_script(definition: Definition) -> bool:
    """Whether the author's script runs in the image, by the training toolkit's own settings.

    https://github.com/aws/sagemaker-training-toolkit
    """
    return not (
        _SCRIPT_SETTINGS.isdisjoint(definition.static)
        and _SCRIPT_SETTINGS.isdisjoint(definition.environment)
    )


def has_several_instances(definition: Definition) -> bool:
    """Whether a training job can run on several instances."""
    return any(resources.max_instance_count > 1 for resources in definition.resources)


def has_augmented_manifest(channel: Channel) -> bool:
    """Whether a channel reads an augmented manifest, which determines what the channel contains."""
    return any(
        isinstance(source, S3Source) and source.data_type == "AugmentedManifestFile"
        for source in channel.sources
    )


def of_definition(definition: Definition) -> str:
    """The phrase that names one of several definitions in a message; empty for a single one."""
    return f" of `{definition.name}`" if definition.name else ""


def definition_name(job: TuningJob, definition: Definition) -> str:
    """The name of one of several definitions; empty for a single one."""
    return definition.name or "" if job.is_multiple else ""


def as_type(kind: str, written: str) -> str:
    """The advice that turns a range of the kind `written` into one of another kind."""
    numeric = ("Integer", "Continuous")
    keys = {"Categorical": " with `values`", "Auto": " with `value_hint`"}.get(kind, "")
    if kind in numeric and written not in numeric:
        keys = " with `min` and `max`"
    return f"`type: {kind}`{keys}"


def training_jobs(job: TuningJob) -> int | None:
    """The number of training jobs: the limit, or the size of the grid; None if unknown."""
    if job.max_number_of_training_jobs is not None:
        return job.max_number_of_training_jobs
    has_grid = job.strategy == "Grid" and len(job.definitions) == 1
    return grid_points(job.definitions[0]) if has_grid else None


def grid_points(definition: Definition) -> int | None:
    """The size of a grid; None if a range is not Categorical. A repeated value counts once."""
    sizes = [
        len(set(range_.values))
        for range_ in definition.ranges
        if isinstance(range_, CategoricalRange)
    ]
    return math.prod(sizes) if sizes and len(sizes) == len(definition.ranges) else None


def combinations(definition: Definition) -> int | None:
    """The number of configurations; None without ranges, and if a range is not countable."""
    counts = [value_count(range_) for range_ in definition.ranges]
    known = [count for count in counts if count is not None]
    return math.prod(known) if known and len(known) == len(counts) else None


def value_count(range_: Range) -> int | None:
    """The number of values of a range; None if it is not countable, or has none."""
    match range_:
        case CategoricalRange():
            return len(set(range_.values)) or None
        case NumericRange() if (
            range_.kind == "Integer"
            and WHOLE_NUMBER.fullmatch(range_.min)
            and WHOLE_NUMBER.fullmatch(range_.max)
        ):
            return max(int(range_.max) - int(range_.min) + 1, 0) or None
        case _:
            return None

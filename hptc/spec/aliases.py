"""Other names of keys and values, for suggestions: the SageMaker SDK's, the API's and common ones.

The SDK's are those of HyperparameterTuner and Estimator
(https://sagemaker.readthedocs.io/en/v2/api/training/tuner.html and
https://sagemaker.readthedocs.io/en/v2/api/training/estimators.html).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hptc.diagnostics import fold, nearest

_JOB = "training_job"

_PATHS: Mapping[str, str | tuple[str, ...]] = {
    # HyperparameterTuner
    "base_tuning_job_name": "name",
    "max_jobs": "limits.max_number_of_training_jobs",
    "max_trials": "limits.max_number_of_training_jobs",
    "max_parallel_jobs": "limits.max_parallel_training_jobs",
    "max_runtime_in_seconds": ("limits.max_runtime", f"{_JOB}.stopping.max_runtime"),
    "objective_metric_name": f"{_JOB}.objective.metric_name",
    "objective_type": f"{_JOB}.objective.type",
    "hyperparameter_ranges": f"{_JOB}.hyperparameters",
    "static_hyperparameters": f"{_JOB}.hyperparameters",
    "hyper_parameters": f"{_JOB}.hyperparameters",
    "early_stopping_type": "early_stopping",
    "strategy_config": "hyperband",
    "completion_criteria_config": "completion",
    "warm_start_config": "warm_start",
    "seed": "random_seed",
    "estimator": _JOB,
    # Estimator
    "base_job_name": "name",
    "role": f"{_JOB}.role_arn",
    "image": f"{_JOB}.algorithm.training_image",
    "image_uri": f"{_JOB}.algorithm.training_image",
    "framework_version": f"{_JOB}.algorithm.version",
    "metrics": f"{_JOB}.algorithm.metric_definitions",
    "output_path": f"{_JOB}.output.s3_output_path",
    "output_kms_key": f"{_JOB}.output.kms_key_id",
    "volume_size": f"{_JOB}.resources.volume_size_in_gb",
    "volume_kms_key": f"{_JOB}.resources.volume_kms_key_id",
    "max_run": f"{_JOB}.stopping.max_runtime",
    "max_wait": f"{_JOB}.spot.max_wait_time",
    "max_retry_attempts": f"{_JOB}.retry.maximum_retry_attempts",
    "max_retries": f"{_JOB}.retry.maximum_retry_attempts",
    "retries": f"{_JOB}.retry.maximum_retry_attempts",
    "checkpoint_s3_uri": f"{_JOB}.checkpoint.s3_uri",
    "checkpoint_local_path": f"{_JOB}.checkpoint.local_path",
    "encrypt_inter_container_traffic": f"{_JOB}.enable_inter_container_traffic_encryption",
    "env": f"{_JOB}.environment",
    "env_vars": f"{_JOB}.environment",
    "channels": f"{_JOB}.inputs",
    "entry_point": f"{_JOB}.source.entry_point",
    "source_dir": f"{_JOB}.source.directory",
    "source_code": f"{_JOB}.source",
    "entry_script": f"{_JOB}.source.entry_point",
    # CreateHyperParameterTuningJob, where a spec has a different word
    "resource_limits": "limits",
    "training_job_early_stopping_type": "early_stopping",
    "tuning_job_completion_criteria": "completion",
    "training_job_definition": _JOB,
    "training_job_definitions": "training_jobs",
    "hyper_parameter_tuning_job_name": "job_name",
    "hyper_parameter_tuning_job_objective": f"{_JOB}.objective",
    "tuning_objective": f"{_JOB}.objective",
    "parameter_ranges": f"{_JOB}.hyperparameters",
    "static_hyper_parameters": f"{_JOB}.hyperparameters",
    "algorithm_specification": f"{_JOB}.algorithm",
    "input_data_config": f"{_JOB}.inputs",
    "output_data_config": f"{_JOB}.output",
    "resource_config": f"{_JOB}.resources",
    "hyper_parameter_tuning_resource_config": f"{_JOB}.tuning_resources",
    "stopping_condition": f"{_JOB}.stopping",
    "vpc_config": f"{_JOB}.vpc",
    "checkpoint_config": f"{_JOB}.checkpoint",
    "retry_strategy": f"{_JOB}.retry",
    "hyperband_strategy_config": "hyperband",
    "cron": "schedule",
}
"""The key of a spec that another name means, as a path from the root, or several such keys."""

_ENVIRONMENT = "environments.<name>"
_CHOICES = f"{_ENVIRONMENT}.infrastructure"

_PROJECT_PATHS: Mapping[str, str | tuple[str, ...]] = {
    "account_id": f"{_ENVIRONMENT}.account",
    "aws_region": f"{_ENVIRONMENT}.region",
    "default_env": "default_environment",
    "envs": "environments",
    "role": f"{_CHOICES}.execution_role",
    "roles": f"{_CHOICES}.execution_role",
    "role_arn": f"{_CHOICES}.execution_role",
    "execution_role_arn": f"{_CHOICES}.execution_role",
    "bucket": f"{_CHOICES}.data_bucket",
    "output_bucket": f"{_CHOICES}.artifact_bucket",
    "encryption": f"{_CHOICES}.kms_key",
    "kms": f"{_CHOICES}.kms_key",
    "kms_key_id": f"{_CHOICES}.kms_key",
    "vpc": f"{_CHOICES}.network",
    "vpc_config": f"{_CHOICES}.network",
    "boundary": f"{_CHOICES}.permissions_boundary",
    "qualifier": f"{_CHOICES}.bootstrap_qualifier",
    "removal_policy": f"{_CHOICES}.removal",
    "subnets": f"{_CHOICES}.network.subnet_ids",
    "security_groups": f"{_CHOICES}.network.security_group_ids",
    "budget": ("policy.budget_usd", f"{_ENVIRONMENT}.policy.budget_usd"),
    "max_cost": ("policy.budget_usd", f"{_ENVIRONMENT}.policy.budget_usd"),
    "monthly_budget": (
        "policy.budget_usd_per_month",
        f"{_ENVIRONMENT}.policy.budget_usd_per_month",
    ),
}
"""The same for the keys of hptc.yaml."""

_NAMES_IN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "algorithm": {"built_in": ("name",)},
    "hyperparameters.<name>": {
        "min": ("low", "lower", "lower_bound", "minimum", "start", "from"),
        "max": ("high", "upper", "upper_bound", "maximum", "stop", "end", "to"),
        "values": ("choices", "options", "categories", "grid"),
        "scaling": ("distribution",),
    },
    "inputs.<name>": {"s3": ("s3_uri", "uri", "url", "path", "location", "data")},
    "limits": {
        "max_number_of_training_jobs": ("trials", "jobs", "n_trials", "max_evals"),
        "max_parallel_training_jobs": ("parallelism", "concurrency", "max_concurrent_trials"),
        "max_runtime": ("timeout",),
    },
    "objective": {"type": ("direction", "goal", "mode")},
    "output": {"s3_output_path": ("s3_uri", "uri", "url", "location", "prefix", "bucket")},
    "stopping": {"max_runtime": ("timeout",)},
    "warm_start": {"parents": ("parent_hyper_parameter_tuning_jobs",)},
}
"""By mapping: each key, and other names that mean it there."""

_ADVICE = {
    "use_spot_instances": "write `spot: {max_wait_time: …}` in `training_job`",
    "py_version": "remove it; a complete image tag in `algorithm.version` includes it",
    "budget": "limit the cost in hptc.yaml: `policy: {budget_usd: …}`",
}
_PROJECT_ADVICE = {
    "profile": "remove it; the credentials are those of the environment variable AWS_PROFILE",
}
"""What to do instead, for a name that is not simply another key's."""

_VALUES = {
    "double": "Continuous",
    "float": "Continuous",
    "real": "Continuous",
    "uniform": "Linear",
    "loguniform": "Logarithmic",
    "choice": "Categorical",
    "enum": "Categorical",
    "true": "Enabled",
    "on": "Enabled",
}
"""The value of the API that another word means."""

MAPPINGS = {
    "algorithm": "built_in: {}, version: …",
    "checkpoint": "s3_uri: {}",
    "completion": "target_objective_metric_value: {}",
    "hyperband": "max_resource: {}",
    "inputs": "s3: {}",  # of each input
    "limits": "max_number_of_training_jobs: {}, max_parallel_training_jobs: …",
    "objective": "metric_name: {}, type: …",
    "output": "s3_output_path: {}",
    "resources": "instance_type: {}, instance_count: …, volume_size_in_gb: …",
    "retry": "maximum_retry_attempts: {}",
    "shuffle": "seed: {}",
    "source": "directory: {}, entry_point: …",
    "spot": "max_wait_time: {}",
    "stopping": "max_runtime: {}",
    "warm_start": "type: …, parents: {}",
}
"""The mapping that a single value in place of a mapping means."""

ENTRIES = {
    "environment": "NAME: VALUE",
    "hyperparameters": "NAME: VALUE",
    "inputs": "CHANNEL: {s3: …}",
    "metric_definitions": "NAME: REGEX",
    "tags": "KEY: VALUE",
    "training_jobs": "NAME: {…}",
}
"""An entry of each mapping that is a list in the API."""

WORDS = {"network": ("managed", "absent")}
"""The words that a key takes in place of a mapping."""

ON_AND_OFF = {
    "early_stopping": ("Auto", "Off"),
    "autotune": ("Enabled", ""),
    "complete_on_convergence": ("Enabled", "Disabled"),
}
"""The values that true and false mean for the keys that take a word; "" means to omit the key."""


def _folded(paths: Mapping[str, str | tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    return {fold(name): (path,) if isinstance(path, str) else path for name, path in paths.items()}


_FOLDED_PATHS = _folded(_PATHS)
_FOLDED_PROJECT_PATHS = _folded(_PROJECT_PATHS)
_FOLDED_NAMES_IN: Mapping[str, Mapping[str, str]] = {
    mapping: {fold(name): key for key, names in keys.items() for name in names}
    for mapping, keys in _NAMES_IN.items()
}
_FOLDED_ADVICE: Mapping[str, str] = {fold(name): text for name, text in _ADVICE.items()}


def paths_of(name: str, *, in_project: bool = False) -> list[tuple[str, ...]]:
    """The paths of the keys of a spec, or of hptc.yaml, that another name means."""
    paths = _FOLDED_PROJECT_PATHS if in_project else _FOLDED_PATHS
    return [tuple(path.split(".")) for path in paths.get(fold(name), ())]


def key_in(owner: Sequence[str | int], name: str) -> str | None:
    """The key that another name means in the mapping at a path."""
    for mapping in ([*owner[-1:]], [*owner[-2:-1], "<name>"]):
        keys = _FOLDED_NAMES_IN.get(".".join(map(str, mapping)), {})
        if fold(name) in keys:
            return keys[fold(name)]
    return None


_MAX_WORDS = 3  # a word says little about a longer key


def key_with_words(name: str, keys: Sequence[str]) -> str | None:
    """The shortest key that has the words of a name in it, such as `instance_type` for `type`."""
    words = f" {' '.join(_words(name))} "
    matching = sorted(
        (len(_words(key)), key) for key in keys if words in f" {' '.join(_words(key))} "
    )
    shortest = [key for count, key in matching if count == matching[0][0] <= _MAX_WORDS]
    return shortest[0] if len(shortest) == 1 else None


def key_of_words(name: str, keys: Sequence[str]) -> str | None:
    """The longest key whose words a name has, such as `type` for `warm_start_type`."""
    words = f" {' '.join(_words(name))} "
    contained = [key for key in keys if f" {' '.join(_words(key))} " in words]
    return max(contained, key=len, default=None)


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]


def advice_for(name: str, *, in_project: bool = False) -> str:
    """What to do in place of a key of a spec or of hptc.yaml, or an empty string."""
    return _PROJECT_ADVICE.get(name, "") if in_project else _FOLDED_ADVICE.get(fold(name), "")


def choice(value: object, choices: Sequence[str]) -> str | None:
    """The choice that a value means: another word for it, its beginning, or a misspelling.

    It may also lack what is before its first dot, such as `m5.large` for `ml.m5.large`, and is of
    the same family as a misspelled one, if there is any.
    """
    word = fold(str(value))
    if (meant := _VALUES.get(word)) in choices:
        return meant
    if len(word) > 2:
        begun = [candidate for candidate in choices if fold(candidate).startswith(word)]
        ended = [candidate for candidate in choices if fold(candidate).partition(".")[2] == word]
        if len(completions := begun or ended) == 1:
            return completions[0]
    family = f"{word.rpartition('.')[0]}."
    same = [candidate for candidate in choices if fold(candidate).startswith(family)]
    return nearest(str(value), tuple(same or choices))

"""The identity of a tuning job: the digest of its content, and its name.

Tuning jobs are immutable and their names can't be reused, so a job is named by its content. The
digest covers the request without its name. The order of keys and explicit documented defaults
don't change it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

MAX_NAME = 32
_DIGEST_IN_NAME = 8
_DIGITS_IN_SCHEDULED_NAME = 6
MAX_RERUN = 999
MAX_STEM_LENGTH = MAX_NAME - len(f"-00000000-r{MAX_RERUN}")
"""This much of a spec's name is in each name of its tuning jobs that is derived from content."""
GENERATED = re.compile(r"(?P<stem>.+)(?P<suffix>-[0-9a-f]{8}(?:-r[0-9]{1,3})?)")
"""A tuning job's name that is derived from content."""

_SORTED_BY = {
    "IntegerParameterRanges": "Name",
    "ContinuousParameterRanges": "Name",
    "CategoricalParameterRanges": "Name",
    "AutoParameters": "Name",
    "InputDataConfig": "ChannelName",
    "MetricDefinitions": "Name",
    "InstanceGroups": "InstanceGroupName",
    "TrainingJobDefinitions": "DefinitionName",
    "Tags": "Key",
}
"""Lists that SageMaker reads as maps, and the key of each. The order of InstanceConfigs matters."""

_DEFAULTS: dict[str, dict[str, Any]] = {
    # Documented at https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_<structure>.html
    "HyperParameterTuningJobConfig": {"TrainingJobEarlyStoppingType": "Off"},
    "ConvergenceDetected": {"CompleteOnConvergence": "Disabled"},
    "IntegerParameterRanges": {"ScalingType": "Auto"},
    "ContinuousParameterRanges": {"ScalingType": "Auto"},
    "TrainingJobDefinition": {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    },
    "S3DataSource": {"S3DataDistributionType": "FullyReplicated"},
    "InputDataConfig": {"CompressionType": "None", "RecordWrapperType": "None"},
    "OutputDataConfig": {"CompressionType": "GZIP", "KmsKeyId": ""},
    "ResourceConfig": {"VolumeKmsKeyId": "", "InstanceCount": 1},
    "HyperParameterTuningResourceConfig": {"VolumeKmsKeyId": ""},
    "StoppingCondition": {"MaxRuntimeInSeconds": 86_400},
    "CheckpointConfig": {"LocalPath": "/opt/ml/checkpoints"},
}
_DEFAULTS["TrainingJobDefinitions"] = _DEFAULTS["TrainingJobDefinition"]

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

_NUMERIC_LISTS = frozenset({"IntegerParameterRanges", "ContinuousParameterRanges"})
_BOUNDS = ("MinValue", "MaxValue")


def canonical(request: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a request, which is the same for every notation of a tuning job.

    Named lists are sorted, empty values and documented defaults are omitted, and bounds of ranges
    have one notation.
    """
    form: dict[str, Any] = _canonical(dict(request), "")
    return form


def _canonical(value: object, owner: str) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        defaults = _DEFAULTS.get(owner, {})
        bounds = _BOUNDS if owner in _NUMERIC_LISTS else ()
        form = {}
        for key, member in value.items():
            if key in defaults and defaults[key] == member:
                continue
            if key in bounds:
                inner = _number(member)
            else:
                inner = member if isinstance(member, str) else _canonical(member, key)
            if inner or inner not in ({}, [], None):
                form[key] = inner
        return form
    if isinstance(value, list):
        elements = [
            element if isinstance(element, str) else _canonical(element, owner) for element in value
        ]
        name = _SORTED_BY.get(owner)
        if name is not None:
            elements.sort(
                key=lambda element: str(element.get(name, "")) if isinstance(element, dict) else ""
            )
        return elements
    # 1 and 1.0 are the same number, and JSON writes them differently.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(text: object) -> object:
    try:
        number = Decimal(str(text)).normalize()
    except ArithmeticError:  # not a number, or its exponent is out of range
        return text
    if not number.is_finite():
        return text
    return str(number + 0) if number else "0"


def digest(request: Mapping[str, Any]) -> str:
    """The SHA-256 of a request's content in hex, without its name."""
    form = canonical({k: v for k, v in request.items() if k != "HyperParameterTuningJobName"})
    return hashlib.sha256(_JSON.encode(form).encode()).hexdigest()


def job_name(spec_name: str, content_digest: str, *, rerun: int | None = None) -> str:
    """A tuning job's name: the spec's, truncated to fit 32 characters, and 8 digits of the digest.

    `rerun` is the number of a repeated run of the same content.
    """
    suffix = f"-{content_digest[:_DIGEST_IN_NAME]}" + (f"-r{rerun}" if rerun else "")
    return spec_name[: MAX_NAME - len(suffix)].rstrip("-") + suffix


def scheduled_stem(spec_name: str, project: str, environment: str) -> str:
    """The prefix of the names of a schedule's tuning jobs: at most 19 characters, lower case.

    The scheduled time follows it, as in `churn-a1b2c3-202611300600`. The digits distinguish
    specs whose names are truncated to the same text, and environments in one account. They don't
    depend on the content, so a change of content keeps the role that tracks these jobs valid.
    """
    whole = f"{project}/{environment}/{spec_name.lower()}"
    digits = hashlib.sha256(whole.encode()).hexdigest()[:_DIGITS_IN_SCHEDULED_NAME]
    return f"{scheduled_name_part(spec_name).lower()}-{digits}"


def scheduled_name_part(spec_name: str) -> str:
    """The part of a spec's name that the names of its schedule's tuning jobs start with."""
    longest = MAX_NAME - len("-202611300600") - _DIGITS_IN_SCHEDULED_NAME - len("-")
    return spec_name[:longest].rstrip("-")

"""The key of a spec that a path in the request comes from."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.diagnostics import RequestPath
from hptc.request.spec_paths import spec_path
from tests.support.local_runs import tuning_request

JOB = "TrainingJobDefinition"
CONFIG = "HyperParameterTuningJobConfig"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ((), ()),
        (("Nonsense",), ()),
        ((CONFIG, "Strategy"), ("strategy",)),
        ((CONFIG, "ResourceLimits"), ("limits",)),
        ((CONFIG, "ResourceLimits", "Nonsense"), ("limits",)),
        ((CONFIG, "ResourceLimits", "MaxRuntimeInSeconds"), ("limits", "max_runtime")),
        ((JOB,), ("training_job",)),
        ((JOB, "ResourceConfig", "InstanceType"), ("training_job", "resources", "instance_type")),
        ((JOB, "StaticHyperParameters", "epochs"), ("training_job", "hyperparameters", "epochs")),
        (
            (CONFIG, "ParameterRanges", "ContinuousParameterRanges", 0, "MinValue"),
            ("training_job", "hyperparameters", "rate", "min"),
        ),
    ],
)
def test_the_nearest_key(path: tuple[Any, ...], key: tuple[str, ...]) -> None:
    request = tuning_request(static={"epochs": "3"})
    assert spec_path(RequestPath(path), request) == key

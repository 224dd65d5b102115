"""The key of a spec that a path in the request comes from."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.diagnostics import RequestPath, path_text
from hptc.request.job_facts import PROGRAM
from hptc.request.spec_paths import exact_spec_paths, spec_path
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


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (
            (JOB, "StoppingCondition", "MaxWaitTimeInSeconds"),
            ["stopping.max_wait_time", "spot.max_wait_time"],
        ),
        ((JOB, "EnableManagedSpotTraining"), ["spot", "enable_managed_spot_training"]),
        (
            (JOB, "StaticHyperParameters", PROGRAM),
            [f"hyperparameters.{PROGRAM}", "source.entry_point"],
        ),
        (
            (JOB, "InputDataConfig", 0, "ContentType"),
            ["inputs.code.content_type", "source.directory"],
        ),
        ((JOB, "InputDataConfig", 0, "ChannelName"), ["inputs.code", "source.directory"]),
        ((JOB, "InputDataConfig", 0, "Nonsense"), ["source.directory"]),
        ((JOB, "InputDataConfig", 1), []),
        ((JOB, "ResourceConfig", "Nonsense"), []),
    ],
)
def test_every_notation_of_a_value(path: tuple[Any, ...], keys: list[str]) -> None:
    request = {JOB: {"InputDataConfig": [{"ChannelName": "code"}]}}
    paths = exact_spec_paths(RequestPath(path), request)
    assert [path_text(key) for key in paths] == [f"training_job.{key}" for key in keys]

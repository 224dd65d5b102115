"""What the service adds to the definition of a request in its descriptions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hptc.local.descriptions import describe
from tests.support.local_runs import tuning_request

NOW = datetime(2026, 1, 1, tzinfo=UTC)
VOLUME = {"InstanceCount": 1, "VolumeSizeInGB": 10}
LARGE, XLARGE = ({"InstanceType": name, **VOLUME} for name in ("ml.m5.large", "ml.m5.xlarge"))


def described(**members: Any) -> dict[str, Any]:
    """The described definition of a request whose own definition has these members."""
    request = tuning_request()
    request["TrainingJobDefinition"].pop("ResourceConfig", None)
    request["TrainingJobDefinition"] |= members
    record = {
        "Request": request, "CreationTime": NOW, "Since": NOW, "ActiveSeconds": 0.0,
        "Status": "InProgress",
    }  # fmt: skip
    definition: dict[str, Any] = describe(record, [], arn="arn", now=NOW)["TrainingJobDefinition"]
    return definition


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param(LARGE, id="one type"),
        pytest.param({"InstanceConfigs": [LARGE], "VolumeSizeInGB": 10}, id="a list of one type"),
    ],
)
def test_one_instance_type_is_that_of_the_training_jobs(resources: Any) -> None:
    definition = described(HyperParameterTuningResourceConfig=resources)
    assert definition["ResourceConfig"]["InstanceType"] == "ml.m5.large"
    assert "HyperParameterTuningResourceConfig" not in definition


def test_a_choice_of_instances_is_kept() -> None:
    resources = {"InstanceConfigs": [LARGE, XLARGE]}
    definition = described(HyperParameterTuningResourceConfig=resources)
    assert definition["HyperParameterTuningResourceConfig"] == resources
    assert "ResourceConfig" not in definition


def test_the_resources_of_a_definition_are_kept() -> None:
    assert described(ResourceConfig=LARGE)["ResourceConfig"] == LARGE

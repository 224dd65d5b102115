"""The references that a stack resolves."""

from __future__ import annotations

import pytest

from hptc.project.references import NAMES, by_example, reference
from hptc.request.shapes import input_shape


def test_as_many_subnets_and_security_groups_as_the_api_accepts() -> None:
    definition = input_shape().members["TrainingJobDefinition"]
    network = definition.members["VpcConfig"].members
    subnets, groups = network["Subnets"].maximum or 0, network["SecurityGroupIds"].maximum or 0
    assert [name for name in NAMES if name.startswith("subnet_id")] == [
        f"subnet_id_{number}" for number in range(1, subnets + 1)
    ]
    assert [name for name in NAMES if name.startswith("security_group_id")] == [
        "security_group_id",
        *(f"security_group_id_{number}" for number in range(2, groups + 1)),
    ]


@pytest.mark.parametrize("name", [*NAMES, "latest(churn)"])
def test_every_name_has_an_example(name: str) -> None:
    form = by_example(f"before {reference(name)} after")
    assert form is not None
    assert form.startswith("before ")
    assert form.endswith(" after")
    assert "hptc" not in form


def test_a_text_without_references_is_its_own_example() -> None:
    assert by_example("s3://bucket/${hptc:No Name}") == "s3://bucket/${hptc:No Name}"


def test_an_unknown_name_has_no_example() -> None:
    assert by_example(f"{reference('data_bucket')}/{reference('no_such')}") is None

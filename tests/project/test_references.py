"""The references that a stack resolves."""

from __future__ import annotations

from hptc.project.references import NAMES
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

"""Environments to synthesize, and readers of their templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hptc.project.infrastructure_choices import Infrastructure, parameters_replaced, provided
from hptc.project.project_file import Environment
from hptc.request.tuning_job import TuningJob
from tests.support.jobs import BY_PARAMETER, definition, inputs, job

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
Templates = dict[str, str]

VARIANTS: dict[str, dict[str, Any]] = {
    "without-network": {"network": "absent"},
    "without-key": {"kms_key": "absent", "removal": "destroy"},
    "brought-key": {"kms_key": KEY, "data_bucket": "lake"},
    "endpoints": {
        "artifact_bucket": "absent",
        "data_bucket": "absent",
        "kms_key": "absent",
        "network": {
            "availability_zones": [f"us-east-1{zone}" for zone in "abc"],
            "interface_endpoints": ["sts", "ecr.api"],
        },
    },
    "parameters": BY_PARAMETER | {"execution_role": "managed"},
    "own-vpc": {
        "network": {
            "vpc_id": "vpc-0a1b2c3d",
            "subnet_ids": ["subnet-0a1b2c3d"],
        },
        "kms_key": "alias/ml",
        "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
        "role_path": "/ml/tuning/",
        "role_name_prefix": "ml-",
    },
    "china": {"network": "managed"},
    "gov": {"network": "managed"},
    "nothing": {
        "artifact_bucket": "absent",
        "data_bucket": "lake",
        "kms_key": "absent",
        "launcher_policy": "absent",
    },
}

REGIONS = {"china": "cn-north-1", "gov": "us-gov-west-1"}
WITH_A_SPEC = ("parameters", "own-vpc", "china", "gov")
"""Variants whose differences show in a role's stack too, not only in the foundation."""


def variant(name: str) -> Environment:
    chosen, parameters = parameters_replaced(Infrastructure.model_validate(VARIANTS[name]))
    return Environment(
        project="demo",
        name=name,
        account="123456789012",
        region=REGIONS.get(name, "us-east-1"),
        infrastructure=chosen,
        variables=provided(chosen),
        parameters=parameters,
    )


def searched(chosen: Environment) -> TuningJob:
    """A tuning job that uses the buckets, key and network of its environment."""
    variables = chosen.variables
    return job(
        definition(
            **inputs(f"s3://{variables['data_bucket']}/churn/train/"),
            OutputDataConfig={
                "S3OutputPath": f"s3://{variables['artifact_bucket']}/churn/",
                "KmsKeyId": variables["kms_key_arn"],
            },
            VpcConfig={
                "Subnets": variables["subnet_ids"],
                "SecurityGroupIds": variables["security_group_ids"],
            },
        )
    )


def templates(assembly: Path) -> Templates:
    return {
        path.name.removesuffix(".template.json"): path.read_text(encoding="utf-8")
        for path in sorted(assembly.glob("*.template.json"))
    }


def resources(template: str, kind: str) -> list[dict[str, Any]]:
    declared = json.loads(template)["Resources"].values()
    return [resource for resource in declared if resource["Type"] == kind]


def pretty(template: str) -> str:
    return json.dumps(json.loads(template), indent=2) + "\n"


def imported(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["Fn::ImportValue"]] if "Fn::ImportValue" in node else []
        return own + [name for value in node.values() for name in imported(value)]
    if isinstance(node, list):
        return [name for value in node for name in imported(value)]
    return []

"""Tuning job requests built member by member, and an environment for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hptc.project.infrastructure_choices import Infrastructure, parameters_replaced, provided
from hptc.project.project_file import Environment
from hptc.request.reading import read_job
from hptc.request.tuning_job import TuningJob

ACCOUNT = "123456789012"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "${hptc:execution_role_arn}"

BY_PARAMETER = {
    "execution_role": "ssm:/ml/role",
    "artifact_bucket": "ssm:/ml/models",
    "data_bucket": "ssm:lake",
    "kms_key": "ssm:/ml/key",
    "input_kms_keys": ["alias/lake", "ssm:/lake/key"],
    "permissions_boundary": "ssm:/iam/boundary",
    "network": {"vpc_id": "ssm:/vpc", "subnet_ids": ["ssm:/a", "subnet-1"],
                "s3_prefix_list_id": "pl-1"},
}  # fmt: skip
"""Every resource that an SSM parameter can name."""


def environment(region: str = "us-east-1", **infrastructure: Any) -> Environment:
    chosen = {"kms_key": "absent", "launcher_policy": "absent"} | infrastructure
    return Environment(
        project="demo",
        name="dev",
        account=ACCOUNT,
        region=region,
        infrastructure=Infrastructure.model_validate(chosen),
        variables={},
    )


def definition(**members: Any) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://out/models/"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        "StoppingCondition": {},
    } | members


def request(*definitions: dict[str, Any], parallel: int = 1) -> dict[str, Any]:
    body: dict[str, Any] = {
        "HyperParameterTuningJobName": "j",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "ResourceLimits": {"MaxParallelTrainingJobs": parallel},
        },
    }
    if len(definitions) == 1:
        body["TrainingJobDefinition"] = definitions[0]
    else:
        body["TrainingJobDefinitions"] = list(definitions)
    return body


def job(*definitions: dict[str, Any]) -> TuningJob:
    return read_job(request(*definitions))


def s3_input(uri: str, data_type: str = "S3Prefix", **more: Any) -> dict[str, Any]:
    source = {"S3DataSource": {"S3Uri": uri, "S3DataType": data_type} | more}
    return {"ChannelName": "train", "DataSource": source}


def inputs(*uris: str, data_type: str = "S3Prefix") -> dict[str, Any]:
    return {"InputDataConfig": [s3_input(uri, data_type) for uri in uris]}


def file_system(kind: str) -> dict[str, Any]:
    source = {
        "FileSystemId": "fs-0123456789abcdef0",
        "FileSystemType": kind,
        "FileSystemAccessMode": "ro",
        "DirectoryPath": "/d",
    }
    return {
        "InputDataConfig": [
            {"ChannelName": "train", "DataSource": {"FileSystemDataSource": source}}
        ]
    }


def image(uri: str) -> dict[str, Any]:
    return {"AlgorithmSpecification": {"TrainingImage": uri, "TrainingInputMode": "File"}}


def algorithm(name: str) -> dict[str, Any]:
    return {"AlgorithmSpecification": {"AlgorithmName": name, "TrainingInputMode": "File"}}


def volume(key: str) -> dict[str, Any]:
    resources = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeKmsKeyId": key}
    return {"ResourceConfig": resources}


def by_parameter(**infrastructure: Any) -> Environment:
    """An environment that identifies some of its resources by SSM parameters."""
    base = environment(**infrastructure)
    chosen, parameters = parameters_replaced(base.infrastructure)
    return replace(base, infrastructure=chosen, parameters=parameters, variables=provided(chosen))

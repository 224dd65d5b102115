"""A sandbox, its accounts and stacks, and the parts of a tuning job request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.server import Sandbox

CONFIG = {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
    "ParameterRanges": {
        "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}],
        "CategoricalParameterRanges": [{"Name": "booster", "Values": ["gbtree", "dart"]}],
    },
}

DEFINITION = {
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "validation:auc", "Regex": "auc=([0-9.]+)"}],
    },
    "RoleArn": "arn:aws:iam::123456789012:role/role",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account in a sandbox, with boto3 clients that don't retry."""

    id: str
    endpoint_url: str
    region: str = "us-east-1"

    def client(self, service: str, **settings: Any) -> Any:
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=settings.pop("aws_access_key_id", access_key_for(self.id)),
            aws_secret_access_key="sandbox",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            **settings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A CloudFormation stack, deployed through change sets as the CDK does."""

    client: Any
    name: str

    def deploy(self, resources: Mapping[str, Any], **sections: Any) -> dict[str, str]:
        """Create or update the stack, and return its outputs."""
        template = json.dumps({"Resources": resources, **sections})
        names = [stack["StackName"] for stack in self.client.describe_stacks()["Stacks"]]
        operation = "UPDATE" if self.name in names else "CREATE"
        change_set = self.client.create_change_set(
            StackName=self.name, ChangeSetName="c", ChangeSetType=operation, TemplateBody=template
        )
        self.client.execute_change_set(ChangeSetName=change_set["Id"])
        self.client.delete_change_set(ChangeSetName=change_set["Id"])
        status, reason = self.status()
        assert status == f"{operation}_COMPLETE", reason
        stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def delete(self) -> None:
        self.client.delete_stack(StackName=self.name)
        names = [stack["StackName"] for stack in self.client.describe_stacks()["Stacks"]]
        assert self.name not in names, self.status()

    def status(self) -> tuple[str, str]:
        """The stack's status, and the reasons of all failures in it."""
        stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [
            event["ResourceStatusReason"]
            for event in events
            if event["ResourceStatus"].endswith(("_FAILED", "ROLLBACK_IN_PROGRESS"))
        ]
        return stack["StackStatus"], "; ".join(failed)

    def physical_id(self, logical_id: str) -> str:
        resource = self.client.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def open_sandbox() -> Iterator[Sandbox]:
    """Yield a sandbox in this process, for `pytest.fixture(scope="session")(open_sandbox)`."""
    with Sandbox() as sandbox:
        yield sandbox


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def provide(
    sandbox: Sandbox,
    *,
    role: str,
    objects: Mapping[str, Sequence[str]],
    account_id: str = "123456789012",
) -> None:
    """Create an execution role, and buckets with the objects of these keys.

    Sandboxes in one process share their state, so another module may have created them.
    """
    account = Account(id=account_id, endpoint_url=sandbox.endpoint_url)
    iam, s3 = account.client("iam"), account.client("s3")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    for bucket, keys in objects.items():
        s3.create_bucket(Bucket=bucket)
        for key in keys:
            s3.put_object(Bucket=bucket, Key=key, Body=b"1")

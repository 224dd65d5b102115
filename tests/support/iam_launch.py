"""A CreateHyperParameterTuningJob request as IAM sees it: the condition keys that it sets.

See the Service Authorization Reference of SageMaker:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.iam_calls import Request, World, definitions
from tests.support.iam_evaluator import Call

ACTION = "sagemaker:CreateHyperParameterTuningJob"
Keys = dict[str, str | tuple[str, ...]]


def creations(request: Request, world: World) -> list[Call]:
    """The calls to authorize: one for each training job definition.

    The reference does not say which definition sets a single-valued key, so each must pass.
    """
    name = request["HyperParameterTuningJobName"]
    resource = world.arn("sagemaker", f"hyper-parameter-tuning-job/{name}")
    shared = {**_tags(request), **_of_all(request)}
    return [
        Call(action=ACTION, resource=resource, context={**shared, **_of_one(definition, world)})
        for definition in definitions(request)
    ]


def _tags(request: Request) -> Keys:
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | (
        {"aws:TagKeys": tuple(tags)} if tags else {}
    )


def _of_all(request: Request) -> Keys:
    """The keys of type ArrayOfString."""
    values_of = {
        "sagemaker:InstanceTypes": [
            type_ for definition in definitions(request) for type_ in instance_types(definition)
        ],
        "sagemaker:VpcSubnets": _of_vpc(request, "Subnets"),
        "sagemaker:VpcSecurityGroupIds": _of_vpc(request, "SecurityGroupIds"),
    }
    return {key: tuple(values) for key, values in values_of.items() if values}


def _of_vpc(request: Request, member: str) -> list[str]:
    of_each = [
        definition.get("VpcConfig", {}).get(member, []) for definition in definitions(request)
    ]
    return [value for values in of_each for value in values]


def instance_types(definition: Request) -> Iterator[str]:
    """Every instance type of a definition, in any of its forms."""
    for config in _resources(definition):
        groups = [*config.get("InstanceGroups", ()), *config.get("InstanceConfigs", ())]
        for place in (config, *groups):
            if "InstanceType" in place:
                yield place["InstanceType"]


def _resources(definition: Request) -> list[Request]:
    members = ("ResourceConfig", "HyperParameterTuningResourceConfig")
    return [definition[member] for member in members if member in definition]


def _of_one(definition: Request, world: World) -> Keys:
    """The single-valued keys; one that the request does not set is absent."""
    output = definition["OutputDataConfig"].get("KmsKeyId")
    volume = [key for resource in _resources(definition) if (key := resource.get("VolumeKmsKeyId"))]
    values = {
        "sagemaker:InterContainerTrafficEncryption": definition.get(
            "EnableInterContainerTrafficEncryption"
        ),
        "sagemaker:NetworkIsolation": definition.get("EnableNetworkIsolation"),
        "sagemaker:MaxRuntimeInSeconds": definition["StoppingCondition"].get("MaxRuntimeInSeconds"),
        "sagemaker:OutputKmsKey": _arn(output, world) if output else None,
        "sagemaker:VolumeKmsKey": _arn(volume[0], world) if volume else None,
    }
    texts = {
        k: str(v).lower() if isinstance(v, bool) else str(v)
        for k, v in values.items()
        if v is not None
    }
    return dict(texts)


def _arn(key: str, world: World) -> str:
    """These condition keys are ARNs: make one of a key ID or an alias."""
    if key.startswith("arn:"):
        return key
    return world.arn("kms", key if key.startswith("alias/") else f"key/{key}")

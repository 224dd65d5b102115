"""`infrastructure` in hptc.yaml: the resources that hptc creates, and the existing ones to use."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from hptc.diagnostics import Path
from hptc.project.identifiers import (
    BUCKET,
    KEY,
    POLICY,
    PREFIX_LIST,
    ROLE,
    SECURITY_GROUP,
    SSM,
    SUBNET,
    TOPIC,
    VPC,
    Location,
    Mismatch,
    ResourceKind,
    mismatch,
    normalized,
)
from hptc.project.references import reference
from hptc.spec.spec_model import StrictModel

_ZONES = 2
_CHOICES = ("managed", "absent")
_MANAGED_VPC_KEYS = ("availability_zones", "cidr", "interface_endpoints", "s3_buckets")


def _to_network(value: object) -> object:
    return {"managed": {}, "absent": None}.get(value, value) if isinstance(value, str) else value


def _none() -> list[str]:
    # Pydantic reads a factory's signature, and to read that of `list` Python starts its tokenizer.
    return []


def _missing(message: str) -> PydanticCustomError:
    return PydanticCustomError("missing_key", "{message}", {"message": message})


def _choice_or(kind: ResourceKind) -> AfterValidator:
    return AfterValidator(lambda value: value if value in _CHOICES else kind.check(value))


Role = Annotated[str, _choice_or(ROLE)]
Bucket = Annotated[str, _choice_or(BUCKET)]
Key = Annotated[str, _choice_or(KEY)]


class Network(StrictModel):
    """Where training jobs run: existing subnets and security groups, or a VPC that hptc creates."""

    vpc_id: Annotated[str, AfterValidator(VPC.check)] | None = Field(
        default=None,
        description="An existing VPC in which hptc creates the security group; requires "
        "`subnet_ids`.",
        examples=["vpc-0123456789abcdef0", "ssm:/network/vpc"],
    )
    subnet_ids: list[Annotated[str, AfterValidator(SUBNET.check)]] | None = Field(
        default=None,
        description="Existing private subnets, each by ID, ARN or SSM parameter (ssm:/path).",
        min_length=1,
        max_length=16,
        examples=[["subnet-0123456789abcdef0"], ["ssm:/network/private-a"]],
    )
    security_group_ids: list[Annotated[str, AfterValidator(SECURITY_GROUP.check)]] | None = Field(
        default=None,
        description="Existing security groups, each by ID, ARN or SSM parameter (ssm:/path).",
        min_length=1,
        max_length=5,
        examples=[["sg-0123456789abcdef0"], ["ssm:/network/training-group"]],
    )
    cidr: str = Field(
        default="10.42.0.0/20",
        description="The IPv4 CIDR block of the VPC that hptc creates.",
        examples=["10.42.0.0/20"],
    )
    availability_zones: list[str] | None = Field(
        default=None,
        description="2 or 3 Availability Zones for the VPC that hptc creates. Defaults to the "
        "first two that CloudFormation lists for the account.",
        min_length=2,
        max_length=3,
        examples=[["us-east-1a", "us-east-1b"]],
    )
    interface_endpoints: list[str] = Field(
        default_factory=_none,
        description="AWS services that training code calls from the VPC that hptc creates; add "
        "`logs` and `monitoring` if training logs do not arrive. S3 needs none: it has a gateway "
        "endpoint, which is free. Each interface endpoint is billed per hour and zone and per GB: "
        "about $14.60 a month for two zones in us-east-1.",
        examples=[["logs", "monitoring"], ["secretsmanager"]],
    )
    s3_buckets: list[Annotated[str, AfterValidator(BUCKET.check_literal)]] = Field(
        default_factory=_none,
        description="Additional buckets that training jobs can reach from the VPC that hptc "
        "creates; its S3 endpoint allows only these and the environment's own. List an access "
        "point by its ARN, together with its bucket.",
        examples=[["lake"]],
    )
    s3_prefix_list_id: Annotated[str, AfterValidator(PREFIX_LIST.check_literal)] | None = Field(
        default=None,
        description="S3's managed prefix list in the Region, the only destination outside the VPC "
        "that the security group allows. hptc knows its ID in most Regions.",
        examples=["pl-0123456789abcdef0"],
    )

    @model_validator(mode="after")
    def _existing_network_is_complete(self) -> "Network":
        if self.subnet_ids is None and (self.security_group_ids or self.vpc_id):
            raise _missing("an existing network requires `subnet_ids`")
        if self.subnet_ids is not None:
            if self.security_group_ids is None and self.vpc_id is None:
                raise _missing(
                    "an existing network requires `security_group_ids`, or `vpc_id` to create a "
                    "security group in that VPC"
                )
            if managed := sorted(self.model_fields_set & {*_MANAGED_VPC_KEYS}):
                raise _missing(
                    f"`{managed[0]}` configures a VPC that hptc creates, but `subnet_ids` names "
                    "an existing network; keep one of the two"
                )
        return self

    @property
    def is_managed(self) -> bool:
        """Whether hptc creates the VPC."""
        return self.subnet_ids is None

    @property
    def has_managed_group(self) -> bool:
        """Whether hptc creates the security group of the training jobs."""
        return self.security_group_ids is None

    @property
    def zone_count(self) -> int:
        """The number of subnets in the VPC that hptc creates."""
        return len(self.availability_zones) if self.availability_zones else _ZONES


class Infrastructure(StrictModel):
    """The resources of an environment, each `managed`, `absent`, or an existing one."""

    execution_role: Role = Field(
        default="managed",
        description="The execution role of the training jobs: `managed` creates one for each "
        "spec; or an existing role by name or ARN; or `absent`.",
        examples=["managed", "arn:aws:iam::111122223333:role/tuning"],
    )
    artifact_bucket: Bucket = Field(
        default="managed",
        description="The bucket for model artifacts: `managed`, `absent`, or an existing bucket "
        "by name or ARN.",
        examples=["managed", "my-artifacts"],
    )
    data_bucket: Bucket = Field(
        default="managed",
        description="The bucket for training data: `managed`, `absent`, or an existing bucket "
        "by name or ARN.",
        examples=["managed", "my-data"],
    )
    kms_key: Key = Field(
        default="managed",
        description="The KMS key that encrypts buckets, volumes and artifacts: `managed`, which "
        "costs $1 a month, `absent`, or an existing key by ID, alias or ARN.",
        examples=[
            "managed",
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ],
    )
    input_kms_keys: list[Annotated[str, AfterValidator(KEY.check)]] = Field(
        default_factory=_none,
        max_length=10,
        description="Existing KMS keys that encrypt training data; managed roles may decrypt with "
        "them.",
        examples=[["alias/lake"]],
    )
    network: Annotated[
        Network | None,
        BeforeValidator(_to_network, json_schema_input_type=Literal["managed", "absent"] | Network),
    ] = Field(
        default=None,
        description="Where training jobs run: `managed` creates a VPC without internet access, "
        "which is free; `absent` uses SageMaker's own network; or a mapping that describes an "
        "existing network.",
        examples=["managed"],
    )
    launcher_policy: Literal["managed", "absent"] = Field(
        default="managed",
        description="An IAM policy for people who launch tuning jobs: it allows what `policy` "
        "allows.",
        examples=["managed"],
    )
    permissions_boundary: Annotated[str, AfterValidator(POLICY.check)] | None = Field(
        default=None,
        description="The permissions boundary of each role that hptc creates: a managed policy by "
        "name or ARN.",
        examples=["arn:aws:iam::111122223333:policy/boundary"],
    )
    bootstrap_qualifier: str | None = Field(
        default=None,
        description="The qualifier of the CDK bootstrap stack to deploy with, if it is not the "
        "CDK's default.",
        examples=["churn"],
        # Lower case, because the name of the CDK's bucket contains it.
        pattern=r"^[a-z0-9]{1,10}$",
    )
    role_path: str | None = Field(
        default=None,
        description="The path of the roles that hptc creates, used by no other role: people who "
        "launch tuning jobs may pass every role under it. Defaults to "
        "/hptc/PROJECT/ENVIRONMENT/.",
        examples=["/ml/tuning/"],
        # The path of a managed policy, and the ARN of a role in a tuning job, have fewer characters
        # than the path of a role:
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
        pattern=r"^(/[A-Za-z0-9.,+@=_-]+)+/$",
        max_length=512,
    )
    role_name_prefix: str | None = Field(
        default=None,
        description="The prefix of the name of each role that hptc creates. By default "
        "CloudFormation generates the names.",
        examples=["ml-tuning-"],
        # IAM's letters are ASCII; a class of every letter would take longer to compile than a spec.
        pattern=r"^[A-Za-z0-9_+=,.@-]{1,32}$",
    )
    alarm_topic: Annotated[str, AfterValidator(TOPIC.check)] | None = Field(
        default=None,
        description="The SNS topic to notify when a scheduled tuning job fails or can't be "
        "started, by name or ARN. Without it, the alarms show in CloudWatch only.",
        examples=["arn:aws:sns:us-east-1:111122223333:on-call"],
    )
    removal: Literal["retain", "destroy"] = Field(
        default="retain",
        description="Whether to retain or destroy buckets and keys when their stack is deleted.",
        examples=["retain"],
    )


def provided(infrastructure: Infrastructure) -> dict[str, Any]:
    """The variables that an environment's infrastructure provides: literals, or references."""
    values: dict[str, Any] = {}
    for variable, choice in (
        ("artifact_bucket", infrastructure.artifact_bucket),
        ("data_bucket", infrastructure.data_bucket),
        ("kms_key_arn", infrastructure.kms_key),
    ):
        if choice != "absent":
            values[variable] = reference(variable) if choice == "managed" else choice
    network = infrastructure.network
    if network is not None and network.is_managed:
        values["subnet_ids"] = [reference(f"subnet_id_{i + 1}") for i in range(network.zone_count)]
        values["security_group_ids"] = [reference("security_group_id")]
    elif network is not None:
        values["subnet_ids"] = network.subnet_ids
        values["security_group_ids"] = network.security_group_ids or [
            reference("security_group_id")
        ]
    return values


def identifiers(infrastructure: Infrastructure) -> Iterator[tuple[Path, ResourceKind, str]]:
    """Each existing resource: the path of its key in `infrastructure`, its kind and its value."""
    for key, kind in (
        ("execution_role", ROLE),
        ("artifact_bucket", BUCKET),
        ("data_bucket", BUCKET),
        ("kms_key", KEY),
        ("permissions_boundary", POLICY),
        ("alarm_topic", TOPIC),
    ):
        value = getattr(infrastructure, key)
        if value is not None and value not in _CHOICES:
            yield (key,), kind, value
    for index, key_id in enumerate(infrastructure.input_kms_keys):
        yield ("input_kms_keys", index), KEY, key_id
    network = infrastructure.network
    if network is None:
        return
    for key, kind in (("vpc_id", VPC), ("s3_prefix_list_id", PREFIX_LIST)):
        value = getattr(network, key)
        if value is not None:
            yield ("network", key), kind, value
    for key, kind in (
        ("subnet_ids", SUBNET),
        ("security_group_ids", SECURITY_GROUP),
        ("s3_buckets", BUCKET),
    ):
        for index, value in enumerate(getattr(network, key) or ()):
            yield ("network", key, index), kind, value


def mismatches(
    infrastructure: Infrastructure, location: Location
) -> Iterator[tuple[Path, ResourceKind, str, Mismatch]]:
    """Each existing resource whose ARN is in a place that the environment can't use."""
    for path, kind, value in identifiers(infrastructure):
        wrong = mismatch(value, kind, location)
        if wrong is not None:
            yield path, kind, value, wrong


def normalize(infrastructure: Infrastructure, location: Location) -> Infrastructure:
    """The same choices, with each existing resource in the form that requests use."""
    top: dict[str, Any] = {}
    nested: dict[str, Any] = {}
    for path, kind, value in identifiers(infrastructure):
        values, inside = (nested, path[1:]) if path[0] == "network" else (top, path)
        match inside:
            case (str() as key,):
                values[key] = normalized(value, kind, location)
            case (str() as key, int()):
                values.setdefault(key, []).append(normalized(value, kind, location))
    if nested and infrastructure.network is not None:
        top["network"] = infrastructure.network.model_copy(update=nested)
    return infrastructure.model_copy(update=top)


def parameters_replaced(infrastructure: Infrastructure) -> tuple[Infrastructure, dict[str, str]]:
    """Replace SSM parameters with references; returns the parameter of each reference too.

    Only a deployment can resolve a parameter: the foundation stack reads it and outputs its value.
    """
    parameters: dict[str, str] = {}

    def replaced(name: str, value: str | None) -> str | None:
        if value is None or not value.startswith(SSM):
            return value
        parameters[name] = value.removeprefix(SSM)
        return reference(name)

    def all_replaced(name: str, values: list[str] | None, first: str = "") -> list[str] | None:
        if values is None:
            return None
        names = [first if first and i == 0 else f"{name}_{i + 1}" for i in range(len(values))]
        return [replaced(n, value) or "" for n, value in zip(names, values, strict=True)]

    network = infrastructure.network
    if network is not None:
        groups = all_replaced("security_group_id", network.security_group_ids, "security_group_id")
        changed = {
            "vpc_id": replaced("vpc_id", network.vpc_id),
            "subnet_ids": all_replaced("subnet_id", network.subnet_ids),
            "security_group_ids": groups,
        }
        network = network.model_copy(update=changed)
    updates = {
        "execution_role": replaced("execution_role_arn", infrastructure.execution_role),
        "artifact_bucket": replaced("artifact_bucket", infrastructure.artifact_bucket),
        "data_bucket": replaced("data_bucket", infrastructure.data_bucket),
        "kms_key": replaced("kms_key_arn", infrastructure.kms_key),
        "input_kms_keys": all_replaced("input_kms_key", infrastructure.input_kms_keys),
        "permissions_boundary": replaced(
            "permissions_boundary_arn", infrastructure.permissions_boundary
        ),
        "alarm_topic": replaced("alarm_topic_arn", infrastructure.alarm_topic),
        "network": network,
    }
    if not parameters:
        return infrastructure, parameters
    return infrastructure.model_copy(update=updates), parameters

"""`infrastructure` in hptc.yaml: what hptc makes for an environment, and what is yours already."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

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
    Kind,
    Place,
    settled,
)
from hptc.project.references import reference

_ZONES = 2
_CHOICES = ("managed", "absent")
_OF_A_MADE_VPC = ("availability_zones", "cidr", "interface_endpoints", "s3_buckets")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _to_network(value: Any) -> Any:
    return {"managed": {}, "absent": None}.get(value, value) if isinstance(value, str) else value


def _needs(message: str) -> PydanticCustomError:
    return PydanticCustomError("missing_key", "{message}", {"message": message})


def _or_a_choice(kind: Kind) -> AfterValidator:
    return AfterValidator(lambda value: value if value in _CHOICES else kind.check(value))


Role = Annotated[str, _or_a_choice(ROLE)]
Bucket = Annotated[str, _or_a_choice(BUCKET)]
Key = Annotated[str, _or_a_choice(KEY)]


class Network(_Model):
    """Where training jobs run: subnets and security groups of yours, or a VPC that hptc makes."""

    vpc_id: Annotated[str, AfterValidator(VPC.check)] | None = Field(
        default=None,
        description="A VPC of yours, in which hptc makes the security group; with `subnet_ids`.",
        examples=["vpc-0123456789abcdef0", "ssm:/network/vpc"],
    )
    subnet_ids: list[Annotated[str, AfterValidator(SUBNET.check)]] | None = Field(
        default=None,
        description="Private subnets of yours, each by its id, its ARN or as ssm:/path.",
        min_length=1,
        max_length=16,
        examples=[["subnet-0123456789abcdef0"], ["ssm:/network/private-a"]],
    )
    security_group_ids: list[Annotated[str, AfterValidator(SECURITY_GROUP.check)]] | None = Field(
        default=None,
        description="Security groups of yours, each by its id, its ARN or as ssm:/path.",
        min_length=1,
        max_length=5,
        examples=[["sg-0123456789abcdef0"], ["ssm:/network/training-group"]],
    )
    cidr: str = Field(
        default="10.42.0.0/20",
        description="Addresses of the VPC that hptc makes.",
        examples=["10.42.0.0/20"],
    )
    availability_zones: list[str] | None = Field(
        default=None,
        description="Zones of the VPC that hptc makes, 2 or 3; the Region's a and b when absent.",
        min_length=2,
        max_length=3,
        examples=[["us-east-1a", "us-east-1b"]],
    )
    interface_endpoints: list[str] = Field(
        default_factory=list,
        description="AWS services that are reached from the VPC that hptc makes, beside S3, whose "
        "endpoint is free: what your training code calls; `logs` and `monitoring` if its log does "
        "not arrive. Each costs by the hour and zone, and by the GB: about $14.60 a month in two "
        "zones of us-east-1.",
        examples=[["logs", "monitoring"], ["secretsmanager"]],
    )
    s3_buckets: list[Annotated[str, AfterValidator(BUCKET.check_literal)]] = Field(
        default_factory=list,
        description="Buckets that training jobs reach from the VPC that hptc makes, besides the "
        "environment's own: its S3 endpoint lets nothing else through. An access point by its ARN, "
        "together with its bucket.",
        examples=[["lake"]],
    )
    s3_prefix_list_id: Annotated[str, AfterValidator(PREFIX_LIST.check_literal)] | None = Field(
        default=None,
        description="S3's prefix list in the Region, to which alone the security group that hptc "
        "makes lets anything out; hptc knows it in most Regions.",
        examples=["pl-0123456789abcdef0"],
    )

    @model_validator(mode="after")
    def _yours_is_whole(self) -> "Network":
        if self.subnet_ids is None and (self.security_group_ids or self.vpc_id):
            raise _needs("a network of yours needs `subnet_ids`")
        if self.subnet_ids is not None:
            if self.security_group_ids is None and self.vpc_id is None:
                raise _needs(
                    "a network of yours needs `security_group_ids`, or `vpc_id` to make one there"
                )
            if made := sorted(self.model_fields_set & {*_OF_A_MADE_VPC}):
                raise _needs(
                    f"`{made[0]}` is of a VPC that hptc makes, and `subnet_ids` bring one of yours"
                )
        return self

    @property
    def is_managed(self) -> bool:
        """Whether hptc makes it."""
        return self.subnet_ids is None

    @property
    def makes_group(self) -> bool:
        """Whether hptc makes the security group of the training jobs."""
        return self.security_group_ids is None

    @property
    def zone_count(self) -> int:
        """How many subnets the VPC that hptc makes has."""
        return len(self.availability_zones) if self.availability_zones else _ZONES


class Infrastructure(_Model):
    """What hptc makes for an environment: `managed`, `absent`, or the name of yours."""

    execution_role: Role = Field(
        default="managed",
        description="The role of the training jobs: `managed` makes one for each spec; "
        "one of yours by its name or ARN; or `absent`.",
        examples=["managed", "arn:aws:iam::111122223333:role/tuning"],
    )
    artifact_bucket: Bucket = Field(
        default="managed",
        description="The bucket for model artifacts: `managed`, `absent` or one of yours, "
        "by its name or ARN.",
        examples=["managed", "my-artifacts"],
    )
    data_bucket: Bucket = Field(
        default="managed",
        description="The bucket for training data: `managed`, `absent` or one of yours, "
        "by its name or ARN.",
        examples=["managed", "my-data"],
    )
    kms_key: Key = Field(
        default="managed",
        description="The key that encrypts buckets, volumes and artifacts: `managed`, which costs "
        "$1 a month, `absent`, or one of yours by its id, alias or ARN.",
        examples=[
            "managed",
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ],
    )
    input_kms_keys: list[Annotated[str, AfterValidator(KEY.check)]] = Field(
        default_factory=list,
        max_length=10,
        description="Keys of yours that encrypt training data; managed roles may use them.",
        examples=[["alias/lake"]],
    )
    network: Annotated[
        Network | None,
        BeforeValidator(_to_network, json_schema_input_type=Literal["managed", "absent"] | Network),
    ] = Field(
        default=None,
        description="Where training jobs run: `managed` makes a VPC without internet access, at "
        "no cost by itself; `absent` uses SageMaker's own network; or a mapping with a network of "
        "yours.",
        examples=["managed"],
    )
    launcher_policy: Literal["managed", "absent"] = Field(
        default="managed",
        description="A policy for those who may start searches: it allows what `policy` allows.",
        examples=["managed"],
    )
    permissions_boundary: Annotated[str, AfterValidator(POLICY.check)] | None = Field(
        default=None,
        description="The boundary of each role that hptc makes: a managed policy by its name or "
        "ARN.",
        examples=["arn:aws:iam::111122223333:policy/boundary"],
    )
    role_path: str | None = Field(
        default=None,
        description="The path of the roles that hptc makes, and of no others: who may start "
        "searches may pass what is under it. /hptc/PROJECT/ENVIRONMENT/ when absent.",
        examples=["/ml/tuning/"],
        pattern=r"^/([!-.0-~]+/)+$",
    )
    role_name_prefix: str | None = Field(
        default=None,
        description="What the name of each role that hptc makes begins with; when absent, "
        "CloudFormation makes up the names.",
        examples=["ml-tuning-"],
        # IAM's letters are ASCII; a class of every letter would take longer to compile than a spec.
        pattern=r"^[A-Za-z0-9_+=,.@-]{1,32}$",
    )
    alarm_topic: Annotated[str, AfterValidator(TOPIC.check)] | None = Field(
        default=None,
        description="The SNS topic that is told when a scheduled search fails or can't be started: "
        "by its name or ARN. Without it the alarms are seen in CloudWatch only.",
        examples=["arn:aws:sns:us-east-1:111122223333:on-call"],
    )
    removal: Literal["retain", "destroy"] = Field(
        default="retain",
        description="Whether buckets and keys outlive their stack.",
        examples=["retain"],
    )


def provided(infrastructure: Infrastructure) -> dict[str, Any]:
    """What an environment's infrastructure gives to specs: literals, or references to stacks."""
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


def settle(infrastructure: Infrastructure, place: Place) -> Infrastructure:
    """What is brought by an ARN or a name in the one form that requests and policies have.

    Raises UsageError for an ARN that the environment's place can't use.
    """

    def one(kind: Kind, value: str) -> str:
        return value if value in _CHOICES else settled(value, kind, place)

    def each(kind: Kind, values: list[str] | None) -> list[str] | None:
        return None if values is None else [one(kind, value) for value in values]

    network, boundary = infrastructure.network, infrastructure.permissions_boundary
    topic = infrastructure.alarm_topic
    if network is not None:
        vpc, s3_list = network.vpc_id, network.s3_prefix_list_id
        changed = {
            "vpc_id": vpc and one(VPC, vpc),
            "subnet_ids": each(SUBNET, network.subnet_ids),
            "security_group_ids": each(SECURITY_GROUP, network.security_group_ids),
            "s3_buckets": each(BUCKET, network.s3_buckets),
            "s3_prefix_list_id": s3_list and one(PREFIX_LIST, s3_list),
        }
        network = network.model_copy(update=changed)
    return infrastructure.model_copy(
        update={
            "execution_role": one(ROLE, infrastructure.execution_role),
            "artifact_bucket": one(BUCKET, infrastructure.artifact_bucket),
            "data_bucket": one(BUCKET, infrastructure.data_bucket),
            "kms_key": one(KEY, infrastructure.kms_key),
            "input_kms_keys": each(KEY, infrastructure.input_kms_keys),
            "permissions_boundary": boundary and one(POLICY, boundary),
            "alarm_topic": topic and one(TOPIC, topic),
            "network": network,
        }
    )


def by_parameters(infrastructure: Infrastructure) -> tuple[Infrastructure, dict[str, str]]:
    """References in place of SSM parameters, and the parameter that each of them stands for.

    Only a deployment can tell what a parameter holds: the foundation reads it and tells it on.
    """
    found: dict[str, str] = {}

    def brought(name: str, value: str | None) -> str | None:
        if value is None or not value.startswith(SSM):
            return value
        found[name] = value.removeprefix(SSM)
        return reference(name)

    def each(name: str, values: list[str] | None, first: str = "") -> list[str] | None:
        if values is None:
            return None
        names = [first if first and i == 0 else f"{name}_{i + 1}" for i in range(len(values))]
        return [brought(n, value) or "" for n, value in zip(names, values, strict=True)]

    network = infrastructure.network
    if network is not None:
        groups = each("security_group_id", network.security_group_ids, "security_group_id")
        changed = {
            "vpc_id": brought("vpc_id", network.vpc_id),
            "subnet_ids": each("subnet_id", network.subnet_ids),
            "security_group_ids": groups,
        }
        network = network.model_copy(update=changed)
    made = {
        "execution_role": brought("execution_role_arn", infrastructure.execution_role),
        "artifact_bucket": brought("artifact_bucket", infrastructure.artifact_bucket),
        "data_bucket": brought("data_bucket", infrastructure.data_bucket),
        "kms_key": brought("kms_key_arn", infrastructure.kms_key),
        "input_kms_keys": each("input_kms_key", infrastructure.input_kms_keys),
        "permissions_boundary": brought(
            "permissions_boundary_arn", infrastructure.permissions_boundary
        ),
        "alarm_topic": brought("alarm_topic_arn", infrastructure.alarm_topic),
        "network": network,
    }
    return (infrastructure.model_copy(update=made), found) if found else (infrastructure, found)

"""`policy` in hptc.yaml: limits on the tuning jobs of a project, per environment.

The HPT8xx rules check these values, and the launcher policy's IAM conditions enforce them outside
hptc too. Patterns match in linear time (patterns.py).
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from hptc.project.patterns import PatternError, pattern
from hptc.spec.spec_model import Duration


def _valid_pattern(text: str) -> str:
    try:
        pattern(text)
    except PatternError as error:
        # Pydantic reads braces in a message as placeholders.
        raise PydanticCustomError("pattern", "{fault}", {"fault": str(error)}) from None
    return text


Pattern = Annotated[str, AfterValidator(_valid_pattern)]
Glob = Annotated[str, Field(min_length=1, max_length=256)]
# IAM's patterns also have `?`; without it, the launcher policy matches the same types.
InstanceTypes = Annotated[str, Field(pattern=r"^[a-z0-9.*-]{1,64}$")]


def _key(description: str, *examples: Any, **constraints: Any) -> Any:
    return Field(default=None, description=description, examples=list(examples), **constraints)


class Schedules(BaseModel):
    """Limits on the schedules of specs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    allowed: bool = Field(
        default=True, description="Whether specs may have a schedule.", examples=[False]
    )
    at_most_every: Duration | None = _key(
        "The shortest time between two starts of a schedule.", "1d"
    )


class Policy(BaseModel):
    """Limits on tuning jobs. An absent key allows everything."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    budget_usd: float | None = _key("The maximum cost of one tuning job, in US dollars.", 250, gt=0)
    budget_usd_per_month: float | None = _key(
        "The maximum cost of the tuning jobs that one schedule starts in a month, in US dollars.",
        1000,
        gt=0,
    )
    max_number_of_training_jobs: int | None = _key(
        "The maximum number of training jobs of one tuning job.", 100, ge=1
    )
    max_parallel_training_jobs: int | None = _key(
        "The maximum number of parallel training jobs.", 10, ge=1
    )
    max_runtime: Duration | None = _key("The maximum runtime of one training job.", "6h")
    instance_types: list[InstanceTypes] | None = _key(
        "Allowed instance types; `*` matches any text.", ["ml.m5.*", "ml.g5.xlarge"]
    )
    regions: list[str] | None = _key("Allowed Regions.", ["us-east-1", "eu-west-1"])
    required_tags: dict[str, Pattern] | None = _key(
        "Tags that every tuning job must have, each with a regular expression for its whole value; "
        "without backreferences and lookaround.",
        {"team": "[a-z-]+"},
    )
    require_network_isolation: bool | None = _key(
        "Whether to require network isolation of containers.", True
    )
    require_inter_container_traffic_encryption: bool | None = _key(
        "Whether to require encryption of the traffic between instances.", True
    )
    require_kms_keys: bool | None = _key(
        "Whether to require that volumes and artifacts are encrypted with the environment's key, "
        "or with any key of the account if it has none.",
        True,
    )
    require_vpc: bool | None = _key(
        "Whether to require that training jobs run in the environment's network, or in any VPC "
        "if it has none.",
        True,
    )
    spot_required_above: int | None = _key(
        "Tuning jobs with more training jobs than this must use managed Spot training.", 20, ge=0
    )
    image_registries: list[Glob] | None = _key(
        "Accounts or registry hosts to allow images from, each alone or with a repository; `*` "
        "matches any text. AWS's own images are always allowed.",
        ["111122223333", "111122223333/tuning-*"],
    )
    execution_roles: list[Glob] | None = _key(
        "ARNs of existing execution roles to allow; `*` matches any text. Roles that hptc creates "
        "are always allowed.",
        ["arn:aws:iam::111122223333:role/tuning-*"],
    )
    input_locations: list[Glob] | None = _key(
        "S3 URIs, IDs of file systems and ARNs of datasets to allow inputs and code from; `*` "
        "matches any text. The environment's buckets are always allowed.",
        ["s3://lake/churn/*"],
    )
    output_locations: list[Glob] | None = _key(
        "S3 URIs to allow output and checkpoints to; `*` matches any text. The environment's "
        "buckets are always allowed.",
        ["s3://models/churn/*"],
    )
    schedules: Schedules | None = _key(
        "Whether specs may have a schedule, and how often it may start.", {"at_most_every": "1d"}
    )
    forbidden_hyperparameters: list[Glob] | None = _key(
        "Hyperparameters that no tuning job may set or tune; `*` matches any text, and case does "
        "not matter.",
        ["*password*"],
    )

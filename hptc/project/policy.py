"""`policy` in hptc.yaml: what a project allows its tuning jobs, per environment.

The same values are checked by the HPT8xx rules and enforced by the launcher's IAM conditions, so
that the guardrail holds outside hptc too. Patterns are those of patterns.py, which
match in linear time.
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
        # Pydantic reads braces in a message as names of its own.
        raise PydanticCustomError("pattern", "{fault}", {"fault": str(error)}) from None
    return text


Pattern = Annotated[str, AfterValidator(_valid_pattern)]
Glob = Annotated[str, Field(min_length=1, max_length=256)]
# IAM's own patterns have `?` too: without it, the launcher's policy says the same.
InstanceTypes = Annotated[str, Field(pattern=r"^[a-z0-9.*-]{1,64}$")]


def _key(description: str, *examples: Any, **constraints: Any) -> Any:
    return Field(default=None, description=description, examples=list(examples), **constraints)


class Policy(BaseModel):
    """What a search may be. A key that is absent allows everything."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    budget_usd: float | None = _key("The most that one search may cost, in US dollars.", 250, gt=0)
    max_number_of_training_jobs: int | None = _key(
        "The most training jobs of one search.", 100, ge=1
    )
    max_parallel_training_jobs: int | None = _key("The most at the same time.", 10, ge=1)
    max_runtime: Duration | None = _key("The longest that one training job may run.", "6h")
    instance_types: list[InstanceTypes] | None = _key(
        "Instance types that may be used; `*` stands for any text.", ["ml.m5.*", "ml.g5.xlarge"]
    )
    regions: list[str] | None = _key("Regions that may be used.", ["us-east-1", "eu-west-1"])
    required_tags: dict[str, Pattern] | None = _key(
        "Tags that every search carries, each with a regular expression for its whole value; "
        "without back references and looking around.",
        {"team": "[a-z-]+"},
    )
    require_network_isolation: bool | None = _key("Whether containers must have no network.", True)
    require_inter_container_traffic_encryption: bool | None = _key(
        "Whether traffic between instances must be encrypted.", True
    )
    require_kms_keys: bool | None = _key(
        "Whether volumes and artifacts must be encrypted with the environment's key; with any of "
        "the account's where it has none.",
        True,
    )
    require_vpc: bool | None = _key(
        "Whether training jobs must run in the environment's network; in any VPC of yours where it "
        "has none.",
        True,
    )
    spot_required_above: int | None = _key(
        "Searches with more training jobs than this must use spot capacity.", 20, ge=0
    )
    image_registries: list[Glob] | None = _key(
        "Accounts or registry hosts that images may come from; AWS's own are always allowed.",
        ["111122223333"],
    )
    forbidden_hyperparameters: list[Glob] | None = _key(
        "Names that no search may set or tune; `*` stands for any text.", ["*password*"]
    )

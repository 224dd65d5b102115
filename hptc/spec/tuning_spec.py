"""What an author may write: the pydantic models of a tuning spec.

Plain data in, a `Spec` in its long form out, or findings. It knows types, keys and what belongs
together; bounds, enums and patterns are AWS's and stand in shapes.py. Nearly every key is optional
here, because `defaults` and the environment may give it: what AWS requires is asked of the request.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from hptc.diagnostics import Finding, Path, ProjectPath, SpecPath, nearest, path_text
from hptc.source.document import Scalar
from hptc.spec.schedule import ScheduleOrExpression

MAX_FINDINGS = 1000
"""After so many the rest waits for the next run: nobody reads more."""
DURATION = re.compile(r"(\d{1,9})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _to_seconds(value: Any) -> Any:
    if isinstance(value, str):
        match = DURATION.match(value)
        if match is None:
            raise PydanticCustomError(
                "duration", "must be a duration such as 90m, 12h, 1d or whole seconds"
            )
        return int(match[1]) * _SECONDS[match[2]]
    return value


def _to_text(value: Any) -> Any:
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _to_s3(value: Any) -> Any:
    return {"s3_uri": value} if isinstance(value, str) else value


def _to_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _to_static(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("hyperparameter", 'is empty: write a value, or "" for no text')
    if isinstance(value, dict):
        if "type" not in value and "value" not in value:
            raise PydanticCustomError(
                "hyperparameter",
                "a mapping here is a range and needs `type`: Integer, Continuous, Categorical or "
                "Auto; a static JSON object goes under `value:`",
            )
        return value
    return {"value": value}


Duration = Annotated[
    int,
    BeforeValidator(
        _to_seconds, json_schema_input_type=int | Annotated[str, Field(pattern=r"^\d{1,9}[smhd]$")]
    ),
]
Text = Annotated[str, BeforeValidator(_to_text, json_schema_input_type=str | int | float | bool)]
Texts = Annotated[list[str], BeforeValidator(_to_list, json_schema_input_type=str | list[str])]
Version = Annotated[str, BeforeValidator(_to_text, json_schema_input_type=str | int | float)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _key(description: str, *examples: Any, **constraints: Any) -> Any:
    return Field(default=None, description=description, examples=list(examples), **constraints)


class Hyperparameter(_Model):
    """A static value, or a range to search."""

    type: Literal["Integer", "Continuous", "Categorical", "Auto"] | None = _key(
        "What kind of range: Integer, Continuous, Categorical, or Auto (Autotune derives it).",
        "Continuous",
    )
    min: Text | None = _key("The lowest value, included.", 0.001)
    max: Text | None = _key("The highest value, included.", 0.5)
    scaling: str | None = _key("How the range is searched.", "Logarithmic")
    values: list[Any] | None = _key("The categories.", ["gbtree", "dart"])
    value_hint: Text | None = _key("An example value, from which Autotune derives a range.", 4)
    value: Any = _key("A static value; the short form is the value itself.", 200)

    @model_validator(mode="after")
    def _belongs_together(self) -> "Hyperparameter":
        required, optional = _RANGE_KEYS[self.type]
        given = self.model_fields_set - {"type"}
        for key in required:
            if getattr(self, key) is None:
                what = f"a range of type {self.type}" if self.type else "a static hyperparameter"
                raise PydanticCustomError("missing_key", f"{what} needs `{key}`")
        for key in sorted(given - set(required) - set(optional)):
            if getattr(self, key) is not None:
                raise PydanticCustomError(
                    "extra_key",
                    f"a range of type {self.type} takes {_listed(required + optional)}, not `{key}`"
                    if self.type
                    else f"`{key}` goes with a range: say which with `type`",
                )
        return self


_RANGE_KEYS: dict[str | None, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Integer": (("min", "max"), ("scaling",)),
    "Continuous": (("min", "max"), ("scaling",)),
    "Categorical": (("values",), ()),
    "Auto": (("value_hint",), ()),
    None: (("value",), ()),
}


class Objective(_Model):
    """The metric that the search optimises."""

    metric_name: str | None = _key(
        "The metric's name, one of the algorithm's or of metric_definitions.", "validation:auc"
    )
    type: str | None = _key("Whether more or less is better.", "Maximize")


class Hyperband(_Model):
    """How Hyperband gives out its resource: the epochs at which the objective is reported."""

    min_resource: int | None = _key(
        "The least that a training job gets before it may be stopped.", 1
    )
    max_resource: int | None = _key("The most that a training job gets.", 27)


class Limits(_Model):
    """How much the search may use."""

    max_number_of_training_jobs: int | None = _key(
        "How many training jobs the search may start in all.", 50
    )
    max_parallel_training_jobs: int | None = _key("How many may run at the same time.", 5)
    max_runtime: Duration | None = _key("How long the whole search may take.", "12h")


class BestObjectiveNotImproving(_Model):
    """Stop when the best value has stood still."""

    max_number_of_training_jobs_not_improving: int | None = _key(
        "How many training jobs in a row may fail to improve on the best.", 10
    )


class ConvergenceDetected(_Model):
    """Stop when SageMaker sees that the search has converged."""

    complete_on_convergence: str | None = _key("Whether to stop on convergence.", "Enabled")


class Completion(_Model):
    """When the search may end before its limits."""

    target_objective_metric_value: float | None = _key("Stop at this value of the objective.", 0.95)
    best_objective_not_improving: BestObjectiveNotImproving | None = _key(
        "Stop when the best value has stood still."
    )
    convergence_detected: ConvergenceDetected | None = _key("Stop on convergence.")


class WarmStart(_Model):
    """Earlier searches to learn from."""

    type: str | None = _key("What may differ from the parents.", "TransferLearning")
    parents: Texts | None = _key(
        "Names of specs of this project, or of tuning jobs in AWS.", ["churn-xgboost"]
    )


class Algorithm(_Model):
    """What is trained: an image, by name or by its URI, or an algorithm resource."""

    built_in: str | None = _key(
        "A built-in algorithm of SageMaker, by name; needs `version`.", "xgboost"
    )
    framework: str | None = _key(
        "A framework container of AWS, by name; needs `version`.", "sagemaker-scikit-learn"
    )
    version: Version | None = _key("The image's version.", "1.7-1")
    training_image: str | None = _key(
        "A training image's ECR path.", "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4"
    )
    algorithm_name: str | None = _key(
        "An algorithm resource's name or ARN, or one of AWS Marketplace.", "my-algorithm"
    )
    input_mode: str | None = _key("How data reaches the container. File when absent.", "File")
    metric_definitions: dict[str, Texts] | None = _key(
        "Each metric's name, and the regular expression whose first group captures it in the log.",
        {"validation:loss": "val_loss=([0-9.]+)"},
    )


class ModelAccess(_Model):
    """Terms of a model."""

    accept_eula: StrictBool | None = _key(
        "Whether the model's end-user licence agreement is accepted.", True
    )


class HubAccess(_Model):
    """A model in a SageMaker hub."""

    hub_content_arn: str | None = _key(
        "The hub content's ARN.",
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/Model/m/1.0.0",
    )


class S3(_Model):
    """Data in Amazon S3."""

    s3_uri: str | None = _key("A prefix, or a manifest's key.", "s3://bucket/train/")
    s3_data_type: str | None = _key("What the URI names. S3Prefix when absent.", "S3Prefix")
    s3_data_distribution_type: str | None = _key(
        "Whether each instance gets all of it.", "FullyReplicated"
    )
    attribute_names: list[str] | None = _key(
        "Attributes of an augmented manifest.", ["source-ref", "label"]
    )
    instance_group_names: list[str] | None = _key("Groups that get this channel.", ["workers"])
    model_access: ModelAccess | None = _key("Terms of a model under the URI.")
    hub_access: HubAccess | None = _key("A hub's model under the URI.")


class FileSystem(_Model):
    """Data in Amazon EFS or FSx for Lustre; the training job needs `vpc`."""

    file_system_id: str | None = _key("The file system.", "fs-0123456789abcdef0")
    file_system_type: str | None = _key("EFS or FSxLustre.", "FSxLustre")
    file_system_access_mode: str | None = _key("Read only, or read and write.", "ro")
    directory_path: str | None = _key(
        "The directory; for FSx it begins with the mount name.", "/fsx/train"
    )


class Dataset(_Model):
    """A dataset of a SageMaker hub."""

    dataset_arn: str | None = _key(
        "The dataset's ARN.",
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/DataSet/d/1.0.0",
    )


class Shuffle(_Model):
    """Shuffling between epochs, in Pipe mode."""

    seed: int | None = _key("The seed of the order.", 7)


class Input(_Model):
    """One channel of input data, mounted at /opt/ml/input/data/<name>."""

    s3: Annotated[S3, BeforeValidator(_to_s3, json_schema_input_type=str | S3)] | None = _key(
        "Data in Amazon S3: a URI, or a mapping.", "s3://bucket/train/"
    )
    file_system: FileSystem | None = _key("Data in Amazon EFS or FSx for Lustre.")
    dataset: Dataset | None = _key("A dataset of a SageMaker hub.")
    content_type: str | None = _key("The data's MIME type.", "text/csv")
    compression_type: str | None = _key(
        "Whether the data is compressed; Gzip needs Pipe mode.", "None"
    )
    record_wrapper_type: str | None = _key(
        "Whether to wrap records as RecordIO; needs Pipe mode.", "None"
    )
    input_mode: str | None = _key("How this channel reaches the container.", "FastFile")
    shuffle: Shuffle | None = _key("Shuffle between epochs.")


class Vpc(_Model):
    """Where in your network the training jobs run."""

    security_group_ids: list[str] | None = _key(
        "Security groups of the subnets' VPC.", ["sg-0123456789abcdef0"]
    )
    subnets: list[str] | None = _key("Subnets.", ["subnet-0123456789abcdef0"])


class Output(_Model):
    """Where model artifacts go. Empty: the environment's artifact bucket, under the spec's name."""

    s3_output_path: str | None = _key("The prefix.", "s3://bucket/models/")
    kms_key_id: str | None = _key("The KMS key of the artifacts: id, ARN or alias.", "alias/ml")
    compression_type: str | None = _key("GZIP makes model.tar.gz; NONE leaves files.", "GZIP")


class InstanceGroup(_Model):
    """One group of a heterogeneous cluster."""

    instance_type: str | None = _key("The group's instance type.", "ml.c5.xlarge")
    instance_count: int | None = _key("How many.", 2)


class Placement(_Model):
    """Where on an UltraServer."""

    ultra_server_id: str | None = _key("The UltraServer.", "us-0123456789")
    instance_count: int | None = _key("How many instances on it.", 1)


class InstancePlacement(_Model):
    """Placement on UltraServers."""

    enable_multiple_jobs: StrictBool | None = _key("Whether jobs may share an UltraServer.", False)
    placement_specifications: list[Placement] | None = _key("Which instances go where.")


class InstancePreference(_Model):
    """One of several instance types to choose from, best first."""

    instance_type: str | None = _key("The instance type.", "ml.p5.48xlarge")
    instance_count: int | None = _key("How many.", 2)
    training_plan_arns: list[str] | None = _key(
        "Reserved capacity of this type.",
        ["arn:aws:sagemaker:us-east-1:111122223333:training-plan/plan"],
    )


class Resources(_Model):
    """The instances of one training job."""

    instance_type: str | None = _key("The instance type.", "ml.m5.xlarge")
    instance_count: int | None = _key("How many instances a training job gets.", 1)
    volume_size_in_gb: int | None = _key("The EBS volume of each instance.", 30)
    volume_kms_key_id: str | None = _key(
        "The volume's KMS key: id or ARN.", "1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    keep_alive_period: Duration | None = _key(
        "Warm pool; SageMaker ignores it in tuning jobs.", "10m"
    )
    instance_groups: dict[str, InstanceGroup] | None = _key(
        "A heterogeneous cluster, by group name."
    )
    instance_preferences: list[InstancePreference] | None = _key(
        "Instance types to choose from, best first."
    )
    selected_instance_type: str | None = _key(
        "The preference that was chosen; AWS reports it.", "ml.p5.48xlarge"
    )
    selected_instance_count: int | None = _key("How many of it; AWS reports it.", 2)
    training_plan_arn: str | None = _key(
        "Reserved capacity.", "arn:aws:sagemaker:us-east-1:111122223333:training-plan/plan"
    )
    instance_placement: InstancePlacement | None = _key("Placement on UltraServers.")


class InstanceConfig(_Model):
    """One of several instance configurations that SageMaker may choose from."""

    instance_type: str | None = _key("The instance type.", "ml.m5.xlarge")
    instance_count: int | None = _key("How many.", 1)
    volume_size_in_gb: int | None = _key("The EBS volume of each.", 30)


class TuningResources(_Model):
    """Instances that tuning jobs may choose from: the first that has capacity."""

    instance_type: str | None = _key("The instance type, if there is one only.", "ml.m5.xlarge")
    instance_count: int | None = _key("How many instances a training job gets.", 1)
    volume_size_in_gb: int | None = _key("The EBS volume of each instance.", 30)
    volume_kms_key_id: str | None = _key(
        "The volume's KMS key: id or ARN.", "1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    allocation_strategy: str | None = _key("How to choose.", "Prioritized")
    instance_configs: list[InstanceConfig] | None = _key("The configurations, best first.")


class Stopping(_Model):
    """How long one training job may take."""

    max_runtime: Duration | None = _key("Training time, all attempts together.", "1h")
    max_wait_time: Duration | None = _key(
        "Waiting for spot capacity and training time together.", "2h"
    )
    max_pending_time: Duration | None = _key("Waiting for capacity.", "4h")


class Spot(_Model):
    """Managed spot training: its presence turns it on."""

    max_wait_time: Duration | None = _key(
        "Waiting for spot capacity and training time together.", "2h"
    )


class Checkpoint(_Model):
    """Where checkpoints go, so that a stopped spot job resumes."""

    s3_uri: str | None = _key("The prefix.", "s3://bucket/checkpoints/")
    local_path: str | None = _key("The directory in the container.", "/opt/ml/checkpoints")


class Retry(_Model):
    """Retries after an internal error of the service."""

    maximum_retry_attempts: int | None = _key("How often.", 3)


class TrainingJob(_Model):
    """What each training job of the search runs."""

    definition_name: str | None = _key(
        "The API's name of a single definition; seldom needed.", "xgboost"
    )
    objective: Objective | None = _key("The metric that the search optimises.")
    hyperparameters: (
        dict[
            str,
            Annotated[
                Hyperparameter,
                BeforeValidator(
                    _to_static,
                    json_schema_input_type=Hyperparameter | str | int | float | bool | list[Any],
                ),
            ],
        ]
        | None
    ) = _key("Static values and ranges, by name.")
    metric_sample_log: str | None = _key(
        "A log of an earlier run, inside the project: `check` proves the metric definitions on it. "
        "Kept out of the request.",
        "logs/churn.log",
    )
    hyperparameter_encoding: Literal["plain", "json"] | None = _key(
        "How values become text: `plain` for built-in algorithms, `json` for script mode. "
        "json when `sagemaker_program` is among the hyperparameters, else plain.",
        "json",
    )
    algorithm: Algorithm | None = _key("What is trained.")
    role_arn: str | None = _key(
        "The execution role. When absent, the one that hptc makes for the spec.",
        "arn:aws:iam::111122223333:role/tuning",
    )
    inputs: dict[str, Input] | None = _key("Channels of input data, by name.")
    output: Output | None = _key("Where model artifacts go.")
    resources: Resources | None = _key("The instances of one training job.")
    tuning_resources: TuningResources | None = _key("Several instance types to choose from.")
    stopping: Stopping | None = _key("How long one training job may take.")
    spot: Spot | None = _key("Managed spot training: its presence turns it on.")
    enable_managed_spot_training: StrictBool | None = _key("The long form of `spot`.", True)
    checkpoint: Checkpoint | None = _key("Where checkpoints go.")
    retry: Retry | None = _key("Retries after an internal error of the service.")
    vpc: Vpc | None = _key("Where in your network the training jobs run.")
    enable_network_isolation: StrictBool | None = _key("Whether containers have no network.", True)
    enable_inter_container_traffic_encryption: StrictBool | None = _key(
        "Whether traffic between instances is encrypted.", True
    )
    environment: dict[str, Text] | None = _key(
        "Environment variables of the container.", {"LOG_LEVEL": "info"}
    )

    @model_validator(mode="after")
    def _spot_is_said_once(self) -> "TrainingJob":
        if self.spot is not None:
            if self.enable_managed_spot_training is not None:
                raise PydanticCustomError(
                    "twice",
                    "`spot` turns spot training on: leave this out",
                    {"key": "enable_managed_spot_training"},
                )
            if self.stopping is not None and self.stopping.max_wait_time is not None:
                raise PydanticCustomError(
                    "twice",
                    "`max_wait_time` stands in `spot` already: leave it out here",
                    {"key": "stopping"},
                )
        return self


class Spec(_Model):
    """A tuning spec: one search."""

    name: str = Field(
        description="The spec's name, from which the job's name is made.",
        examples=["churn-xgboost"],
    )
    description: str | None = _key(
        "What the search is for; kept out of the request.", "Churn model, weekly search"
    )
    job_name: str | None = _key(
        "An exact job name, instead of one made from the content.", "churn-2026-11"
    )
    strategy: str | None = _key("How configurations are chosen.", "Bayesian")
    hyperband: Hyperband | None = _key("How Hyperband gives out its resource.")
    limits: Limits | None = _key("How much the search may use.")
    early_stopping: str | None = _key("Whether to stop training jobs that look bad.", "Auto")
    completion: Completion | None = _key("When the search may end before its limits.")
    random_seed: int | None = _key("A seed, for a search that can be repeated.", 42)
    autotune: str | None = _key("Whether SageMaker chooses what is not given.", "Enabled")
    warm_start: WarmStart | None = _key("Earlier searches to learn from.")
    training_job: TrainingJob | None = _key("What each training job runs.")
    training_jobs: dict[str, TrainingJob] | None = _key(
        "Several algorithms in one search, by name; 1 to 10."
    )
    tags: dict[str, Text] | None = _key(
        "Tags of the tuning job and its training jobs.", {"team": "growth"}
    )
    schedule: ScheduleOrExpression | None = _key(
        "When the search is started by itself, each time as a job of its own: a schedule "
        "expression, or a mapping. Kept out of the request.",
        "cron(0 6 ? * MON *)",
    )

    @model_validator(mode="after")
    def _one_form_of_definitions(self) -> "Spec":
        for name, definition in (self.training_jobs or {}).items():
            if definition.definition_name is not None:
                raise PydanticCustomError(
                    "twice",
                    f"`{name}` is the definition's name already: leave out `definition_name`",
                )
        if self.training_job is not None and self.training_jobs is not None:
            raise PydanticCustomError(
                "twice",
                "is for several algorithms and `training_job` for one: keep one of the two",
                {"key": "training_jobs"},
            )
        return self

    @model_validator(mode="after")
    def _can_be_scheduled(self) -> "Spec":
        if self.schedule is None:
            return self
        if self.job_name is not None:
            raise PydanticCustomError(
                "twice",
                "is one name, and each job of a schedule needs its own: keep one of the two",
                {"key": "job_name"},
            )
        for definition in (self.training_job, *(self.training_jobs or {}).values()):
            for name in (definition.hyperparameters or {}) if definition else {}:
                if name.endswith(".$"):
                    # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
                    raise PydanticCustomError(
                        "twice",
                        "the name of the hyperparameter `{name}` ends in .$, which is a path to "
                        "Step Functions: rename it, or drop the schedule",
                        {"key": "schedule", "name": name},
                    )
        return self


def parse_spec(data: Any) -> tuple[Spec | None, list[Finding]]:
    """Plain data to a Spec, or what is wrong with it, every fault at its key path."""
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else f"is {_described(data)}"
        message = f"a spec is a mapping that begins with `name:`, but this {what}"
        return None, [
            Finding(
                code="HPT100",
                message=message,
                path=SpecPath(),
                help="`hptc init DIR` writes one to start from",
            )
        ]
    try:
        return Spec.model_validate(data), []
    except ValidationError as error:
        return None, findings_of(error, Spec, SpecPath)


def findings_of(
    error: ValidationError,
    model: type[BaseModel],
    path_type: type[SpecPath] | type[ProjectPath],
) -> list[Finding]:
    """Pydantic's errors as findings, at most MAX_FINDINGS, with paths of `path_type`."""
    details = error.errors(include_url=False)[:MAX_FINDINGS]
    return [_finding(detail, model, path_type(detail["loc"])) for detail in details]


def _finding(detail: ErrorDetails, model: type[BaseModel], path: SpecPath | ProjectPath) -> Finding:
    value = detail["input"]
    name = path_text(path) or "the spec"
    match detail["type"]:
        case "extra_forbidden":
            keys = _keys_at(model, path[:-1])
            meant = nearest(str(path[-1]), keys)
            owner = path_text(path[:-1])
            if path[-1] == "<<":
                advice = (
                    "YAML 1.2 has no merge keys: write them out, or use `defaults` in hptc.yaml"
                )
            else:
                advice = "" if meant else f"known here: {', '.join(keys)}"
            return Finding(
                code="HPT101",
                message=f"unknown key `{path[-1]}`" + (f" in `{owner}`" if owner else ""),
                path=path, label=f"did you mean `{meant}`?" if meant else "", help=advice,
                on_key=True,
            )  # fmt: skip
        case "missing":
            return Finding(
                code="HPT103", message=f"`{path[-1]}` is missing", path=type(path)(path[:-1]),
                help=f"add `{path[-1]}:`",
            )  # fmt: skip
        case "literal_error":
            expected = detail.get("ctx", {}).get("expected", "")
            choices = tuple(re.findall(r"'([^']*)'", str(expected)))
            meant = nearest(str(value), choices)
            return Finding(
                code="HPT104", path=path,
                message=f"`{name}` can't be {_described(value)}",
                label=f"did you mean {meant}?" if meant else "", help=f"one of {_listed(choices)}",
            )  # fmt: skip
        case "string_pattern_mismatch":
            return Finding(
                code="HPT106", path=path,
                message=f"`{name}` can't be {_described(value)}",
                help=f"it must match {detail.get('ctx', {}).get('pattern', '')}",
            )  # fmt: skip
        case "schedule":
            return Finding(
                code="HPT107", path=path,
                message=f"`{name}` can't be {_described(value)}: {detail['msg']}",
            )  # fmt: skip
        case "hyperparameter" | "missing_key" | "extra_key" | "twice" | "duration" | "identifier":
            message = detail["msg"]
            key = detail.get("ctx", {}).get("key")
            if key is not None:
                path = path / key
                name = path_text(path)
            return Finding(
                code="HPT102", message=f"`{name}`: {message}", path=path,
                on_key=detail["type"] in ("missing_key", "twice"),
            )  # fmt: skip
    expected = _EXPECTED.get(detail["type"], "")
    message = (
        f"`{name}` must be {expected}, but is {_described(value)}"
        if expected
        else f"`{name}`: {detail['msg']}"
    )
    return Finding(
        code="HPT102",
        message=message,
        path=path,
        label=f"must be {expected}" if expected else "",
        help=_type_help(detail["type"], value),
    )


_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of a sane size",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "finite_number": "a finite number",
}


def _type_help(kind: str, value: Any) -> str:
    match kind:
        case "int_type" | "float_type" if isinstance(value, str) and re.fullmatch(
            r"[-+0-9.eE]+", value
        ):
            return "remove the quotes"
        case "bool_type" if str(value).lower() in ("yes", "no", "on", "off"):
            return "YAML 1.2 has true and false only"
        case "string_type" if isinstance(value, (int, float, bool, Scalar)):
            return "put it in quotes"
    return ""


def _described(value: Any) -> str:
    """A value in a message: what it is, and its text when that is short."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case Scalar(text=text):
            return f"the number {text}" if not isinstance(value.value, bool) else text
        case int() | float():
            return f"the number {value}"
        case str():
            short = value if len(value) <= 60 else value[:57] + "..."
            return f"the string {json.dumps(short, ensure_ascii=False)}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return "something else"


def _listed(words: tuple[str, ...]) -> str:
    quoted = [f"`{word}`" for word in words]
    return (
        " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
    )


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that the model at `path` knows."""
    current: type[BaseModel] | None = model
    in_collection = False
    for part in path:
        if in_collection:
            in_collection = False
        elif current is not None:
            info = current.model_fields.get(str(part))
            current, in_collection = _model_in(info.annotation if info else None)
    return list(current.model_fields) if current is not None and not in_collection else []


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model inside `X | None`, and whether it is `dict[str, X]` or `list[X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    for argument in get_args(annotation):
        found, in_collection = _model_in(argument)
        if found is not None:
            return found, in_collection or get_origin(annotation) in (dict, list)
    return None, False

"""What each training job runs: algorithm, data, resources and network."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from hptc.spec.hyperparameter import HyperparameterOrValue
from hptc.spec.spec_model import Duration, SpecModel, Text, Texts, Version, optional_key


def _to_s3(value: Any) -> Any:
    return {"s3_uri": value} if isinstance(value, str) else value


class Objective(SpecModel):
    """The metric that the search optimises."""

    metric_name: str | None = optional_key(
        "The metric's name, one of the algorithm's or of metric_definitions.", "validation:auc"
    )
    type: str | None = optional_key("Whether more or less is better.", "Maximize")


class Algorithm(SpecModel):
    """What is trained: an image, by name or by its URI, or an algorithm resource."""

    built_in: str | None = optional_key(
        "A built-in algorithm of SageMaker, by name; needs `version`.", "xgboost"
    )
    framework: str | None = optional_key(
        "A framework container of AWS, by name; needs `version`.", "sagemaker-scikit-learn"
    )
    version: Version | None = optional_key("The image's version.", "1.7-1")
    training_image: str | None = optional_key(
        "A training image's ECR path.", "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4"
    )
    algorithm_name: str | None = optional_key(
        "An algorithm resource's name or ARN, or one of AWS Marketplace.", "my-algorithm"
    )
    input_mode: str | None = optional_key(
        "How data reaches the container. File when absent.", "File"
    )
    metric_definitions: dict[str, Texts] | None = optional_key(
        "Each metric's name, and the regular expression whose first group captures it in the log.",
        {"validation:loss": "val_loss=([0-9.]+)"},
    )


class ModelAccess(SpecModel):
    """Terms of a model."""

    accept_eula: StrictBool | None = optional_key(
        "Whether the model's end-user licence agreement is accepted.", True
    )


class HubAccess(SpecModel):
    """A model in a SageMaker hub."""

    hub_content_arn: str | None = optional_key(
        "The hub content's ARN.",
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/Model/m/1.0.0",
    )


class S3(SpecModel):
    """Data in Amazon S3."""

    s3_uri: str | None = optional_key("A prefix, or a manifest's key.", "s3://bucket/train/")
    s3_data_type: str | None = optional_key("What the URI names. S3Prefix when absent.", "S3Prefix")
    s3_data_distribution_type: str | None = optional_key(
        "Whether each instance gets all of it.", "FullyReplicated"
    )
    attribute_names: list[str] | None = optional_key(
        "Attributes of an augmented manifest.", ["source-ref", "label"]
    )
    instance_group_names: list[str] | None = optional_key(
        "Groups that get this channel.", ["workers"]
    )
    model_access: ModelAccess | None = optional_key("Terms of a model under the URI.")
    hub_access: HubAccess | None = optional_key("A hub's model under the URI.")


class FileSystem(SpecModel):
    """Data in Amazon EFS or FSx for Lustre; the training job needs `vpc`."""

    file_system_id: str | None = optional_key("The file system.", "fs-0123456789abcdef0")
    file_system_type: str | None = optional_key("EFS or FSxLustre.", "FSxLustre")
    file_system_access_mode: str | None = optional_key("Read only, or read and write.", "ro")
    directory_path: str | None = optional_key(
        "The directory; for FSx it begins with the mount name.", "/fsx/train"
    )


class Dataset(SpecModel):
    """A dataset of a SageMaker hub."""

    dataset_arn: str | None = optional_key(
        "The dataset's ARN.",
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/DataSet/d/1.0.0",
    )


class Shuffle(SpecModel):
    """Shuffling between epochs, in Pipe mode."""

    seed: int | None = optional_key("The seed of the order.", 7)


class Input(SpecModel):
    """One channel of input data, mounted at /opt/ml/input/data/<name>."""

    s3: Annotated[S3, BeforeValidator(_to_s3, json_schema_input_type=str | S3)] | None = (
        optional_key("Data in Amazon S3: a URI, or a mapping.", "s3://bucket/train/")
    )
    file_system: FileSystem | None = optional_key("Data in Amazon EFS or FSx for Lustre.")
    dataset: Dataset | None = optional_key("A dataset of a SageMaker hub.")
    content_type: str | None = optional_key("The data's MIME type.", "text/csv")
    compression_type: str | None = optional_key(
        "Whether the data is compressed; Gzip needs Pipe mode.", "None"
    )
    record_wrapper_type: str | None = optional_key(
        "Whether to wrap records as RecordIO; needs Pipe mode.", "None"
    )
    input_mode: str | None = optional_key("How this channel reaches the container.", "FastFile")
    shuffle: Shuffle | None = optional_key("Shuffle between epochs.")


class Vpc(SpecModel):
    """Where in your network the training jobs run."""

    security_group_ids: list[str] | None = optional_key(
        "Security groups of the subnets' VPC.", ["sg-0123456789abcdef0"]
    )
    subnets: list[str] | None = optional_key("Subnets.", ["subnet-0123456789abcdef0"])


class Output(SpecModel):
    """Where model artifacts go. Empty: the environment's artifact bucket, under the spec's name."""

    s3_output_path: str | None = optional_key("The prefix.", "s3://bucket/models/")
    kms_key_id: str | None = optional_key(
        "The KMS key of the artifacts: id, ARN or alias.", "alias/ml"
    )
    compression_type: str | None = optional_key(
        "GZIP makes model.tar.gz; NONE leaves files.", "GZIP"
    )


class InstanceGroup(SpecModel):
    """One group of a heterogeneous cluster."""

    instance_type: str | None = optional_key("The group's instance type.", "ml.c5.xlarge")
    instance_count: int | None = optional_key("How many.", 2)


class Placement(SpecModel):
    """Where on an UltraServer."""

    ultra_server_id: str | None = optional_key("The UltraServer.", "us-0123456789")
    instance_count: int | None = optional_key("How many instances on it.", 1)


class InstancePlacement(SpecModel):
    """Placement on UltraServers."""

    enable_multiple_jobs: StrictBool | None = optional_key(
        "Whether jobs may share an UltraServer.", False
    )
    placement_specifications: list[Placement] | None = optional_key("Which instances go where.")


class InstancePreference(SpecModel):
    """One of several instance types to choose from, best first."""

    instance_type: str | None = optional_key("The instance type.", "ml.p5.48xlarge")
    instance_count: int | None = optional_key("How many.", 2)
    training_plan_arns: list[str] | None = optional_key(
        "Reserved capacity of this type.",
        ["arn:aws:sagemaker:us-east-1:111122223333:training-plan/plan"],
    )


class Resources(SpecModel):
    """The instances of one training job."""

    instance_type: str | None = optional_key("The instance type.", "ml.m5.xlarge")
    instance_count: int | None = optional_key("How many instances a training job gets.", 1)
    volume_size_in_gb: int | None = optional_key("The EBS volume of each instance.", 30)
    volume_kms_key_id: str | None = optional_key(
        "The volume's KMS key: id or ARN.", "1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    keep_alive_period: Duration | None = optional_key(
        "Warm pool; SageMaker ignores it in tuning jobs.", "10m"
    )
    instance_groups: dict[str, InstanceGroup] | None = optional_key(
        "A heterogeneous cluster, by group name."
    )
    instance_preferences: list[InstancePreference] | None = optional_key(
        "Instance types to choose from, best first."
    )
    selected_instance_type: str | None = optional_key(
        "The preference that was chosen; AWS reports it.", "ml.p5.48xlarge"
    )
    selected_instance_count: int | None = optional_key("How many of it; AWS reports it.", 2)
    training_plan_arn: str | None = optional_key(
        "Reserved capacity.", "arn:aws:sagemaker:us-east-1:111122223333:training-plan/plan"
    )
    instance_placement: InstancePlacement | None = optional_key("Placement on UltraServers.")


class InstanceConfig(SpecModel):
    """One of several instance configurations that SageMaker may choose from."""

    instance_type: str | None = optional_key("The instance type.", "ml.m5.xlarge")
    instance_count: int | None = optional_key("How many.", 1)
    volume_size_in_gb: int | None = optional_key("The EBS volume of each.", 30)


class TuningResources(SpecModel):
    """Instances that tuning jobs may choose from: the first that has capacity."""

    instance_type: str | None = optional_key(
        "The instance type, if there is one only.", "ml.m5.xlarge"
    )
    instance_count: int | None = optional_key("How many instances a training job gets.", 1)
    volume_size_in_gb: int | None = optional_key("The EBS volume of each instance.", 30)
    volume_kms_key_id: str | None = optional_key(
        "The volume's KMS key: id or ARN.", "1234abcd-12ab-34cd-56ef-1234567890ab"
    )
    allocation_strategy: str | None = optional_key("How to choose.", "Prioritized")
    instance_configs: list[InstanceConfig] | None = optional_key("The configurations, best first.")


class Stopping(SpecModel):
    """How long one training job may take."""

    max_runtime: Duration | None = optional_key("Training time, all attempts together.", "1h")
    max_wait_time: Duration | None = optional_key(
        "Waiting for spot capacity and training time together.", "2h"
    )
    max_pending_time: Duration | None = optional_key("Waiting for capacity.", "4h")


class Spot(SpecModel):
    """Managed spot training: its presence turns it on."""

    max_wait_time: Duration | None = optional_key(
        "Waiting for spot capacity and training time together.", "2h"
    )


class Checkpoint(SpecModel):
    """Where checkpoints go, so that a stopped spot job resumes."""

    s3_uri: str | None = optional_key("The prefix.", "s3://bucket/checkpoints/")
    local_path: str | None = optional_key("The directory in the container.", "/opt/ml/checkpoints")


class Retry(SpecModel):
    """Retries after an internal error of the service."""

    maximum_retry_attempts: int | None = optional_key("How often.", 3)


class TrainingJob(SpecModel):
    """What each training job of the search runs."""

    definition_name: str | None = optional_key(
        "The API's name of a single definition; seldom needed.", "xgboost"
    )
    objective: Objective | None = optional_key("The metric that the search optimises.")
    hyperparameters: dict[str, HyperparameterOrValue] | None = optional_key(
        "Static values and ranges, by name."
    )
    metric_sample_log: str | None = optional_key(
        "A log of an earlier run, inside the project: `check` proves the metric definitions on it. "
        "Kept out of the request.",
        "logs/churn.log",
    )
    hyperparameter_encoding: Literal["plain", "json"] | None = optional_key(
        "How values become text: `plain` for built-in algorithms, `json` for script mode. "
        "json when `sagemaker_program` is among the hyperparameters, else plain.",
        "json",
    )
    algorithm: Algorithm | None = optional_key("What is trained.")
    role_arn: str | None = optional_key(
        "The execution role. When absent, the one that hptc makes for the spec.",
        "arn:aws:iam::111122223333:role/tuning",
    )
    inputs: dict[str, Input] | None = optional_key("Channels of input data, by name.")
    output: Output | None = optional_key("Where model artifacts go.")
    resources: Resources | None = optional_key("The instances of one training job.")
    tuning_resources: TuningResources | None = optional_key(
        "Several instance types to choose from."
    )
    stopping: Stopping | None = optional_key("How long one training job may take.")
    spot: Spot | None = optional_key("Managed spot training: its presence turns it on.")
    enable_managed_spot_training: StrictBool | None = optional_key("The long form of `spot`.", True)
    checkpoint: Checkpoint | None = optional_key("Where checkpoints go.")
    retry: Retry | None = optional_key("Retries after an internal error of the service.")
    vpc: Vpc | None = optional_key("Where in your network the training jobs run.")
    enable_network_isolation: StrictBool | None = optional_key(
        "Whether containers have no network.", True
    )
    enable_inter_container_traffic_encryption: StrictBool | None = optional_key(
        "Whether traffic between instances is encrypted.", True
    )
    environment: dict[str, Text] | None = optional_key(
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

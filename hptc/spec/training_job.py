"""What each training job runs: algorithm, data, resources and network."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from hptc.spec.hyperparameter import HyperparameterOrValue
from hptc.spec.spec_model import Duration, StrictModel, Text, Texts, Version, optional_key


def _to_s3(value: object) -> object:
    return {"s3_uri": value} if isinstance(value, str) else value


class Objective(StrictModel):
    """The metric to optimize."""

    metric_name: str | None = optional_key(
        "The name of a metric of the algorithm or of `metric_definitions`.", "validation:auc"
    )
    type: str | None = optional_key("Whether to maximize or minimize the metric.", "Maximize")


class Algorithm(StrictModel):
    """The algorithm to train: an image, by name or URI, or an algorithm resource."""

    built_in: str | None = optional_key(
        "The name of a SageMaker built-in algorithm. Requires `version`.", "xgboost"
    )
    framework: str | None = optional_key(
        "The name of an AWS framework container, as its repository or the SageMaker SDK spells it. "
        "Requires `version`.",
        "pytorch-training",
    )
    version: Version | None = optional_key(
        "The version of the algorithm or framework, or the image tag of the framework.", "1.7-1"
    )
    training_image: str | None = optional_key(
        "The Amazon ECR registry path of a training image.",
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1.4",
    )
    algorithm_name: str | None = optional_key(
        "The name or ARN of an algorithm resource, or of an AWS Marketplace algorithm.",
        "my-algorithm",
    )
    input_mode: str | None = optional_key("The input mode of all channels. Default: File.", "File")
    metric_definitions: dict[str, Texts] | None = optional_key(
        "The metrics by name, each with a regular expression whose first group captures its value.",
        {"validation:loss": "val_loss=([0-9.eE+-]+)"},
    )


class Source(StrictModel):
    """The training code: a folder of the project, which hptc packs and uploads."""

    directory: str | None = optional_key(
        "The path of the folder, relative to the folder of hptc.yaml.", "src/churn"
    )
    entry_point: str | None = optional_key(
        "The path of the script to run, relative to `directory`.", "train.py"
    )


class ModelAccess(StrictModel):
    """The license terms of a model."""

    accept_eula: StrictBool | None = optional_key(
        "Whether you accept the end-user license agreement (EULA) of the model.", True
    )


class HubAccess(StrictModel):
    """A model in a SageMaker hub."""

    hub_content_arn: str | None = optional_key(
        "The ARN of the hub content.",
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/Model/m/1.0.0",
    )


class S3(StrictModel):
    """Data in Amazon S3."""

    s3_uri: str | None = optional_key(
        "The S3 URI of a key name prefix or of a manifest.", "s3://bucket/train/"
    )
    s3_data_type: str | None = optional_key(
        "What the URI identifies. Default: S3Prefix.", "S3Prefix"
    )
    s3_data_distribution_type: str | None = optional_key(
        "Whether each instance receives the full dataset or a shard of it.", "FullyReplicated"
    )
    attribute_names: list[str] | None = optional_key(
        "The attributes to read from an augmented manifest.", ["source-ref", "label"]
    )
    instance_group_names: list[str] | None = optional_key(
        "The instance groups that receive this channel.", ["workers"]
    )
    model_access: ModelAccess | None = optional_key("The license terms of a model at the URI.")
    hub_access: HubAccess | None = optional_key("The hub model at the URI.")


class FileSystem(StrictModel):
    """Data in Amazon EFS or FSx for Lustre. Requires `vpc`."""

    file_system_id: str | None = optional_key("The ID of the file system.", "fs-0123456789abcdef0")
    file_system_type: str | None = optional_key(
        "The type of the file system: EFS or FSxLustre.", "FSxLustre"
    )
    file_system_access_mode: str | None = optional_key(
        "The access mode: read-only (ro) or read/write (rw).", "ro"
    )
    directory_path: str | None = optional_key(
        "The path of the directory. For FSx for Lustre, it starts with the mount name.",
        "/fsx/train",
    )


class Dataset(StrictModel):
    """A dataset in a SageMaker hub."""

    dataset_arn: str | None = optional_key(
        "The ARN of the dataset.",
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/DataSet/d/1.0.0",
    )


class Shuffle(StrictModel):
    """Shuffling of the data between epochs in Pipe mode."""

    seed: int | None = optional_key("The seed of the shuffling order.", 7)


class Input(StrictModel):
    """An input channel, available in the container at /opt/ml/input/data/<name>."""

    s3: Annotated[S3, BeforeValidator(_to_s3, json_schema_input_type=str | S3)] | None = (
        optional_key("Data in Amazon S3: a URI or a mapping.", "s3://bucket/train/")
    )
    file_system: FileSystem | None = optional_key("Data in Amazon EFS or FSx for Lustre.")
    dataset: Dataset | None = optional_key("A dataset in a SageMaker hub.")
    content_type: str | None = optional_key("The MIME type of the data.", "text/csv")
    compression_type: str | None = optional_key(
        "The compression of the data. Gzip requires Pipe mode.", "None"
    )
    record_wrapper_type: str | None = optional_key(
        "Whether to wrap records in RecordIO format. Requires Pipe mode.", "None"
    )
    input_mode: str | None = optional_key("The input mode of this channel.", "FastFile")
    shuffle: Shuffle | None = optional_key("Shuffles the data between epochs.")


class Vpc(StrictModel):
    """The VPC that the training jobs connect to."""

    security_group_ids: list[str] | None = optional_key(
        "The IDs of security groups in the VPC of the subnets.", ["sg-0123456789abcdef0"]
    )
    subnets: list[str] | None = optional_key(
        "The IDs of the subnets.", ["subnet-0123456789abcdef0"]
    )


class Output(StrictModel):
    """Where model artifacts are stored.

    If empty, under the spec's name in the artifact bucket of the environment.
    """

    s3_output_path: str | None = optional_key(
        "The S3 URI of the output prefix.", "s3://bucket/models/"
    )
    kms_key_id: str | None = optional_key(
        "The KMS key that encrypts the artifacts: a key ID, ARN or alias.", "alias/ml"
    )
    compression_type: str | None = optional_key(
        "GZIP stores one model.tar.gz, NONE uncompressed files.", "GZIP"
    )


class InstanceGroup(StrictModel):
    """An instance group of a heterogeneous cluster."""

    instance_type: str | None = optional_key("The instance type of the group.", "ml.c5.xlarge")
    instance_count: int | None = optional_key("The number of instances.", 2)


class Placement(StrictModel):
    """The placement of instances on one UltraServer."""

    ultra_server_id: str | None = optional_key("The ID of the UltraServer.", "us-0123456789")
    instance_count: int | None = optional_key("The number of instances on the UltraServer.", 1)


class InstancePlacement(StrictModel):
    """The placement of instances on UltraServers."""

    enable_multiple_jobs: StrictBool | None = optional_key(
        "Whether several jobs can share an UltraServer.", False
    )
    placement_specifications: list[Placement] | None = optional_key(
        "The placement on each UltraServer."
    )


class InstancePreference(StrictModel):
    """One of several instance types, in order of preference."""

    instance_type: str | None = optional_key("The instance type.", "ml.p5.48xlarge")
    instance_count: int | None = optional_key("The number of instances.", 2)
    training_plan_arns: list[str] | None = optional_key(
        "The ARNs of training plans for this instance type.",
        ["arn:aws:sagemaker:us-east-1:111122223333:training-plan/plan"],
    )


class Resources(StrictModel):
    """The compute resources of one training job."""

    instance_type: str | None = optional_key("The instance type.", "ml.m5.xlarge")
    instance_count: int | None = optional_key("The number of instances per training job.", 1)
    volume_size_in_gb: int | None = optional_key("The size of the EBS volume of each instance.", 30)
    volume_kms_key_id: str | None = optional_key(
        "The KMS key that encrypts the volume: a key ID or ARN.",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    )
    keep_alive_period: Duration | None = optional_key(
        "The keep-alive period of a warm pool. SageMaker ignores it in tuning jobs.", "10m"
    )
    instance_groups: dict[str, InstanceGroup] | None = optional_key(
        "The instance groups of a heterogeneous cluster, by name."
    )
    instance_preferences: list[InstancePreference] | None = optional_key(
        "The instance types to choose from, in order of preference. Excludes `instance_type`."
    )
    selected_instance_type: str | None = optional_key(
        "The instance type that SageMaker selected. Output only.", "ml.p5.48xlarge"
    )
    selected_instance_count: int | None = optional_key(
        "The number of selected instances. Output only.", 2
    )
    training_plan_arn: str | None = optional_key(
        "The ARN of a training plan.", "arn:aws:sagemaker:us-east-1:111122223333:training-plan/plan"
    )
    instance_placement: InstancePlacement | None = optional_key(
        "The placement of instances on UltraServers."
    )


class InstanceConfig(StrictModel):
    """One of several instance configurations that SageMaker can choose."""

    instance_type: str | None = optional_key("The instance type.", "ml.m5.xlarge")
    instance_count: int | None = optional_key("The number of instances.", 1)
    volume_size_in_gb: int | None = optional_key("The size of the EBS volume of each instance.", 30)


class TuningResources(StrictModel):
    """Instance configurations; SageMaker uses the first one with capacity."""

    instance_type: str | None = optional_key(
        "The instance type, if there is only one.", "ml.m5.xlarge"
    )
    instance_count: int | None = optional_key("The number of instances per training job.", 1)
    volume_size_in_gb: int | None = optional_key("The size of the EBS volume of each instance.", 30)
    volume_kms_key_id: str | None = optional_key(
        "The KMS key that encrypts the volume: a key ID or ARN.",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
    )
    allocation_strategy: str | None = optional_key(
        "How SageMaker chooses a configuration.", "Prioritized"
    )
    instance_configs: list[InstanceConfig] | None = optional_key(
        "The instance configurations, in order of preference."
    )


class Stopping(StrictModel):
    """The time limits of one training job."""

    max_runtime: Duration | None = optional_key(
        "The maximum training time, over all attempts.", "1h"
    )
    max_wait_time: Duration | None = optional_key(
        "The maximum time for waiting for Spot capacity and training together.", "2h"
    )
    max_pending_time: Duration | None = optional_key("The maximum time to wait for capacity.", "4h")


class Spot(StrictModel):
    """Managed spot training. The presence of this key enables it."""

    max_wait_time: Duration | None = optional_key(
        "The maximum time for waiting for Spot capacity and training together.", "2h"
    )


class Checkpoint(StrictModel):
    """Where checkpoints are stored, so that an interrupted Spot training job can resume."""

    s3_uri: str | None = optional_key("The S3 URI of the prefix.", "s3://bucket/checkpoints/")
    local_path: str | None = optional_key(
        "The local directory in the container.", "/opt/ml/checkpoints"
    )


class Retry(StrictModel):
    """The retry strategy after an InternalServerError."""

    maximum_retry_attempts: int | None = optional_key("The maximum number of retries.", 3)


class TrainingJob(StrictModel):
    """The definition of the training jobs that a tuning job launches."""

    definition_name: str | None = optional_key(
        "The name of a single training job definition. Rarely needed.", "xgboost"
    )
    objective: Objective | None = optional_key("The metric to optimize.")
    hyperparameters: dict[str, HyperparameterOrValue] | None = optional_key(
        "The static values and ranges, by name."
    )
    metric_sample_log: str | None = optional_key(
        "The path of a training log in the project, on which `hptc check` tests the metric "
        "definitions. Not part of the request.",
        "logs/churn.log",
    )
    hyperparameter_encoding: Literal["plain", "json"] | None = optional_key(
        "How hyperparameter values are encoded: `plain` for built-in algorithms, `json` for script "
        "mode. Default: json with `source` or the hyperparameter `sagemaker_program`, else plain.",
        "json",
    )
    source: Source | None = optional_key(
        "The training code in the project. hptc uploads it and sets `sagemaker_program` and "
        "`sagemaker_submit_directory`."
    )
    algorithm: Algorithm | None = optional_key("The algorithm to train.")
    role_arn: str | None = optional_key(
        "The ARN of the execution role. Default: the role that hptc creates for the spec.",
        "arn:aws:iam::111122223333:role/tuning",
    )
    inputs: dict[str, Input] | None = optional_key("The input channels, by name.")
    output: Output | None = optional_key("Where model artifacts are stored.")
    resources: Resources | None = optional_key("The compute resources of one training job.")
    tuning_resources: TuningResources | None = optional_key(
        "The instance configurations to choose from."
    )
    stopping: Stopping | None = optional_key("The time limits of one training job.")
    spot: Spot | None = optional_key("Managed spot training. The presence of this key enables it.")
    enable_managed_spot_training: StrictBool | None = optional_key(
        "Enables managed spot training. The short form is `spot`.", True
    )
    checkpoint: Checkpoint | None = optional_key("Where checkpoints are stored.")
    retry: Retry | None = optional_key("The retry strategy after an InternalServerError.")
    vpc: Vpc | None = optional_key("The VPC that the training jobs connect to.")
    enable_network_isolation: StrictBool | None = optional_key(
        "Whether to isolate the containers from the network.", True
    )
    enable_inter_container_traffic_encryption: StrictBool | None = optional_key(
        "Whether to encrypt traffic between containers.", True
    )
    environment: dict[str, Text] | None = optional_key(
        "The environment variables of the container.", {"LOG_LEVEL": "info"}
    )

    @model_validator(mode="after")
    def _has_one_form_of_spot(self) -> "TrainingJob":
        if self.spot is not None:
            if self.enable_managed_spot_training is not None:
                raise PydanticCustomError(
                    "twice",
                    "is redundant, because `spot` enables managed spot training: remove it",
                    {"key": "enable_managed_spot_training"},
                )
            if self.stopping is not None and self.stopping.max_wait_time is not None:
                raise PydanticCustomError(
                    "twice",
                    "repeats `max_wait_time`, which `spot` sets: remove it here",
                    {"key": "stopping"},
                )
        return self

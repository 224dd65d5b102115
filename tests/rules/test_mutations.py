"""The repository's own specs, each with one thing broken: exactly that is found, at its line.

A mutation replaces one text of a spec by another. Its code must stand on the line of the edit, or
on the line that `at` quotes; no error or warning may come with it that `also` does not
name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.project import project_file
from hptc.project.project_file import Project
from tests.support.paths import ROOT

SPECS = sorted(path.stem for path in (ROOT / "specs").glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Mutation:
    """One edit of one spec, and what it must bring."""

    code: str
    old: str
    new: str
    at: str = ""
    also: tuple[str, ...] = ()


M = Mutation

MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "breast-cancer-script": (
        M("HPT008", "entry_point: train.py", "entry_point: main.py"),
        M("HPT364", "folds: 5", "fold_count: 5"),
        M("HPT361", "folds: 5", "sagemaker_program: train.py\n    folds: 5"),
        M(
            "HPT321",
            'metric_name: "validation:auc"',
            'metric_name: "validation:loss"',
            also=("HPT327",),
        ),
    ),
    "caltech-images": (
        M("HPT204", "max: 0.99,", "max: 1.0,"),
        M("HPT203", "min: 1e-5, max: 0.1", "min: 0, max: 0.1"),
        M(
            "HPT424",
            '"{{ gpu_instance_type }}", instance_count: 1',
            "ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 50",
        ),
        M("HPT208", "max: 0.1, scaling: Logarithmic}", "max: 0.1, scaling: Linear}"),
        M("HPT422", "instance_count: 1}", "instance_count: 1, volume_size_in_gb: 1000}"),
        M("HPT310", "top_k: 2", "topk: 2"),
        M(
            "HPT309",
            "    num_classes: 257                          # 256 object categories and clutter\n",
            "",
            at="hyperparameters:",
        ),
        M("HPT468", "    train: {s3", "    training: {s3", at="  inputs:"),
        M("HPT006", "{{ gpu_instance_type }}", "{{ gpu_type }}"),
    ),
    "caltech-images-augmented": (
        M("HPT702", 'metric_name: "validation:accuracy"', 'metric_name: "train:accuracy"'),
        M("HPT703", "    top_k: 2\n", "", at="warm_start:"),
        M("HPT703", "    top_k: 2\n", "    top_k: 2\n    gamma: 0.9\n", at="gamma: 0.9"),
        M(
            "HPT704",
            "momentum: {type: Continuous, min: 0.0, max: 0.99, scaling: ReverseLogarithmic}",
            "momentum: {type: Categorical, values: [0.8, 0.9]}",
            also=("HPT308",),
        ),
        M("HPT708", "[caltech-images, caltech-images-refined]", "[caltech-images, caltech-images]"),
        M("HPT104", "type: TransferLearning", "type: TRANSFER_LEARNING"),
        M("HPT700", "caltech-images-refined]", "caltech-images-refind]"),
        M("HPT709", "max_number_of_training_jobs: 12", "max_number_of_training_jobs: 740"),
    ),
    "caltech-images-refined": (
        M(
            "HPT710",
            "  stopping: {max_runtime: 1h}",
            "  stopping: {max_runtime: 1h}\n  environment: {LOG_LEVEL: debug}",
            at="environment",
        ),
        M("HPT711", "caltech-256/train/", "caltech-256/train-2026/"),
        M(
            "HPT706",
            "strategy: Bayesian\nlimits: {max_number_of_training_jobs: 12, "
            "max_parallel_training_jobs: 2}\nearly_stopping: Auto\n",
            "strategy: Hyperband\nlimits: {max_number_of_training_jobs: 12, "
            "max_parallel_training_jobs: 2}\n",
        ),
        M("HPT707", "parents: caltech-images", "parents: churn-two-algorithms"),
        M(
            "HPT705",
            '    num_layers: 18\n    image_shape: "3,224,224"\n    num_classes: 257\n'
            "    num_training_samples: 15420\n    mini_batch_size: 128\n    epochs: 10\n",
            '    num_layers: 34\n    image_shape: "3,128,128"\n    num_classes: 256\n'
            "    num_training_samples: 15421\n    mini_batch_size: 64\n    epochs: 11\n",
            at="  parents:",
        ),
        M("HPT104", "IdenticalDataAndAlgorithm ", "IdenticalData "),
    ),
    "churn-two-algorithms": (
        M("HPT117", "limits:", "early_stopping: Auto\nlimits:"),
        M(
            "HPT119",
            'metric_name: "validation:roc_auc_score", type: Maximize',
            'metric_name: "validation:objective_loss", type: Minimize',
        ),
        M(
            "HPT112",
            '    objective: {metric_name: "validation:auc", type: Maximize}\n',
            "",
            at="  trees:",
        ),
        M("HPT325", "validation:roc_auc_score", "validation:auc_score"),
        M(
            "HPT307",
            "subsample: {type: Continuous, min: 0.5, max: 1}",
            "subsample: {type: Continuous, min: 0.5, max: 2}",
        ),
        M(
            "HPT411",
            "    tuning_resources: {",
            "    tuning_resources: {instance_configs: "
            "[{instance_type: ml.c5.xlarge, instance_count: 1, volume_size_in_gb: 10}], ",
            also=("HPT415",),
        ),
        M(
            "HPT410",
            "    tuning_resources:",
            "    resources: {instance_type: ml.c5.xlarge, "
            "volume_size_in_gb: 10}\n    tuning_resources:",
            at="    tuning_resources:",
        ),
        M(
            "HPT510",
            "enable_inter_container_traffic_encryption: true",
            "enable_inter_container_traffic_encryption: false",
            at="    tuning_resources:",
        ),
        M(
            "HPT204",
            "subsample: {type: Continuous, min: 0.5, max: 1}",
            "subsample: {type: Continuous, min: 0.5, max: 1, scaling: ReverseLogarithmic}",
        ),
    ),
    "cifar10-heterogeneous": (
        M(
            "HPT465",
            "instance_group_names: [train]}",
            "s3_data_type: S3Prefix}",
            at="    validation:",
        ),
        M("HPT466", "instance_group_names: [train]", "instance_group_names: [trian]"),
        M(
            "HPT411",
            "    volume_size_in_gb: 50",
            "    volume_size_in_gb: 50\n    instance_type: ml.p3.2xlarge",
            at="    instance_type: ml.p3.2xlarge",
        ),
        M("HPT321", "metric_name: val_accuracy", "metric_name: validation_accuracy"),
        M("HPT331", "([0-9.]+)", "([0-9.+"),
        M("HPT332", "([0-9.]+)", "[0-9.]+"),
        M("HPT333", "val_accuracy: ([0-9.]+)", "val_accuracy: (.*?)"),
        M("HPT461", "cifar10/train/", "cifar10/train"),
        M("HPT206", "[256, 512, 1024]", "[256, 512, 256]"),
        M("HPT420", "    volume_size_in_gb: 50\n", "", at="    instance_groups:"),
    ),
    "cifar10-spot": (
        M("HPT432", "  spot: {max_wait_time: 8h}", "  spot: {}"),
        M(
            "HPT508",
            'volume_kms_key_id: "{{ kms_key_arn }}"',
            "volume_kms_key_id: alias/aws/s3",
        ),
        M("HPT433", "max_wait_time: 8h", "max_wait_time: 3h"),
        M(
            "HPT431",
            "stopping: {max_runtime: 4h}\n  spot: {max_wait_time: 8h} ",
            "stopping: {max_runtime: 4h, max_wait_time: 8h} ",
        ),
        M(
            "HPT435",
            "  checkpoint:\n"
            "    # hptc: ignore[HPT471] the script keeps a folder for each training job\n"
            '    s3_uri: "s3://{{ artifact_bucket }}/checkpoints/cifar10-spot/"\n'
            "    local_path: /opt/ml/checkpoints\n",
            "",
            at="  spot:",
        ),
        M("HPT010", "HPT471", "HPT472", also=("HPT471",)),
        M(
            "HPT471",
            "    # hptc: ignore[HPT471] the script keeps a folder for each training job\n",
            "",
            at="checkpoints/cifar10-spot",
        ),
        M("HPT472", "local_path: /opt/ml/checkpoints", "local_path: /opt/ml/model"),
        M(
            "HPT513",
            "/opt/ml/input/data/code/source.tar.gz",
            "s3://{{ data_bucket }}/code/source.tar.gz",
        ),
        M("HPT521", "ml.p3.2xlarge", "ml.g5.2xlarge", at="volume_kms_key_id"),
        M(
            "HPT302",
            "    framework: pytorch-training\n    version: 2.5.1-gpu-py311-cu124-ubuntu22.04"
            "-sagemaker\n",
            "    training_image: docker.io/pytorch/pytorch:2.5.1\n",
        ),
        M("HPT105", "maximum_retry_attempts: 5", "maximum_retry_attempts: 31"),
        M("HPT522", 'volume_kms_key_id: "{{ kms_key_arn }}"', "volume_kms_key_id: alias/tuning"),
        M(
            "HPT524",
            '    kms_key_id: "{{ kms_key_arn }}"',
            "    kms_key_id: arn:aws:kms:us-east-1:"
            "210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
        M(
            "HPT523",
            "s3://{{ artifact_bucket }}/sealed/",
            "s3://sealed--euw1-az1--x-s3/",
            at="kms_key_id",
            also=("HPT530",),
        ),
    ),
    "diabetes-xgboost": (
        M("HPT364", "num_round: 300", "num_rounds: 300"),
        M(
            "HPT305",
            "subsample: {type",
            "lambda_bias: {type",
            also=("HPT364",),
        ),
        M(
            "HPT322",
            "version: 3.0-5}",
            'version: 3.0-5, metric_definitions: {"validation:rmse": "rmse=([0-9.]+)"}}',
        ),
        M("HPT326", "type: Minimize", "type: Maximize"),
    ),
    "digits-keras": (
        M("HPT364", "model_dir: /opt/ml/model", "model_directory: /opt/ml/model"),
        M(
            "HPT242",
            "strategy: Hyperband ",
            "strategy: Hyperband\nearly_stopping: Auto",
            at="early_stopping: Auto",
        ),
        M("HPT243", "epochs: 27", "rounds: 27", at="strategy:", also=("HPT364",)),
        M("HPT347", "version: 2.19.0-cpu-py312", "version: 2.19.0-cpu-py310", at="framework:"),
    ),
    "digits-pytorch": (
        M(
            "HPT471",
            "    # hptc: ignore[HPT471] the script keeps a folder for each training job\n",
            "",
            at='s3_uri: "s3://{{ artifact_bucket }}',
        ),
        M("HPT433", "max_wait_time: 1h", "max_wait_time: 10m"),
        M("HPT364", "dropout:", "drop-out:"),
        M("HPT008", "src/digits-pytorch,", "src/digits-torch,"),
    ),
    "direct-marketing-autotune": (
        M("HPT104", "autotune: Enabled", "autotune: Disabled"),
        M("HPT102", "max_depth: {type: Auto, value_hint: 4}", "max_depth: {type: Auto}"),
        M("HPT102", "value_hint: 0.3", "value_hint: [0.3]"),
    ),
    "direct-marketing-hyperband": (
        M("HPT242", "limits:", "early_stopping: Auto\nlimits:"),
        M("HPT245", "min_resource: 1,", "min_resource: 31,"),
        M("HPT244", "max_resource: 30", "max_resource: 20001"),
        M(
            "HPT243",
            "hyperband: {min_resource: 1, max_resource: 30}",
            "hyperband: {min_resource: 1}",
            at="strategy:",
        ),
        M("HPT241", "strategy: Hyperband", "strategy: Bayesian", at="hyperband:"),
    ),
    "direct-marketing-random": (
        M("HPT404", "max_number_of_training_jobs: 40", "max_number_of_training_jobs: 800"),
        M("HPT403", "max_number_of_training_jobs: 40", "max_number_of_training_jobs: 10001"),
        M("HPT402", "max_parallel_training_jobs: 10", "max_parallel_training_jobs: 11"),
        M(
            "HPT401",
            "max_parallel_training_jobs: 10",
            "max_parallel_training_jobs: 101",
            also=("HPT406",),
        ),
        M(
            "HPT251",
            "alpha: {type: Continuous, min: 0.01, max: 10, scaling: Logarithmic}",
            "alpha: {type: Auto, value_hint: 1}",
        ),
        M("HPT406", "max_number_of_training_jobs: 40", "max_number_of_training_jobs: 9"),
        M("HPT248", "random_seed: 1729", "random_seed: 4294967296"),
        M(
            "HPT208",
            "alpha: {type: Continuous, min: 0.01, max: 10, scaling: Logarithmic}",
            "alpha: {type: Continuous, min: 0.01, max: 10, scaling: Linear}",
        ),
        M("HPT105", "random_seed: 1729", "random_seed: -1"),
        M("HPT412", "{instance_type: ml.m5.large, instance_count: 1, ", "{"),
        M(
            "HPT459",
            '"s3://{{ data_bucket }}/direct-marketing/train/"',
            '{s3_uri: "s3://{{ data_bucket }}/direct-marketing/train/", attribute_names: [label]}',
        ),
    ),
    "direct-marketing-xgboost": (
        M("HPT002", "stopping: {max_runtime: 1h}", "stopping: {max_runtime: 1h}}"),
        M("HPT003", "alpha:", "eta:"),
        M("HPT007", "{{ data_bucket }}/direct-marketing/train", "{{ data_bucket() }}/train"),
        M("HPT101", "early_stopping:", "early_stoping:"),
        M(
            "HPT102",
            "limits: {max_number_of_training_jobs: 20",
            "limits: {max_number_of_training_jobs: many",
        ),
        M("HPT103", "  stopping: {max_runtime: 1h}\n", "", at="training_job:"),
        M("HPT104", "strategy: Bayesian", "strategy: Bayes"),
        M("HPT104", "ml.m5.xlarge", "ml.m5.huge"),
        M("HPT105", "max_parallel_training_jobs: 3", "max_parallel_training_jobs: 0"),
        M("HPT201", "max_depth: {type: Integer, min: 1,", "max_depth: {type: Integer, min: 1.5,"),
        M("HPT202", "max_depth: {type: Integer, min: 1,", "max_depth: {type: Integer, min: 10,"),
        M(
            "HPT203",
            "eta: {type: Continuous, min: 0, max: 1}",
            "eta: {type: Continuous, min: 0, max: 1, scaling: Logarithmic}",
        ),
        M(
            "HPT205",
            "max_depth: {type: Integer, min: 1, max: 10}",
            "max_depth: {type: Integer, min: 1, max: 10, scaling: ReverseLogarithmic}",
        ),
        M(
            "HPT305",
            "alpha: {type: Continuous, min: 0, max: 2}",
            "num_parallel_tree: {type: Integer, min: 1, max: 3}",
        ),
        M("HPT311", "max_depth: {type: Integer", "max_depth: {type: Continuous"),
        M(
            "HPT322",
            "input_mode: File}",
            'input_mode: File, metric_definitions: {"validation:auc": "auc:([0-9.]+)"}}',
        ),
        M("HPT325", '"validation:auc"', '"validation:roc"'),
        M("HPT326", "type: Maximize", "type: Minimize"),
        M(
            "HPT328",
            "    validation: {s3",
            "    holdout: {s3",
            at="metric_name",
            also=("HPT473",),
        ),
        M("HPT408", "max_runtime: 6h", "max_runtime: 30m"),
        M("HPT407", "max_runtime: 6h", "max_runtime: 40d"),
        M("HPT413", "instance_count: 1", "instance_count: 0"),
        M("HPT420", ", volume_size_in_gb: 30", ""),
        M("HPT423", "volume_size_in_gb: 30", "volume_size_in_gb: 20000"),
        M(
            "HPT430",
            "stopping: {max_runtime: 1h}",
            "stopping: {max_runtime: 29d}",
            also=("HPT408",),
        ),
        M(
            "HPT453",
            'train/", content_type: text/csv',
            'train/", content_type: text/csv, compression_type: Gzip',
        ),
        M(
            "HPT455",
            'train/", content_type: text/csv',
            'train/", content_type: text/csv, record_wrapper_type: RecordIO',
        ),
        M("HPT503", "/direct-marketing/train/", "", also=("HPT480",)),
        M("HPT480", "/direct-marketing/validation/", "/direct-marketing/train/"),
        M("HPT481", "/direct-marketing/train/", "//direct-marketing/train/"),
        M("HPT311", "num_round: 100", "num_round: '\"100\"'"),
        M(
            "HPT454",
            'train/", content_type: text/csv',
            'train/", content_type: text/csv, input_mode: Pipe, compression_type: Gzip',
        ),
        M("HPT602", "early_stopping:", "tags: {aws:team: growth}\nearly_stopping:"),
        M("HPT603", "early_stopping:", "tags: {hptc:spec: mine}\nearly_stopping:"),
        M("HPT417", "instance_count: 1", "instance_count: 1, keep_alive_period: 30m"),
        M(
            "HPT418",
            "instance_count: 1",
            "instance_count: 1, training_plan_arn: "
            "arn:aws:sagemaker:eu-west-1:210987654321:training-plan/mine",
        ),
        M(
            "HPT419",
            "instance_count: 1",
            "instance_count: 1, instance_placement: {enable_multiple_jobs: true}",
        ),
        M(
            "HPT416",
            "{instance_type: ml.m5.xlarge, instance_count: 1,",
            "{instance_groups: {all: {instance_type: ml.m5.xlarge, instance_count: 1}},",
        ),
    ),
    "electricity-deepar": (
        M("HPT535", "cron(0 6 ? * MON *)", "cron(0 6 31 2 ? *)"),
        M(
            "HPT441",
            "max_number_of_training_jobs_not_improving: 10",
            "max_number_of_training_jobs_not_improving: 60",
        ),
        M(
            "HPT105",
            "max_number_of_training_jobs_not_improving: 10",
            "max_number_of_training_jobs_not_improving: 2",
        ),
        M(
            "HPT328",
            "    test: {s3",
            "    validation: {s3",
            at="metric_name",
            also=("HPT474",),
        ),
        M("HPT469", "version: 1}", "version: 1, input_mode: Pipe}"),
    ),
    "housing-scikit-learn": (
        M("HPT321", 'median-AE: "AE', 'Median-AE: "AE', at="metric_name"),
        M(
            "HPT415",
            "      - {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 10}\n"
            "      - {instance_type: ml.m5.2xlarge, instance_count: 1, volume_size_in_gb: 10}\n",
            "",
            at="instance_configs",
        ),
        M("HPT104", "Prioritized", "Cheapest"),
        M("HPT411", "    allocation_strategy: Prioritized", "    volume_size_in_gb: 10"),
        M("HPT006", "{{ trials }}", "{{ trails }}"),
    ),
    "imagenet-fsx": (
        M("HPT464", "/{{ fsx_mount_name }}/imagenet/train", "{{ fsx_mount_name }}/imagenet/train"),
        M("HPT462", "    train:\n", "    train:\n      input_mode: Pipe\n", at="file_system:"),
        M("HPT460", "    train:\n", "    train:\n      input_mode: FastFile\n", at="file_system:"),
        M(
            "HPT452",
            "    train:\n",
            '    train:\n      s3: "s3://{{ data_bucket }}/imagenet/"\n',
            at="    train:",
        ),
        M("HPT243", "epochs: 27", "rounds: 27", at="strategy:"),
        M("HPT430", "max_runtime: 20h", "max_runtime: 30d", also=("HPT408",)),
        M("HPT105", "max_pending_time: 6h", "max_pending_time: 10m"),
    ),
    "iris-algorithm-resource": (
        M("HPT324", "  inputs:", '    metric_definitions: {acc: "acc=([0-9.]+)"}\n  inputs:'),
        M(
            "HPT301",
            "  inputs:",
            '    training_image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1"\n  inputs:',
            at="    algorithm_name",
        ),
        M("HPT231", "min: 2, max: 1000, scaling: Logarithmic", "min: 2, max: 8", at="limits:"),
        M("HPT106", "algorithm/scikit-decision-trees", "algorithm/scikit decision trees"),
    ),
    "keras-own-image": (
        M("HPT303", "{{ region }}", "us-west-2"),
        M("HPT502", "iam::{{ account }}:role", "iam::999999999999:role"),
        M("HPT106", "role/research/keras-tuning", "user/research"),
        M("HPT321", "{val_loss: ", "{loss: ", at="metric_name", also=("HPT010",)),
        M("HPT207", "[adam, rmsprop]", "[adam]"),
        M("HPT464", "directory_path: /cifar10", "directory_path: cifar10"),
        M("HPT327", "type: Minimize", "type: Maximize"),
    ),
    "mnist-kmeans": (
        M(
            "HPT453",
            "compression_type: Gzip        ",
            "input_mode: File\n      compression_type: Gzip ",
            at="compression_type",
        ),
        M("HPT309", "    feature_dim: 784\n", "", at="hyperparameters:"),
        M("HPT510", "instance_count: 1", "instance_count: 2"),
        M("HPT329", "training_job:", "early_stopping: Auto\ntraining_job:"),
        M("HPT306", "k: 10", "k: {type: Integer, min: 5, max: 15}"),
        M(
            "HPT328",
            "    test:   ",
            "    validation:   ",
            at="metric_name",
            also=("HPT474",),
        ),
        M("HPT246", "strategy: Bayesian", "strategy: Hyperband\nhyperband: {max_resource: 9}"),
        M(
            "HPT434",
            "stopping: {max_runtime: 1h}",
            "stopping: {max_runtime: 1h}\n  spot: {max_wait_time: 2h}",
            at="  spot:",
        ),
    ),
    "mnist-pytorch": (
        M(
            "HPT510",
            "  enable_inter_container_traffic_encryption: true   "
            "# encrypts gradients between instances\n",
            "",
            at="instance_count: 2",
        ),
        M("HPT501", "{NCCL_DEBUG: WARN}", "{AWS_ACCESS_KEY_ID: AKIAIOSFODNN7EXAMPLA}"),
        M("HPT106", "NCCL_DEBUG", "NCCL-DEBUG"),
        M(
            "HPT456",
            'training: {s3: "s3://{{ data_bucket }}/mnist/"}',
            'training: {s3: {s3_uri: "s3://{{ data_bucket }}/mnist.manifest", '
            "s3_data_type: AugmentedManifestFile, attribute_names: [a]}}",
        ),
        M("HPT236", "max_parallel_training_jobs: 3", "max_parallel_training_jobs: 10"),
        M("HPT333", "Average loss: ([0-9.]+)", "Average loss: ([a-z]+)", also=("HPT010",)),
        M("HPT215", "backend: nccl", "_backend: nccl"),
        M("HPT211", "    lr: {", '    "": {'),
        M("HPT334", "([0-9.]+)", "(" * 31 + "[0-9]" + ")" * 31, also=("HPT010",)),
        M(
            "HPT467",
            '"s3://{{ data_bucket }}/mnist/"',
            '{s3_uri: "s3://{{ data_bucket }}/mnist/", instance_group_names: [all]}',
        ),
        M("HPT420", '"{{ gpu_instance_type }}", instance_count', "ml.p3.2xlarge, instance_count"),
        M(
            "HPT470",
            '"s3://{{ data_bucket }}/mnist/"',
            '{s3_uri: "s3://{{ data_bucket }}/mnist/", model_access: {accept_eula: false}}',
        ),
    ),
    "newsgroups-grid": (
        M("HPT234", "limits: {", "limits: {max_number_of_training_jobs: 10, "),
        M("HPT233", "{type: Categorical, values: [16, 32]}", "{type: Integer, min: 16, max: 32}"),
        M("HPT206", "[1e-5, 3e-5, 5e-5]", "[1e-5, 3e-5, 1e-5]"),
        M("HPT241", "limits:", "hyperband: {min_resource: 1, max_resource: 9}\nlimits:"),
        M(
            "HPT235",
            "values: [2, 3]}\n    train_batch_size: {type: Categorical, values: [16, 32]}",
            f"values: {list(range(1, 21))}}}\n    train_batch_size: {{type: Categorical, values: "
            f"{list(range(8, 28))}}}",
            at="  hyperparameters:",
        ),
        M("HPT321", "metric_name: eval_accuracy", "metric_name: eval_f1"),
        M("HPT104", "compression_type: NONE", "compression_type: None"),
    ),
    "objects-manifest": (
        M(
            "HPT456",
            "record_wrapper_type: RecordIO\n  resources",
            "input_mode: File\n  resources",
            at="s3_data_type: AugmentedManifestFile\n"
            "        attribute_names: [source-ref, bounding-box]\n",
        ),
        M(
            "HPT455",
            'train.manifest"\n        s3_data_type: AugmentedManifestFile\n'
            "        attribute_names: [source-ref, bounding-box]   # the image and its label\n",
            'train/"\n      input_mode: File\n',
            at="record_wrapper_type",
        ),
        M(
            "HPT457",
            "        attribute_names: [source-ref, bounding-box]   # the image and its label\n",
            "",
            at="s3_data_type",
        ),
        M(
            "HPT458",
            "      record_wrapper_type: RecordIO           # the algorithm reads records, not a "
            "stream of images\n",
            "",
            at="s3_data_type",
        ),
        M("HPT442", "target_objective_metric_value: 0.85", "target_objective_metric_value: 85"),
        M("HPT441", "not_improving: 5", "not_improving: 16"),
        M("HPT326", "type: Maximize", "type: Minimize"),
        M("HPT105", "not_improving: 5", "not_improving: 2"),
        M(
            "HPT440",
            "target_objective_metric_value: 0.85",
            "target_objective_metric_value: .inf",
            also=("HPT442",),
        ),
    ),
}


@cache
def repository() -> Project:
    project, diagnostics = project_file.load(ROOT / "hptc.yaml")
    assert project is not None, diagnostics
    return project


def compiled(name: str, text: str) -> Outcome:
    file = str(ROOT / "specs" / f"{name}.yaml")
    return compile_text(text, file, Workspace(environment="prod"), repository())


def spec_text(name: str) -> str:
    return (ROOT / "specs" / f"{name}.yaml").read_text(encoding="utf-8")


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


TABLE = [
    pytest.param(name, mutation, id=f"{name}-{index}-{mutation.code}")
    for name, mutations in MUTATIONS.items()
    for index, mutation in enumerate(mutations, 1)
]


@pytest.mark.parametrize(("name", "mutation"), TABLE)
def test_mutation_is_found(name: str, mutation: Mutation) -> None:
    original = spec_text(name)
    assert mutation.old in original, "the spec no longer says what the mutation replaces"
    text = original.replace(mutation.old, mutation.new, 1)
    at = text.index(mutation.at) if mutation.at else original.index(mutation.old)
    expected = (line_of(text, at), mutation.code)
    diagnostics = [
        (diagnostic.span.line, diagnostic.code, diagnostic.is_error)
        for diagnostic in compiled(name, text).diagnostics
    ]
    others = [finding for finding in diagnostics if finding[:2] != expected]
    assert expected in [finding[:2] for finding in diagnostics], diagnostics
    assert [other for other in others if other[2] and other[1] not in mutation.also] == [], (
        diagnostics
    )
    assert {code for _, code, _ in others} == set(mutation.also), diagnostics


@pytest.mark.parametrize("name", SPECS)
def test_every_spec_has_mutations_and_no_findings(name: str) -> None:
    assert len(MUTATIONS[name]) >= 3
    assert compiled(name, spec_text(name)).diagnostics == ()

"""Changes in meaning between two specs: a table of cases, and properties of any two requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hptc.compiler.layers import merged
from hptc.compiler.outcome import Compiled, Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diff.canonical_form import canonical_form
from hptc.diff.changes import IMPACTS, Growth, Impact, Kind
from hptc.diff.compare import compare, form_changes
from hptc.diff.hyperparameter_changes import hyperparameter_changes
from hptc.diff.review import Side, review
from hptc.diff.security_changes import permission_changes
from hptc.infrastructure.statements import Condition, Statement
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.render.diff_consequences import consequences
from hptc.request.identity import canonical
from hptc.spec.schedule import Schedule
from tests.support.outcomes import succeeded
from tests.support.specs import EXPLICIT
from tests.support.strategies import make_request, requests
from tests.support.trees import PROJECT, SPEC

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost"


@dataclass(frozen=True)
class Case:
    """A JSON merge patch over SPEC, and the changes to expect, by kind and subject."""

    id: str
    patch: str
    expected: Mapping[tuple[Kind, str], tuple[str, str]]
    verdict: Impact | None
    growth: Mapping[str, Growth] = field(default_factory=dict)
    on: str = "{}"  # a patch that both sides have


def tuned(text: str) -> str:
    return "training_job: {hyperparameters: {" + text + "}}"


def job(text: str) -> str:
    return "training_job: {" + text + "}"


REPOSITORY = "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn"
ELSEWHERE = "444455556666.dkr.ecr.us-east-1.amazonaws.com/churn"
IN_OREGON = "111122223333.dkr.ecr.us-west-2.amazonaws.com/churn"


def image(uri: str) -> str:
    """A patch to a custom image, with a metric definition of its own."""
    metrics = "metric_definitions: {'validation:auc': 'auc=([0-9.]+)'}"
    return job(f"algorithm: {{built_in: null, version: null, training_image: '{uri}', {metrics}}}")


FLEX = job(
    "resources: null, tuning_resources: {instance_type: ml.m5.xlarge, instance_count: 1, "
    "volume_size_in_gb: 30}"
)
NOTHING: dict[tuple[Kind, str], tuple[str, str]] = {}

CASES = [
    # Nothing.
    Case("the same text", "{}", NOTHING, None),
    Case("a description", "description: Weekly", NOTHING, None),
    Case("another order of keys", "limits: {max_parallel_training_jobs: 2}", NOTHING, None),
    Case("a bound spelled otherwise", tuned("eta: {min: 0.001, max: 1e-1}"), NOTHING, None),
    Case("a default of a range written out", tuned("gamma: {scaling: Auto}"), NOTHING, None),
    Case("a default of AWS written out", "early_stopping: 'Off'", NOTHING, None),
    Case("the default form of the data",
         job("inputs: {train: {s3: {s3_uri: 's3://{{ data_bucket }}/churn/train/', "
         "s3_data_type: S3Prefix, s3_data_distribution_type: FullyReplicated}}}"), NOTHING, None),
    Case("spot explicitly off", job("enable_managed_spot_training: false"), NOTHING, None),
    Case("the compression written out", job("output: {compression_type: GZIP}"), NOTHING, None),
    Case("the environment's own output written out",
         job("output: {s3_output_path: 's3://{{ artifact_bucket }}/trees/'}"), NOTHING, None),
    Case("the environment's own key written out",
         job("resources: {volume_kms_key_id: '{{ kms_key_arn }}'}"), NOTHING, None),
    Case("the image of the built-in algorithm written out",
         job("algorithm: {built_in: null, version: null, training_image: '" + IMAGE
             + ":1.7-1'}"), NOTHING, None),
    Case("a duration in other units", job("stopping: {max_runtime: 60m}"), NOTHING, None),
    Case("empty tags", "tags: {}", NOTHING, None),
    Case("no inputs, twice", job("inputs: null"), NOTHING, None, on=job("inputs: null")),
    Case("a schedule's defaults written out",
         "schedule: {schedule_expression: rate(7 days), schedule_expression_timezone: UTC, "
         "state: ENABLED}", NOTHING, None, on="schedule: rate(7 days)"),
    # The search space.
    Case("a hyperparameter added", tuned("alpha: {type: Continuous, min: 0, max: 2}"),
         {(Kind.HYPERPARAMETER_ADDED, "alpha"): ("", "Continuous 0 to 2")}, Impact.SEARCH),
    Case("a static value added", tuned("seed: 7"),
         {(Kind.HYPERPARAMETER_ADDED, "seed"): ("", "7")}, Impact.SEARCH),
    Case("a hyperparameter removed", tuned("gamma: null"),
         {(Kind.HYPERPARAMETER_REMOVED, "gamma"): ("Continuous 0 to 4", "")}, Impact.SEARCH),
    Case("a linear range twice as wide", tuned("gamma: {max: 8}"),
         {(Kind.RANGE_WIDENED, "gamma"): ("0 to 4", "0 to 8")}, Impact.SEARCH,
         growth={"gamma": Growth(ratio=2.0)}),
    Case("a linear range half as wide", tuned("gamma: {min: 1, max: 3}"),
         {(Kind.RANGE_NARROWED, "gamma"): ("0 to 4", "1 to 3")}, Impact.SEARCH,
         growth={"gamma": Growth(ratio=0.5)}),
    Case("a range narrower at its minimum", tuned("gamma: {min: 2}"),
         {(Kind.RANGE_NARROWED, "gamma"): ("0 to 4", "2 to 4")}, Impact.SEARCH,
         growth={"gamma": Growth(ratio=0.5)}),
    Case("a range wider at its minimum", tuned("gamma: {min: -4}"),
         {(Kind.RANGE_WIDENED, "gamma"): ("0 to 4", "-4 to 4")}, Impact.SEARCH,
         growth={"gamma": Growth(ratio=2.0)}),
    Case("a logarithmic range that begins at 0", tuned("eta: {min: 0}"),
         {(Kind.RANGE_WIDENED, "eta"): ("0.001 to 0.1", "0 to 0.1")}, Impact.SEARCH),
    Case("a reversed logarithmic range that ends at 1", tuned("subsample: {max: 1}"),
         {(Kind.RANGE_WIDENED, "subsample"): ("0.5 to 0.9", "0.5 to 1")}, Impact.SEARCH),
    Case("a range moved", tuned("gamma: {min: 2, max: 6}"),
         {(Kind.RANGE_MOVED, "gamma"): ("0 to 4", "2 to 6")}, Impact.SEARCH,
         growth={"gamma": Growth(ratio=1.0)}),
    Case("a logarithmic range wider by a decade", tuned("eta: {min: 1e-4}"),
         {(Kind.RANGE_WIDENED, "eta"): ("0.001 to 0.1", "0.0001 to 0.1")}, Impact.SEARCH,
         growth={"eta": Growth(decades=1.0)}),
    Case("a logarithmic range narrower by a decade", tuned("eta: {max: 0.01}"),
         {(Kind.RANGE_NARROWED, "eta"): ("0.001 to 0.1", "0.001 to 0.01")}, Impact.SEARCH,
         growth={"eta": Growth(decades=-1.0)}),
    Case("a reversed logarithmic range wider by a decade", tuned("subsample: {max: 0.99}"),
         {(Kind.RANGE_WIDENED, "subsample"): ("0.5 to 0.9", "0.5 to 0.99")}, Impact.SEARCH,
         growth={"subsample": Growth(decades=1.0)}),
    Case("an integer range by its number of values", tuned("max_depth: {max: 18}"),
         {(Kind.RANGE_WIDENED, "max_depth"): ("3 to 10", "3 to 18")}, Impact.SEARCH,
         growth={"max_depth": Growth(ratio=2.0)}),
    Case("a scale", tuned("eta: {scaling: Linear}"),
         {(Kind.SCALE, "eta"): ("Logarithmic", "Linear")}, Impact.SEARCH),
    Case("a scale and a range", tuned("gamma: {min: 0.01, max: 1, scaling: Linear}"),
         {(Kind.SCALE, "gamma"): ("Auto", "Linear"),
          (Kind.RANGE_NARROWED, "gamma"): ("0 to 4", "0.01 to 1")}, Impact.SEARCH,
         growth={"gamma": Growth(ratio=0.2475)}),
    Case("another kind", tuned("gamma: {type: Integer}"),
         {(Kind.KIND, "gamma"): ("Continuous 0 to 4", "Integer 0 to 4")}, Impact.SEARCH),
    Case("static, now tuned", tuned("num_round: {type: Integer, min: 50, max: 400}"),
         {(Kind.NOW_TUNED, "num_round"): ("200", "Integer 50 to 400")}, Impact.SEARCH),
    Case("tuned, now static",
         "training_job: {hyperparameters: {booster: {type: null, values: null, value: gbtree}}}",
         {(Kind.NOW_STATIC, "booster"): ("one of gbtree, dart", "gbtree")}, Impact.SEARCH),
    Case("a static value", tuned("num_round: 300"),
         {(Kind.STATIC_VALUE, "num_round"): ("200", "300")}, Impact.SEARCH),
    Case("a static value's text", tuned("num_round: 2e2"),
         {(Kind.STATIC_VALUE, "num_round"): ("200", "2e2")}, Impact.SEARCH),
    Case("a category added", tuned("booster: {values: [gbtree, dart, gblinear]}"),
         {(Kind.CATEGORY_ADDED, "booster"): ("", "gblinear")}, Impact.SEARCH),
    Case("a category removed and one added", tuned("booster: {values: [gbtree, gblinear]}"),
         {(Kind.CATEGORY_ADDED, "booster"): ("", "gblinear"),
          (Kind.CATEGORY_REMOVED, "booster"): ("dart", "")}, Impact.SEARCH),
    Case("categories in another order", tuned("booster: {values: [dart, gbtree]}"),
         {(Kind.CATEGORY_ORDER, "booster"): ("gbtree, dart", "dart, gbtree")}, Impact.SEARCH),
    # The search.
    Case("the objective", job("objective: {metric_name: 'validation:logloss', type: Minimize}"),
         {(Kind.OBJECTIVE, "objective.metric_name"): ("validation:auc", "validation:logloss"),
          (Kind.OBJECTIVE, "objective.type"): ("Maximize", "Minimize")}, Impact.SEARCH),
    Case("the strategy", "strategy: Random",
         {(Kind.STRATEGY, "strategy"): ("Bayesian", "Random")}, Impact.SEARCH),
    Case("the number of training jobs", "limits: {max_number_of_training_jobs: 40}",
         {(Kind.LIMITS, "limits.max_number_of_training_jobs"): ("20", "40")}, Impact.COST),
    Case("a limit on the whole", "limits: {max_runtime: 12h}",
         {(Kind.LIMITS, "limits.max_runtime"): ("no limit", "12h")}, Impact.COST),
    Case("early stopping", "early_stopping: Auto",
         {(Kind.EARLY_STOPPING, "early_stopping"): ("Off", "Auto")}, Impact.SEARCH),
    Case("completion", "completion: {target_objective_metric_value: 0.9}",
         {(Kind.COMPLETION, "completion.target_objective_metric_value"): ("", "0.9")},
         Impact.SEARCH),
    Case("a seed", "random_seed: 7", {(Kind.SEED, "random_seed"): ("", "7")}, Impact.SEARCH),
    Case("autotune", "autotune: Enabled",
         {(Kind.AUTOTUNE, "autotune"): ("Off", "Enabled")}, Impact.SEARCH),
    Case("a warm start", "warm_start: {type: TransferLearning, parents: [trees-2025]}",
         {(Kind.WARM_START, "warm_start.type"): ("", "TransferLearning"),
          (Kind.WARM_START, "warm_start.parents"): ("", "trees-2025")}, Impact.SEARCH),
    Case("a parent", "warm_start: {parents: [trees-2026]}",
         {(Kind.WARM_START, "warm_start.parents"): ("trees-2025", "trees-2026")}, Impact.SEARCH,
         on="warm_start: {type: TransferLearning, parents: [trees-2025]}"),
    Case("its own newest run", "warm_start: {parents: [latest(trees)]}",
         {(Kind.WARM_START, "warm_start.parents"): ("trees-2025", "latest(trees)")}, Impact.SEARCH,
         on="warm_start: {type: TransferLearning, parents: [trees-2025]}"),
    # Algorithm and data.
    Case("the version", job("algorithm: {version: 1.5-1}"),
         {(Kind.ALGORITHM_VERSION, "algorithm.training_image"):
             (f"{IMAGE}:1.7-1", f"{IMAGE}:1.5-1")},
         Impact.SEARCH),
    Case("the mode of the data", job("algorithm: {input_mode: FastFile}"),
         {(Kind.INPUT, "algorithm.input_mode"): ("File", "FastFile")}, Impact.SEARCH),
    Case("an input's type",
         job("inputs: {train: {content_type: text/libsvm}, validation: {content_type: "
         "text/libsvm}}"),
         {(Kind.INPUT, "inputs.train.content_type"): ("text/csv", "text/libsvm"),
          (Kind.INPUT, "inputs.validation.content_type"): ("text/csv", "text/libsvm")},
         Impact.SEARCH),
    Case("an input narrowed",
         job("inputs: {train: {s3: 's3://{{ data_bucket }}/churn/train/2026/'}}"),
         {(Kind.INPUT, "inputs.train.s3.s3_uri"):
             ("s3://${hptc:data_bucket}/churn/train/", "s3://${hptc:data_bucket}/churn/train/2026/"),
          (Kind.PERMISSIONS_NARROWED, "ReadInput"): ("…/churn/train/*", ""),
          (Kind.PERMISSIONS_NARROWED, "ListInputDataBucket"): ("…", "")}, Impact.SEARCH),
    Case("an input moved", job("inputs: {train: {s3: 's3://{{ data_bucket }}/all/'}}"),
         {(Kind.INPUT, "inputs.train.s3.s3_uri"):
             ("s3://${hptc:data_bucket}/churn/train/", "s3://${hptc:data_bucket}/all/"),
          (Kind.PERMISSIONS_BROADENED, "ReadInput"): ("…/churn/train/*", "…/all/*"),
          (Kind.PERMISSIONS_BROADENED, "ListInputDataBucket"): ("…", "…")}, Impact.PERMISSIONS),
    Case("an input added",
         job("inputs: {code: {s3: 's3://{{ data_bucket }}/churn/train/code/'}}"),
         {(Kind.INPUT_ADDED, "code"): ("", "s3://${hptc:data_bucket}/churn/train/code/")},
         Impact.SEARCH),
    Case("an input removed", job("inputs: {code: null}"),
         {(Kind.INPUT_REMOVED, "code"): ("s3://${hptc:data_bucket}/churn/train/code/", "")},
         Impact.SEARCH, on=job("inputs: {code: {s3: 's3://{{ data_bucket }}/churn/train/code/'}}")),
    Case("a checkpoint", job("checkpoint: {s3_uri: 's3://{{ artifact_bucket }}/trees/saved/'}"),
         {(Kind.CHECKPOINT, "checkpoint.s3_uri"):
             ("", "s3://${hptc:artifact_bucket}/trees/saved/"),
          (Kind.PERMISSIONS_BROADENED, "ListCheckpointsArtifactBucket"): ("", "…"),
          (Kind.PERMISSIONS_BROADENED, "ReadWriteCheckpoints"): ("", "…/trees/saved/*")},
         Impact.PERMISSIONS),
    Case("an image of another repository", image(f"{REPOSITORY}:1"),
         {(Kind.ALGORITHM, "algorithm.training_image"): (f"{IMAGE}:1.7-1", f"{REPOSITORY}:1"),
          (Kind.METRICS, "algorithm.metric_definitions.validation:auc"): ("", "auc=([0-9.]+)"),
          (Kind.PERMISSIONS_BROADENED, "LogInToRegistry"): ("", "…"),
          (Kind.PERMISSIONS_BROADENED, "PullImage"): ("", "…")}, Impact.PERMISSIONS),
    Case("an image of another account", image(f"{ELSEWHERE}:1"),
         {(Kind.ALGORITHM, "algorithm.training_image"): (f"{REPOSITORY}:1", f"{ELSEWHERE}:1"),
          (Kind.PERMISSIONS_BROADENED, "PullImage"): ("…", "…")}, Impact.PERMISSIONS,
         on=image(f"{REPOSITORY}:1")),
    Case("an image of another Region", image(f"{IN_OREGON}:2"),
         {(Kind.ALGORITHM, "algorithm.training_image"): (f"{REPOSITORY}:1", f"{IN_OREGON}:2"),
          (Kind.PERMISSIONS_BROADENED, "PullImage"): ("…", "…")}, Impact.PERMISSIONS,
         on=image(f"{REPOSITORY}:1")),
    Case("another digest of an image", image(f"{REPOSITORY}@sha256:{'0b' * 32}"),
         {(Kind.ALGORITHM_VERSION, "algorithm.training_image"):
             (f"{REPOSITORY}@sha256:{'0a' * 32}", f"{REPOSITORY}@sha256:{'0b' * 32}")},
         Impact.SEARCH, on=image(f"{REPOSITORY}@sha256:{'0a' * 32}")),
    Case("a metric definition",
         job("algorithm: {metric_definitions: {'validation:auc': 'auc: ([0-9.]+)', "
             "loss: 'loss=(.*)'}}"),
         {(Kind.METRICS, "algorithm.metric_definitions.validation:auc"):
             ("auc=([0-9.]+)", "auc: ([0-9.]+)"),
          (Kind.METRICS, "algorithm.metric_definitions.loss"): ("", "loss=(.*)")},
         Impact.SEARCH, on=image(f"{REPOSITORY}:1")),
    Case("the output", job("output: {s3_output_path: 's3://{{ artifact_bucket }}/trees/new/'}"),
         {(Kind.OUTPUT, "output.s3_output_path"):
             ("s3://${hptc:artifact_bucket}/trees/", "s3://${hptc:artifact_bucket}/trees/new/"),
          (Kind.PERMISSIONS_NARROWED, "WriteOutput"): ("…/trees/*", "")}, Impact.SEARCH),
    Case("a variable", job("environment: {LOG_LEVEL: debug, OMP_NUM_THREADS: 4}"),
         {(Kind.ENVIRONMENT_VARIABLE, "environment.LOG_LEVEL"): ("info", "debug"),
          (Kind.ENVIRONMENT_VARIABLE, "environment.OMP_NUM_THREADS"): ("", "4")}, Impact.SEARCH),
    # What it costs.
    Case("instance preferences", job("resources: {instance_type: null, instance_preferences: "
         "[{instance_type: ml.m5.4xlarge}, {instance_type: ml.m5.xlarge}]}"),
         {(Kind.INSTANCES, "resources.instance_type"): ("ml.m5.xlarge", ""),
          (Kind.INSTANCES, "resources.instance_preferences"):
             ("", '{"instance_type": "ml.m5.4xlarge"}, {"instance_type": "ml.m5.xlarge"}')},
         Impact.COST),
    Case("instances", job("resources: {instance_type: ml.m5.4xlarge, instance_count: 2}"),
         {(Kind.INSTANCES, "resources.instance_type"): ("ml.m5.xlarge", "ml.m5.4xlarge"),
          (Kind.INSTANCES, "resources.instance_count"): ("1", "2")}, Impact.COST),
    Case("the volume", job("resources: {volume_size_in_gb: 100}"),
         {(Kind.VOLUME, "resources.volume_size_in_gb"): ("30 GB", "100 GB")}, Impact.COST),
    Case("the other form of resources",
         job("resources: null, tuning_resources: {instance_type: ml.m5.xlarge, "
         "instance_count: 1, volume_size_in_gb: 30}"),
         {(Kind.INSTANCES, "form"): ("resources", "tuning_resources"),
          (Kind.INSTANCES, "tuning_resources.instance_count"): ("", "1")}, Impact.COST),
    Case("the volume of flexible resources", FLEX.replace("30", "40"),
         {(Kind.VOLUME, "tuning_resources.volume_size_in_gb"): ("30 GB", "40 GB")}, Impact.COST,
         on=FLEX),
    Case("a warm pool", job("resources: {keep_alive_period: 30m}"),
         {(Kind.INSTANCES, "resources.keep_alive_period"): ("", "30m")}, Impact.COST),
    Case("the runtime", job("stopping: {max_runtime: 90m}"),
         {(Kind.RUNTIME, "stopping.max_runtime"): ("1h", "1h 30m")}, Impact.COST),
    Case("spot", job("spot: {max_wait_time: 2h}"),
         {(Kind.SPOT, "enable_managed_spot_training"): ("off", "on"),
          (Kind.RUNTIME, "stopping.max_wait_time"): ("", "2h")}, Impact.COST),
    Case("retries", job("retry: {maximum_retry_attempts: 2}"),
         {(Kind.RETRY, "retry.maximum_retry_attempts"): ("", "2")}, Impact.COST),
    # Security.
    Case("isolation off", job("enable_network_isolation: false"),
         {(Kind.ISOLATION_LOOSENED, "network isolation"): ("on", "off")}, Impact.SECURITY),
    Case("isolation on", job("enable_network_isolation: true"),
         {(Kind.ISOLATION_TIGHTENED, "network isolation"): ("off", "on")}, Impact.SAFER,
         on=job("enable_network_isolation: false")),
    Case("traffic encrypted again", job("enable_inter_container_traffic_encryption: true"),
         {(Kind.ENCRYPTION_TIGHTENED, "inter-container traffic"): ("off", "on")}, Impact.SAFER,
         on=job("enable_inter_container_traffic_encryption: null")),
    Case("a key of the output", job("output: {kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}"),
         {(Kind.ENCRYPTION_KEY, "output KMS key"):
             ("${hptc:kms_key_arn}", "1234abcd-12ab-34cd-56ef-1234567890ab"),
          (Kind.PERMISSIONS_BROADENED, "EncryptOutput"): ("", "…"),
          (Kind.PERMISSIONS_BROADENED, "SealOutput"): ("…", "…")}, Impact.PERMISSIONS),
    Case("the role that hptc creates", job("role_arn: null"),
         {(Kind.ROLE, "role_arn"):
             ("arn:aws:iam::111122223333:role/tuning", "${hptc:execution_role_arn}")},
         Impact.UNSEEN, on=job("role_arn: 'arn:aws:iam::111122223333:role/tuning'")),
    Case("traffic in the clear", job("enable_inter_container_traffic_encryption: null"),
         {(Kind.ENCRYPTION_LOOSENED, "inter-container traffic"): ("on", "off")}, Impact.SECURITY),
    Case("another key", job("resources: {volume_kms_key_id: 1234abcd-12ab-34cd-56ef-1234567890ab}"),
         {(Kind.ENCRYPTION_KEY, "volume KMS key"):
             ("${hptc:kms_key_arn}", "1234abcd-12ab-34cd-56ef-1234567890ab"),
          (Kind.PERMISSIONS_BROADENED, "GrantVolumeKey"): ("…", "…")}, Impact.PERMISSIONS),
    Case("disks of the instances' own",
         job("resources: {instance_type: ml.g5.xlarge, volume_size_in_gb: null}"),
         {(Kind.INSTANCES, "resources.instance_type"): ("ml.m5.xlarge", "ml.g5.xlarge"),
          (Kind.VOLUME, "resources.volume_size_in_gb"): ("30 GB", ""),
          (Kind.ENCRYPTION_KEY, "volume KMS key"):
             ("${hptc:kms_key_arn}", "hardware encryption of local storage"),
          (Kind.PERMISSIONS_NARROWED, "GrantVolumeKey"): ("…", "")}, Impact.UNSEEN),
    Case("a role of ours", job("role_arn: 'arn:aws:iam::111122223333:role/tuning'"),
         {(Kind.ROLE_UNKNOWN, "role_arn"):
             ("${hptc:execution_role_arn}", "arn:aws:iam::111122223333:role/tuning")},
         Impact.SECURITY),
    Case("one more security group", job("vpc: {security_group_ids: [sg-0a, sg-0b]}"),
         {(Kind.NETWORK_LOOSENED, "security groups"): ("sg-0a", "sg-0a, sg-0b"),
          (Kind.PERMISSIONS_BROADENED, "CreateNetworkInterface"): ("", "…")}, Impact.SECURITY,
         on=job("vpc: {security_group_ids: [sg-0a], subnets: [subnet-0a]}")),
    Case("other subnets", job("vpc: {subnets: [subnet-0b]}"),
         {(Kind.NETWORK, "subnets"): ("subnet-0a", "subnet-0b"),
          (Kind.PERMISSIONS_BROADENED, "CreateNetworkInterface"): ("…", "…"),
          (Kind.PERMISSIONS_BROADENED, "ManageNetworkInterface"): ("…", "…")}, Impact.PERMISSIONS,
         on=job("vpc: {security_group_ids: [sg-0a], subnets: [subnet-0a]}")),
    # Labels and names.
    Case("tags", "tags: {team: risk, cost: a}",
         {(Kind.TAG, "tags.team"): ("growth", "risk"), (Kind.TAG, "tags.cost"): ("", "a")},
         Impact.COSMETIC),
    Case("a pinned name", "job_name: trees-2026",
         {(Kind.JOB_NAME, "job name"): ("generated from the content", "trees-2026")}, Impact.JOBS),
    Case("the pin of a name gone", "job_name: null",
         {(Kind.JOB_NAME, "job name"): ("trees-2026", "generated from the content")}, Impact.JOBS,
         on="job_name: trees-2026"),
    # When it starts on a schedule.
    Case("a schedule", "schedule: rate(7 days)",
         {(Kind.SCHEDULE_ADDED, "schedule"): ("", "rate(7 days), UTC")}, Impact.SCHEDULE),
    Case("a schedule that does nothing yet",
         "schedule: {schedule_expression: rate(7 days), state: DISABLED}",
         {(Kind.SCHEDULE_ADDED, "schedule"): ("", "rate(7 days), UTC, DISABLED")},
         Impact.SCHEDULE),
    Case("no schedule anymore", "schedule: null",
         {(Kind.SCHEDULE_REMOVED, "schedule"): ("rate(7 days), UTC", "")}, Impact.SCHEDULE,
         on="schedule: rate(7 days)"),
    Case("more often", "schedule: rate(1 day)",
         {(Kind.SCHEDULE, "schedule.schedule_expression"): ("rate(7 days)", "rate(1 day)")},
         Impact.SCHEDULE, on="schedule: rate(7 days)"),
    Case("switched on, an hour later",
         "schedule: {state: ENABLED, schedule_expression_timezone: Europe/Berlin}",
         {(Kind.SCHEDULE, "schedule.state"): ("DISABLED", "ENABLED"),
          (Kind.SCHEDULE, "schedule.schedule_expression_timezone"): ("UTC", "Europe/Berlin")},
         Impact.SCHEDULE,
         on="schedule: {schedule_expression: rate(7 days), state: DISABLED}"),
]  # fmt: skip


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Project:
    path = tmp_path_factory.mktemp("churn") / "hptc.yaml"
    path.write_text(PROJECT, encoding="utf-8")
    project, diagnostics = project_file.load(path)
    assert project is not None, diagnostics
    return project


def compiled(patch: str, churn: Project, on: str = "{}") -> Compiled:
    data = merged(merged(_read(SPEC), _read(on)), _read(patch))
    result = compile_text(_flow(data), "specs/trees.yaml", Workspace(rules=()), churn)
    return succeeded(result)


def _read(text: str) -> Any:
    """YAML with scalars as strings, except null."""
    return _nulls(yaml.load(text, yaml.BaseLoader))


def _nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _nulls(inner) for key, inner in value.items()}
    return None if value == "null" else value


def _flow(value: Any) -> str:
    """The data as YAML, without additional quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(inner) for inner in value) + "]"
    return str(value) if re.fullmatch(r"[\w.+-]+", str(value)) else json.dumps(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_table(case: Case, churn: Project) -> None:
    old, new = compiled("{}", churn, case.on), compiled(case.patch, churn, case.on)
    changes = compare(old, new)
    values = {(change.kind, change.subject): (change.old, change.new) for change in changes}
    assert len(values) == len(changes)
    assert values.keys() == case.expected.keys()
    for key, texts in case.expected.items():
        assert [_ends_so(*both) for both in zip(values[key], texts, strict=True)] == [True, True], (
            values[key]
        )
    assert {
        change.subject: change.growth for change in changes if change.growth is not None
    } == case.growth
    assert (changes[0].impact if changes else None) is case.verdict
    assert [change.impact.rank for change in changes] == sorted(
        change.impact.rank for change in changes
    )
    assert not compare(new, new)
    is_other_job = old.request != new.request and old.job != new.job
    assert bool(changes) == (is_other_job or schedule_of(old) != schedule_of(new)) or not (
        case.expected
    )


def schedule_of(outcome: Compiled) -> Schedule | None:
    return outcome.schedule


def _ends_so(text: str, expected: str) -> bool:
    """`…` in the table is the beginning of a statement."""
    if expected.startswith("…"):
        return bool(text) and text.endswith(expected.removeprefix("…"))
    return text == expected


def test_a_permission_is_located_where_it_is_required(churn: Project) -> None:
    new = job("inputs: {validation: {s3: 's3://{{ data_bucket }}/all/'}}")
    changes = compare(compiled("{}", churn), compiled(new, churn))
    places = {change.path for change in changes if change.kind is Kind.PERMISSIONS_BROADENED}
    assert places == {("training_job", "inputs", "validation", "s3", "s3_uri")}


def test_every_kind_has_an_impact() -> None:
    assert set(IMPACTS) == set(Kind)
    assert [impact.rank for impact in Impact] == list(range(len(Impact)))


def _outcome(request: dict[str, Any]) -> Outcome:
    return compile_text(json.dumps(request), "request.json", Workspace(rules=()))


@given(requests())
def test_equals_have_no_changes(request_: dict[str, Any]) -> None:
    assert form_changes(canonical_form(request_), canonical_form(request_)) == []
    assert form_changes(canonical_form(request_), canonical_form(_shuffled(request_))) == []


@given(requests(), st.integers(0, 2**32))
def test_nothing_changes_silently(request_: dict[str, Any], seed: int) -> None:
    """One leaf changed: the canonical forms differ if and only if there are changes."""
    changed = _with_one_change(request_, Random(seed))
    _assert_told(request_, changed)


@given(requests(), requests())
def test_any_two_requests(old: dict[str, Any], new: dict[str, Any]) -> None:
    _assert_told(old, new)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 2**32))
def test_every_change_is_reported(seed: int, richness: float, chosen: int) -> None:
    """A second change is reported in addition to the first one."""
    old = make_request(seed, richness)
    once = _with_one_change(old, Random(chosen))
    twice = _with_one_change(once, Random(chosen + 1))
    before, after = (
        form_changes(canonical_form(old), canonical_form(once)),
        form_changes(canonical_form(old), canonical_form(twice)),
    )
    if any(change.kind in _WHOLE for change in (*before, *after)):
        return  # additions and removals are not reported part by part
    assert (before == after) == (_unnamed(once) == _unnamed(twice))


_WHOLE = (
    *(Kind.DEFINITION_ADDED, Kind.DEFINITION_REMOVED, Kind.DEFINITION_RENAMED),
    *(Kind.INPUT_ADDED, Kind.INPUT_REMOVED),
)


def test_permissions_need_an_environment_on_both_sides(churn: Project) -> None:
    inside, outside = (
        succeeded(compile_text(EXPLICIT, "specs/a.yaml", Workspace(rules=()), project))
        for project in (churn, None)
    )
    for old, new in ((inside, outside), (outside, inside)):
        kinds = {change.kind for change in compare(old, new)}
        assert not {Kind.PERMISSIONS_BROADENED, Kind.PERMISSIONS_NARROWED} & kinds


def test_a_spec_and_its_request_differ_in_how_the_name_is_written(churn: Project) -> None:
    spec = compiled("{}", churn)
    text = json.dumps(spec.request)
    request = succeeded(compile_text(text, "specs/a.yaml", Workspace(rules=()), churn))
    for old, new in ((spec, request), (request, spec)):
        assert [change.kind for change in compare(old, new)] == [Kind.JOB_NAME]


def test_a_key_is_lost_if_no_instance_type_is_known_to_encrypt_its_storage() -> None:
    old = {"training_job": {"resources": {"volume_kms_key_id": "alias/a"}}}
    (change,) = form_changes(old, {"training_job": {"resources": {}}})
    assert (change.kind, change.new) == (Kind.ENCRYPTION_LOOSENED, "AWS managed key")


def test_what_the_spec_language_has_no_word_for_is_kept() -> None:
    parent = {"HyperParameterTuningJobName": "trees-2025"}
    for entry in (
        parent | {"Newer": "member"},
        {"Newer": "member"},
        {"HyperParameterTuningJobName": 7},
    ):
        warm_start = {"ParentHyperParameterTuningJobs": [parent, entry]}
        form = canonical_form({"WarmStartConfig": warm_start})
        assert form["warm_start"]["parents"] == ["trees-2025", entry]


def _assert_told(old: dict[str, Any], new: dict[str, Any]) -> None:
    differ = _unnamed(old) != _unnamed(new)
    assert (canonical_form(old) != canonical_form(new)) == differ
    assert bool(form_changes(canonical_form(old), canonical_form(new))) == differ
    before, after = _outcome(old), _outcome(new)
    # A change of one may go beyond a bound.
    if isinstance(before, Compiled) and isinstance(after, Compiled):
        names = {side["HyperParameterTuningJobName"] for side in (old, new)}
        assert bool(compare(before, after)) == (differ or len(names) == 2)


def _unnamed(request: dict[str, Any]) -> str:
    rest = {k: v for k, v in request.items() if k != "HyperParameterTuningJobName"}
    return json.dumps(canonical(rest), sort_keys=True)


def _shuffled(value: Any) -> Any:
    """The data with its keys in another order."""
    if isinstance(value, dict):
        return {key: _shuffled(value[key]) for key in reversed(value)}
    return [_shuffled(inner) for inner in value] if isinstance(value, list) else value


def _with_one_change(request: dict[str, Any], random: Random) -> dict[str, Any]:
    """A copy with one leaf replaced by a value of its type, or one list without its last item."""
    copy: dict[str, Any] = json.loads(json.dumps(request))
    places = list(_places(copy))
    holder, key = random.choice(places)
    value = holder[key]
    match value:
        case bool():
            holder[key] = not value
        case int() | float():
            holder[key] = value + 1
        case str():
            holder[key] = f"{value}x"
        case list() if len(value) > 1:
            value.pop()
    return copy


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every leaf and list that can change without breaking the shape; no enums."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        if isinstance(inner, (bool, int, float)) or key in _FREE:
            yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


_FREE = frozenset(
    ("MinValue", "MaxValue", "ValueHint", "MetricName", "Regex", "S3Uri", "RoleArn",
     "DefinitionName", "Name", "Key", "Value", "ContentType", "Tags", "InputDataConfig", "Values",
     "TrainingImage",
     "ChannelName", "HyperParameterTuningJobName", "MetricDefinitions", "AttributeNames")
)  # fmt: skip


def several(*jobs: str) -> str:
    """A patch that replaces SPEC's training job by several."""
    body = _read(SPEC)["training_job"]
    bodies = {name: merged(body, _read(patch or "{}")) for name, _, patch in map(_parted, jobs)}
    return json.dumps({"training_job": None, "training_jobs": bodies})


def _parted(text: str) -> tuple[str, str, str]:
    return text.partition(" ")


ALONE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1 on ml.m5.xlarge"
DEFINITIONS = [
    pytest.param(("a", "b"), ("b", "a"), {}, id="another order"),
    pytest.param(
        ("a", "b"),
        ("a", "b", "c"),
        {(Kind.DEFINITION_ADDED, "c"): ("", ALONE)},
        id="one added",
    ),
    pytest.param(
        ("a", "b"), ("a",), {(Kind.DEFINITION_REMOVED, "b"): (ALONE, "")}, id="one removed"
    ),
    pytest.param(
        ("a", "b {stopping: {max_runtime: 2h}}"),
        ("a", "c {stopping: {max_runtime: 2h}}"),
        {(Kind.DEFINITION_RENAMED, "c"): ("b", "c")},
        id="one renamed",
    ),
    pytest.param(
        ("a",),
        ("c {stopping: {max_runtime: 2h}}",),
        {
            (Kind.DEFINITION_RENAMED, "c"): ("a", "c"),
            (Kind.RUNTIME, "stopping.max_runtime"): ("1h", "2h"),
        },
        id="the only one renamed and changed",
    ),
    pytest.param(
        ("a", "b"),
        ("a", "b {hyperparameters: {gamma: {max: 8}}}"),
        {(Kind.RANGE_WIDENED, "gamma"): ("0 to 4", "0 to 8")},
        id="a range in one",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), DEFINITIONS)
def test_several_training_jobs(
    old: tuple[str, ...], new: tuple[str, ...], expected: dict[Any, Any], churn: Project
) -> None:
    changes = compare(compiled(several(*old), churn), compiled(several(*new), churn))
    assert {
        (change.kind, change.subject): (change.old, change.new) for change in changes
    } == expected
    assert all(change.training_job in ("b", "c") for change in changes)


def test_one_training_job_becomes_the_only_one_of_several(churn: Project) -> None:
    changes = compare(compiled("{}", churn), compiled(several("a"), churn))
    assert [(change.kind, change.old, change.new) for change in changes] == [
        (Kind.DEFINITION_RENAMED, "training_job", "a")
    ]


ROOT = ("training_job",)
READ = Statement(sid="Read", actions=("s3:GetObject",), resources=("x",), reason="r")


def read(*resources: str, **conditions: tuple[str, ...]) -> Statement:
    return replace(
        READ,
        resources=resources,
        conditions=tuple(
            Condition(operator="StringLike", key=key, values=values)
            for key, values in conditions.items()
        ),
    )


B, N = Kind.PERMISSIONS_BROADENED, Kind.PERMISSIONS_NARROWED
STATEMENTS = [
    pytest.param(read("x/a*"), read("x/a*"), [], id="the same"),
    pytest.param(read("x/a*", "y"), read("y", "x/a*"), [], id="another order"),
    pytest.param(read("x/a*"), replace(read("x/a*"), reason="else"), [], id="another reason"),
    pytest.param(read("x/a*"), replace(read("x/a*"), sid="Else"), [], id="another sid"),
    pytest.param(read("x/a*"), read("x/a*", "x/ab"), [], id="what it had already"),
    pytest.param(read("x/a*"), read("x/ab*"), [N], id="a longer prefix"),
    pytest.param(read("x/ab*"), read("x/a*"), [B], id="a shorter prefix"),
    pytest.param(read("x/a"), read("x/b"), [B], id="another resource"),
    pytest.param(read("x/a"), read("*"), [B], id="everything"),
    pytest.param(read("x/${*}"), read("x/a"), [B], id="a star that is a star"),
    pytest.param(read("x"), read("x", k=("a",)), [N], id="a condition"),
    pytest.param(read("x", k=("a",)), read("x"), [B], id="no condition"),
    pytest.param(read("x", k=("a",)), read("x", k=("a", "b")), [B], id="one more value"),
    pytest.param(read("x", k=("a*",)), read("x", k=("ab",)), [N], id="a narrower value"),
    pytest.param(read("x", k=("a",)), read("x", j=("a",)), [B], id="a condition on another key"),
    pytest.param(
        read("x"), replace(read("x"), actions=("s3:GetObject", "s3:PutObject")), [B], id="an action"
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), STATEMENTS)
def test_statements(old: Statement, new: Statement, expected: list[Kind]) -> None:
    assert _kinds(old, new) == expected
    assert bool(_kinds(new, old)) == bool(expected)


def _kinds(old: Statement, new: Statement) -> list[Kind]:
    changes = permission_changes([old], [new], old_place=lambda _: ROOT, new_place=lambda _: ROOT)
    return [change.kind for change in changes]


@pytest.mark.parametrize(
    ("old", "new", "growth"),
    [
        pytest.param(("0", "1"), ("0", "1e400000"), None, id="a width that no float holds"),
        pytest.param(("1", "1"), ("1", "2"), None, id="no width before"),
        pytest.param(("1", "2"), ("1", "1"), Growth(ratio=0.0), id="no width after"),
        pytest.param(("a", "1"), ("0", "1"), None, id="no number"),
        pytest.param(("nan", "1"), ("0", "1"), None, id="not a number"),
        pytest.param(("-inf", "1"), ("0", "1"), None, id="endless"),
    ],
)
def test_a_growth_that_is_unknown(
    old: tuple[str, str], new: tuple[str, str], growth: Growth | None
) -> None:
    before, after = ({"type": "Continuous", "min": low, "max": high} for low, high in (old, new))
    (change,) = hyperparameter_changes(before, after, ("training_job", "hyperparameters", "x"))
    assert change.growth == growth


def test_a_schedule_is_a_consequence(churn: Project) -> None:
    old, new = compiled("{}", churn), compiled("schedule: rate(1 day)", churn)
    sides = [
        Side(label=label, compiled=(outcome,)) for label, outcome in (("old", old), ("new", new))
    ]
    (spec,) = review(sides[0], sides[1]).specs
    assert spec.new_jobs == 0
    assert list(consequences(spec, str))[-1] == (
        "scheduled, rate(1 day), UTC: each run is a separate tuning job at that cost"
    )
    added = review(replace(sides[0], compiled=()), sides[1]).specs[0].changes
    assert [change.new.rpartition(", scheduled: ")[2] for change in added] == ["rate(1 day), UTC"]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (
            "{}",
            "warm-starts from the newest completed tuning job of trees when it is submitted",
        ),
        (
            "schedule: rate(1 day)",
            "warm-starts from the newest completed tuning job of trees at each start",
        ),
    ],
)
def test_the_newest_run_is_a_consequence(on: str, expected: str, churn: Project) -> None:
    patch = "warm_start: {type: TransferLearning, parents: [latest(trees)]}"
    old, new = compiled("{}", churn, on), compiled(patch, churn, on)
    sides = [
        Side(label=label, compiled=(outcome,)) for label, outcome in (("old", old), ("new", new))
    ]
    (spec,) = review(sides[0], sides[1]).specs
    assert f"{expected}; without one until its first run" in list(consequences(spec, str))


def test_a_change_that_the_newest_run_does_not_allow_is_a_consequence(churn: Project) -> None:
    warm = "warm_start: {type: TransferLearning, parents: [latest(trees)]}"
    old = compiled("{}", churn, warm)
    new = compiled(tuned("alpha: {type: Continuous, min: 0, max: 1}"), churn, warm)
    sides = [
        Side(label=label, compiled=(outcome,)) for label, outcome in (("old", old), ("new", new))
    ]
    (spec,) = review(sides[0], sides[1]).specs
    assert (
        "warm-starts from the newest completed tuning job of trees when it is submitted; "
        "AWS rejects a run of the old version: the parent `latest(trees)` has no hyperparameter "
        "`alpha`"
    ) in list(consequences(spec, str))

"""Requests that AWS is known to accept, so hptc must not report errors.

Each is minimal and in the API's own form. They come from suites that run against the service (the
Terraform provider's, the ACK controller's, the SageMaker SDK's), from AWS's notebooks and from its
documentation. Warnings are allowed here, errors are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hptc.catalog.images import image_uri
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_paths, compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from tests.support.paths import ROOT

Json = dict[str, Any]

ROLE = "arn:aws:iam::123456789012:role/tuning"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
OWN_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"
FRAMEWORK = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
MXNET = f"{FRAMEWORK}/mxnet-training:1.9.0-gpu-py38-cu112-ubuntu20.04-sagemaker"
PYTORCH = f"{FRAMEWORK}/pytorch-training:2.0.0-cpu-py310-ubuntu20.04-sagemaker"


def built_in(name: str, version: str = "1") -> str:
    uri = image_uri(name, version, "us-east-1")
    assert isinstance(uri, str), uri
    return uri


KMEANS = built_in("kmeans")
XGBOOST = built_in("xgboost", "1.7-1")


def integer(name: str, low: int, high: int, **more: str) -> Json:
    return {
        "IntegerParameterRanges": [{"Name": name, "MinValue": f"{low}", "MaxValue": f"{high}"}
                                   | more]
    }  # fmt: skip


def continuous(name: str, low: str, high: str, **more: str) -> Json:
    return {"ContinuousParameterRanges": [{"Name": name, "MinValue": low, "MaxValue": high} | more]}


def choice(name: str, *values: str) -> Json:
    return {"CategoricalParameterRanges": [{"Name": name, "Values": list(values)}]}


def hints(**values: str) -> Json:
    return {"AutoParameters": [{"Name": n, "ValueHint": v} for n, v in values.items()]}


def ranges(*parts: Json) -> Json:
    """Ranges of several hyperparameters as one ParameterRanges; unused kinds are empty lists."""
    kinds = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
    joined: Json = {kind: [] for kind in kinds}
    for part in parts:
        for kind, entries in part.items():
            joined[kind] = [*joined.get(kind, []), *entries]
    return joined


def objective(metric: str, type: str) -> Json:
    return {"MetricName": metric, "Type": type}


def s3_channel(name: str, s3: Json | None = None, **more: Any) -> Json:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://example/{name}/", **(s3 or {})}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **more}


def algorithm(image: str, mode: str = "File", **metrics: str) -> Json:
    definitions = [{"Name": name, "Regex": regex} for name, regex in metrics.items()]
    return {
        "TrainingImage": image,
        "TrainingInputMode": mode,
        **({"MetricDefinitions": definitions} if definitions else {}),
    }


def algorithm_name(name: str) -> Json:
    return {"AlgorithmName": name, "TrainingInputMode": "File"}


def machine(type: str = "ml.m5.large", count: int = 1, volume: int | None = 30) -> Json:
    size = {"VolumeSizeInGB": volume} if volume is not None else {}
    return {"InstanceType": type, "InstanceCount": count, **size}


def definition(uses: Json, *, channels: Iterable[str] = ("train",), **members: Any) -> Json:
    """A training job definition; a member that is None is left out."""
    whole = {
        "AlgorithmSpecification": uses,
        "RoleArn": ROLE,
        "InputDataConfig": [s3_channel(name) for name in channels],
        "OutputDataConfig": {"S3OutputPath": "s3://example/output/"},
        "ResourceConfig": machine(),
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **members,
    }
    return {member: value for member, value in whole.items() if value is not None}


def single(
    what: Json, goal: Json, over: Json, *, strategy: str = "Bayesian", jobs: int | None = 2,
    parallel: int = 1, config: Json | None = None, **members: Any,
) -> Json:  # fmt: skip
    """A tuning job with one algorithm."""
    return _request(
        {"HyperParameterTuningJobObjective": goal, "ParameterRanges": over, **(config or {})},
        strategy, jobs, parallel, {"TrainingJobDefinition": what, **members},
    )  # fmt: skip


def several(
    *definitions: Json, strategy: str = "Bayesian", jobs: int | None = 2, parallel: int = 1,
    config: Json | None = None, **members: Any,
) -> Json:  # fmt: skip
    """A tuning job with several algorithms, whose definitions set name, objective and ranges."""
    return _request(
        config or {}, strategy, jobs, parallel,
        {"TrainingJobDefinitions": list(definitions), **members},
    )  # fmt: skip


def _request(config: Json, strategy: str, jobs: int | None, parallel: int, rest: Json) -> Json:
    number = {"MaxNumberOfTrainingJobs": jobs} if jobs is not None else {}
    limits = {**number, "MaxParallelTrainingJobs": parallel}
    return {
        "HyperParameterTuningJobName": "accepted",
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy, "ResourceLimits": limits, **config,
        },
        **rest,
    }  # fmt: skip


def one_of_several(name: str, uses: Json, goal: Json, over: Json, **members: Any) -> Json:
    return definition(
        uses, DefinitionName=name, TuningObjective=goal, HyperParameterRanges=over, **members
    )


def kmeans(over: Json | None = None, **members: Any) -> Json:
    """The small tuning job that most test suites start from."""
    definition_members = {
        member: members.pop(member) for member in list(members) if member in _OF_DEFINITION
    }
    channels = members.pop("channels", ("train", "test"))
    return single(
        definition(algorithm(KMEANS), channels=channels, **definition_members),
        objective("test:msd", "Minimize"),
        over or ranges(integer("extra_center_factor", 4, 10)),
        **members,
    )


_OF_DEFINITION = (
    *("AlgorithmSpecification", "CheckpointConfig", "DefinitionName", "Environment"),
    *("EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"),
    *("EnableNetworkIsolation", "HyperParameterTuningResourceConfig", "InputDataConfig"),
    *("OutputDataConfig", "ResourceConfig", "RetryStrategy", "StaticHyperParameters"),
    *("StoppingCondition", "VpcConfig"),
)


def own(over: Json | None = None, *, metric: str = "loss", **members: Any) -> Json:
    """The same with an image of the user's."""
    uses = {
        "AlgorithmSpecification": algorithm(OWN_IMAGE, **{metric: f"{metric}=([0-9.]+)"}),
        **members,
    }
    job_request = kmeans(over or ranges(continuous("rate", "0.1", "0.5")), **uses)
    job_request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"] = objective(
        metric, "Minimize"
    )
    return job_request


def config(**members: Any) -> Json:
    return {"config": members}


def warm_start(kind: str, *parents: str) -> Json:
    names = [{"HyperParameterTuningJobName": parent} for parent in parents]
    return {"WarmStartType": kind, "ParentHyperParameterTuningJobs": names}


HYPERBAND: Json = {"HyperbandStrategyConfig": {"MaxResource": 9, "MinResource": 1}}
AUTOTUNE = {"Mode": "Enabled"}
VPC = {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]}
FLEXIBLE: Json = {
    "AllocationStrategy": "Prioritized",
    "InstanceConfigs": [machine("ml.m5.large"), machine("ml.m4.xlarge")],
}
EVERY_CRITERION: Json = {
    "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3},
    "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"},
    "TargetObjectiveMetricValue": 0.95,
}
SPOT: Json = {
    "StoppingCondition": {"MaxRuntimeInSeconds": 3500, "MaxWaitTimeInSeconds": 3500},
    "EnableManagedSpotTraining": True,
    "RetryStrategy": {"MaximumRetryAttempts": 3},
    "CheckpointConfig": {"S3Uri": "s3://example/checkpoints/"},
    "VpcConfig": VPC,
    "EnableNetworkIsolation": True,
    "EnableInterContainerTrafficEncryption": True,
}
FM = one_of_several(
    "fm",
    algorithm(built_in("factorization-machines")),
    objective("test:rmse", "Minimize"),
    ranges(
        integer("epochs", 1, 20),
        integer("mini_batch_size", 100, 500),
        continuous("factors_lr", "0.0001", "1"),
    ),
    channels=("train", "test"),
    StaticHyperParameters={
        "feature_dim": "784", "num_factors": "10", "predictor_type": "regressor",
    },
)  # fmt: skip
KNN = one_of_several(
    "knn",
    algorithm(built_in("knn")),
    objective("test:mse", "Minimize"),
    ranges(integer("sample_size", 40, 550), integer("k", 1, 20)),
    channels=("train", "test"),
    StaticHyperParameters={"feature_dim": "784", "predictor_type": "regressor"},
)


def xgboost(**members: Any) -> Json:
    static = {"objective": "binary:logistic", **members.pop("static", {})}
    return definition(
        algorithm(XGBOOST),
        channels=("train", "validation"),
        StaticHyperParameters=static,
        **members,
    )


def auc(name: str, over: Json, **members: Any) -> Json:
    return xgboost(
        DefinitionName=name,
        TuningObjective=objective("validation:auc", "Maximize"),
        HyperParameterRanges=over,
        **members,
    )


ETA = continuous("eta", "0", "1")
ROUNDS = {"num_round": "100"}

KNOWN: dict[str, Json] = {
    # aws-controllers-k8s/sagemaker-controller, test/e2e/resources/xgboost_hpojob.yaml
    "ack-xgboost": single(
        xgboost(EnableNetworkIsolation=True),
        objective("validation:error", "Minimize"),
        ranges(integer("num_round", 10, 20, ScalingType="Linear")),
        parallel=2,
        config={"TrainingJobEarlyStoppingType": "Auto"},
    ),
    # hashicorp/terraform-provider-aws, hyper_parameter_tuning_job_test.go
    "terraform-kmeans-random": kmeans(strategy="Random"),
    "terraform-kmeans-bayesian": kmeans(),
    "terraform-kmeans-early-stopping": kmeans(**config(TrainingJobEarlyStoppingType="Auto")),
    "terraform-hyperband": kmeans(
        ranges(integer("epochs", 1, 10)), strategy="Hyperband", **config(StrategyConfig=HYPERBAND)
    ),
    "terraform-autotune": kmeans(Autotune=AUTOTUNE),
    "terraform-completion": kmeans(
        jobs=4, **config(TuningJobCompletionCriteria=EVERY_CRITERION)
    ),
    "terraform-spot": kmeans(
        **SPOT,
        OutputDataConfig={"S3OutputPath": "s3://example/output/", "KmsKeyId": KEY},
        ResourceConfig=machine() | {"VolumeKmsKeyId": KEY},
    ),
    "terraform-instance-configs": kmeans(
        ResourceConfig=None, HyperParameterTuningResourceConfig=FLEXIBLE
    ),
    "terraform-two-definitions-two-forms-of-resources": several(
        *(
            one_of_several(
                name, algorithm(KMEANS), objective("test:msd", "Minimize"),
                ranges(integer("extra_center_factor", 4, 10)), channels=("train", "test"), **form,
            )
            for name, form in (
                ("first", {}),
                ("second", {"ResourceConfig": None,
                            "HyperParameterTuningResourceConfig": machine()}),
            )
        )
    ),
    "terraform-algorithm-name-without-inputs": kmeans(
        AlgorithmSpecification=algorithm_name("my-algorithm"),
        InputDataConfig=None,
        Tags=[{"Key": "key1", "Value": "value1"}],
    ),
    "terraform-attribute-names-of-a-prefix": kmeans(
        InputDataConfig=[s3_channel("train", {"AttributeNames": ["source", "label"]})]
    ),
    "terraform-shuffle-in-file-mode": kmeans(
        InputDataConfig=[s3_channel("train", ShuffleConfig={"Seed": 1})]
    ),
    "terraform-neither-compressed-nor-wrapped-in-file-mode": kmeans(
        InputDataConfig=[
            s3_channel("train", CompressionType="None", RecordWrapperType="None", InputMode="File")
        ]
    ),
    "terraform-pending-time": kmeans(
        StoppingCondition={"MaxRuntimeInSeconds": 3600, "MaxPendingTimeInSeconds": 7200}
    ),
    "terraform-output-compression": kmeans(
        OutputDataConfig={"S3OutputPath": "s3://example/output/", "CompressionType": "GZIP"}
    ),
    # aws/sagemaker-python-sdk, tests/integ
    "sdk-kmeans": kmeans(
        ranges(
            integer("extra_center_factor", 1, 10),
            integer("mini_batch_size", 10, 100),
            choice("init_method", "kmeans++", "random"),
        ),
        StaticHyperParameters={"k": "10", "feature_dim": "784"},
    ),
    "sdk-as-many-values-as-training-jobs": kmeans(
        ranges(integer("epochs", 1, 2)), StaticHyperParameters={"k": "10", "feature_dim": "784"}
    ),
    "sdk-mxnet-autotune-without-ranges": single(
        definition(
            algorithm(MXNET, **{"Validation-accuracy": "Validation-accuracy=([0-9.]+)"}),
            StaticHyperParameters={"sagemaker_program": '"mnist.py"'},
            ResourceConfig=machine("ml.p3.2xlarge"),
        ),
        objective("Validation-accuracy", "Maximize"),
        ranges(hints(**{"learning-rate": "0.05"})),
        Autotune=AUTOTUNE,
    ),
    "sdk-factorization-machines-and-knn": several(FM, KNN),
    "sdk-warm-start-transfer": kmeans(
        WarmStartConfig=warm_start("TransferLearning", "first", "second")
    ),
    "sdk-warm-start-identical": kmeans(
        WarmStartConfig=warm_start("IdenticalDataAndAlgorithm", "first", "second")
    ),
    "sdk-lda-early-stopping": single(
        definition(
            algorithm(built_in("lda")),
            channels=("train", "test"),
            StaticHyperParameters={
                "num_topics": "10", "feature_dim": "25", "mini_batch_size": "100",
            },
        ),
        objective("test:pwll", "Maximize"),
        ranges(continuous("alpha0", "1.0", "10.0")),
        config={"TrainingJobEarlyStoppingType": "Auto"},
    ),
    # aws/amazon-sagemaker-examples, model_tuning_for_distributed_training
    "notebook-xgboost-hyperband": single(
        xgboost(),
        objective("validation:auc", "Maximize"),
        ranges(integer("num_round", 1, 30), ETA),
        strategy="Hyperband",
        jobs=20,
        parallel=4,
        config={
            "StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 30, "MinResource": 1}},
            "TrainingJobEarlyStoppingType": "Off",
        },
    ),
    # A recorded Describe response.
    "described-one-definition-of-several": several(
        auc("xgb", ranges(ETA), static=ROUNDS), jobs=20, parallel=3
    ),
    "continuous-from-zero": single(
        xgboost(static=ROUNDS),
        objective("validation:auc", "Maximize"),
        ranges(continuous("eta", "0", "1", ScalingType="Auto")),
    ),
    "continuous-scientific-and-decimal": single(
        xgboost(static=ROUNDS),
        objective("validation:auc", "Maximize"),
        ranges(continuous("eta", "1e-05", "1"), continuous("alpha", "0.0", "1e-1")),
    ),
}  # fmt: skip

HRC_OF_ONE = {"AllocationStrategy": "Prioritized", "InstanceConfigs": [machine()]}
OUTPUT: Json = {"S3OutputPath": "s3://example/output/"}

ROWS: dict[str, Json] = {
    "N08-definition-name-of-a-single-definition": kmeans(DefinitionName="only"),
    "X09-other-metrics-in-each-definition": several(FM, KNN),
    "X10-one-definition-in-the-list": several(auc("xgb", ranges(ETA), static=ROUNDS)),
    "X15-hyperband-of-several": several(
        *(
            one_of_several(
                name, algorithm(OWN_IMAGE, loss="loss=([0-9.]+)"), objective("loss", "Minimize"),
                ranges(ETA), StaticHyperParameters={"epochs": "9"},
            )
            for name in ("one", "two")
        ),
        strategy="Hyperband",
        jobs=9,
    ),
    "X15-grid-of-several": several(
        *(
            one_of_several(
                name, algorithm(OWN_IMAGE, loss=r"loss=(\S+)"), objective("loss", "Minimize"),
                ranges(choice("optimizer", "sgd", "adam")),
            )
            for name in ("one", "two")
        ),
        strategy="Grid",
        jobs=None,
    ),
    "S10-hyperband-tunes-its-resource": kmeans(
        ranges(integer("epochs", 1, 10)), strategy="Hyperband", **config(StrategyConfig=HYPERBAND)
    ),
    "S10-hyperband-with-more-than-the-epochs": own(
        strategy="Hyperband",
        StaticHyperParameters={"epochs": "3"},
        **config(StrategyConfig=HYPERBAND),
    ),
    "S15-random-and-parallel": own(strategy="Random", jobs=100, parallel=10),
    "S17-seed-of-bayesian": own(**config(RandomSeed=0)),
    "S17-seed-of-random": own(strategy="Random", **config(RandomSeed=2147483647)),
    "S17-seed-of-hyperband": own(
        strategy="Hyperband", **config(RandomSeed=7, StrategyConfig=HYPERBAND)
    ),
    "S17-seed-of-grid": own(
        ranges(choice("optimizer", "sgd", "adam")), strategy="Grid", **config(RandomSeed=7)
    ),
    "P10-automatic-scale-from-zero": own(ranges(continuous("rate", "0", "1", ScalingType="Auto"))),
    "P10-linear-scale-below-zero": own(
        ranges(continuous("init", "-1.0", "1.0", ScalingType="Linear"))
    ),
    "P10-integers-below-zero": own(ranges(integer("shift", -5, 5, ScalingType="Linear"))),
    "P11-no-scaling": own(ranges(integer("depth", 1, 9), continuous("rate", "0.1", "0.5"))),
    "P13-one-name-in-two-definitions": several(
        *(auc(name, ranges(ETA), static=ROUNDS) for name in ("one", "two"))
    ),
    "P15-empty-lists": own(
        {
            "IntegerParameterRanges": [],
            "CategoricalParameterRanges": [],
            **continuous("rate", "0.1", "0.5"),
        }
    ),
    "P20-wider-than-recommended-kmeans": kmeans(
        ranges(integer("mini_batch_size", 10, 100), integer("extra_center_factor", 1, 10))
    ),
    "P20-wider-than-recommended-knn": several(KNN),
    "A04-autotune-beside-everything": kmeans(
        Autotune=AUTOTUNE, jobs=10, parallel=2, **config(TrainingJobEarlyStoppingType="Auto")
    ),
    "A05-autotune-alone": own(ranges(hints(rate="0.1")), Autotune=AUTOTUNE),
    "A10-autotune-of-several": several(
        auc("one", ranges(hints(eta="0.3")), static=ROUNDS),
        auc("two", ranges(hints(eta="0.1")), static=ROUNDS),
        Autotune=AUTOTUNE,
    ),
    "M16-early-stopping-of-an-unlisted-algorithm": kmeans(
        **config(TrainingJobEarlyStoppingType="Auto")
    ),
    "I01-no-inputs": own(InputDataConfig=None),
    "I07-compression-none-in-file-mode": own(
        InputDataConfig=[s3_channel("train", CompressionType="None", InputMode="File")]
    ),
    "I07-compression-none-in-fast-file-mode": own(
        InputDataConfig=[s3_channel("train", CompressionType="None", InputMode="FastFile")]
    ),
    "I12-attribute-names-of-a-prefix": own(
        InputDataConfig=[s3_channel("train", {"AttributeNames": ["source-ref"]})]
    ),
    "I12-attribute-names-of-a-manifest": own(
        InputDataConfig=[
            s3_channel(
                "train",
                {"S3DataType": "ManifestFile", "S3Uri": "s3://example/train.manifest",
                 "AttributeNames": ["source-ref"]},
            )
        ]
    ),
    "I21-instance-groups-of-a-channel-alone": own(
        InputDataConfig=[s3_channel("train", {"InstanceGroupNames": ["workers"]})]
    ),
    "I22-shuffle-in-file-mode": own(
        InputDataConfig=[s3_channel("train", ShuffleConfig={"Seed": 7}, InputMode="File")]
    ),
    "O02-key-id": own(OutputDataConfig=OUTPUT | {"KmsKeyId": KEY}),
    "O02-key-arn": own(
        OutputDataConfig=OUTPUT | {"KmsKeyId": f"arn:aws:kms:us-east-1:123456789012:key/{KEY}"}
    ),
    "O02-alias": own(OutputDataConfig=OUTPUT | {"KmsKeyId": "alias/tuning"}),
    "O02-alias-arn": own(
        OutputDataConfig=OUTPUT | {"KmsKeyId": "arn:aws:kms:us-east-1:123456789012:alias/tuning"}
    ),
    "O05-output-gzip": own(OutputDataConfig=OUTPUT | {"CompressionType": "GZIP"}),
    "O05-output-uncompressed": own(OutputDataConfig=OUTPUT | {"CompressionType": "NONE"}),
    "O09-checkpoint-without-spot": own(CheckpointConfig={"S3Uri": "s3://example/checkpoints/"}),
    "R04-one-instance-config": own(
        ResourceConfig=None, HyperParameterTuningResourceConfig=HRC_OF_ONE
    ),
    "R07-instance-configs-of-other-types": own(
        ResourceConfig=None, HyperParameterTuningResourceConfig=FLEXIBLE
    ),
    "R10-no-instance-count": own(
        ResourceConfig={"InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    ),
    "R19-volume-as-large-as-the-local-storage": own(
        ResourceConfig=machine("ml.g4dn.xlarge", volume=125)
    ),
    "R19-volume-as-large-as-the-local-storage-in-the-tuning-form": own(
        ResourceConfig=None,
        HyperParameterTuningResourceConfig=machine("ml.g4dn.xlarge", volume=125),
    ),
    "T08-spot-with-everything": own(**SPOT),
    "T08-spot-with-everything-of-a-built-in-algorithm": kmeans(**SPOT),
    "V08-isolated-built-in-algorithm": kmeans(EnableNetworkIsolation=True),
    "V10-encrypted-traffic-of-one-instance": own(EnableInterContainerTrafficEncryption=True),
    "W10-transfer-from-several": own(
        WarmStartConfig=warm_start("TransferLearning", "first", "second", "third")
    ),
    "W12-from-a-warm-started-parent": own(
        WarmStartConfig=warm_start("TransferLearning", "a-child-of-another")
    ),
    "K02-every-criterion": own(jobs=4, **config(TuningJobCompletionCriteria=EVERY_CRITERION)),
    "U02-environment-of-a-built-in-algorithm": kmeans(Environment={"LOG_LEVEL": "debug"}),
}  # fmt: skip

ACCEPTED_ROWS = (
    *("N08", "X09", "X10", "X15", "S10", "S15", "S17", "P10", "P11", "P13", "P15", "P20", "A04"),
    *("A05", "A10", "M16", "I01", "I07", "I12", "I21", "I22", "O02", "O05", "O09", "R04", "R07"),
    *("R10", "R19", "T08", "V08", "V10", "W10", "W12", "K02", "U02"),
)
"""The catalog's rows that say: accepted."""


def errors(compiled: Outcome) -> list[Diagnostic]:
    return [diagnostic for diagnostic in compiled.diagnostics if diagnostic.is_error]


def checked(request: Json) -> Outcome:
    return compile_text(json.dumps(request), "request.json", Workspace())


@pytest.mark.parametrize("request_", KNOWN.values(), ids=KNOWN)
def test_accepted_request_has_no_errors(request_: Json) -> None:
    assert errors(checked(request_)) == []


@pytest.mark.parametrize("request_", ROWS.values(), ids=ROWS)
def test_accepted_fact_has_no_errors(request_: Json) -> None:
    assert errors(checked(request_)) == []


def test_every_accepted_fact_has_a_case() -> None:
    assert {name.partition("-")[0] for name in ROWS} == set(ACCEPTED_ROWS)


def test_a_child_of_a_warm_started_parent(tmp_path: Path) -> None:
    # W12, with parents that hptc can read.
    (tmp_path / "hptc.yaml").write_text("project: accepted\nspecs: [.]\n", encoding="utf-8")
    for name, parents in (("first", []), ("second", ["first"]), ("third", ["second"])):
        (tmp_path / f"{name}.yaml").write_text(_spec(name, parents), encoding="utf-8")
    compiled = compile_paths([str(tmp_path)], Workspace())
    assert [errors(outcome) for outcome in compiled] == [[], [], []]


def _spec(name: str, parents: list[str]) -> str:
    warm = (
        f"warm_start: {{type: TransferLearning, parents: {json.dumps(parents)}}}\n"
        if parents
        else ""
    )
    return f"""\
name: {name}
strategy: Bayesian
limits: {{max_number_of_training_jobs: 4, max_parallel_training_jobs: 1, max_runtime: 1d}}
training_job:
  objective: {{metric_name: loss, type: Minimize}}
  hyperparameters:
    rate: {{type: Continuous, min: 0.1, max: 0.5}}
  algorithm: {{training_image: "{OWN_IMAGE}", metric_definitions: {{loss: "loss=([0-9.eE+-]+)"}}}}
  role_arn: {ROLE}
  output: {{s3_output_path: "s3://example/output/"}}
  resources: {{instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 30}}
  stopping: {{max_runtime: 1h}}
{warm}"""


@cache
def compiled_in(environment: str) -> tuple[Outcome, ...]:
    return tuple(compile_paths([str(ROOT)], Workspace(environment=environment)))


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_spec_of_this_repository(environment: str) -> None:
    compiled = compiled_in(environment)
    assert compiled
    assert {outcome.file: errors(outcome) for outcome in compiled if errors(outcome)} == {}

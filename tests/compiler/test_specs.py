"""The repository's own specs: what they compile to, and that AWS would take it.

The facts at the end are looked up in AWS's documentation, not in hptc: they hold whether or not the
compiler and its rules agree with them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.request import shapes
from tests.support.golden import Golden
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT

SPECS = sorted(path.stem for path in (ROOT / "specs").glob("*.yaml"))
ENVIRONMENTS = {"dev": "us-east-1", "prod": "eu-west-1"}

every_spec = pytest.mark.parametrize("name", SPECS)
every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def compile_all(environment: str) -> dict[str, Compiled]:
    outcomes = compile_paths([str(ROOT)], Workspace(environment=environment))
    return {Path(outcome.file).stem: outcome for outcome in all_succeeded(outcomes)}


compiled_in = cache(compile_all)


def request_of(environment: str, name: str) -> dict[str, Any]:
    return compiled_in(environment)[name].request


def as_text(request: Any) -> str:
    return json.dumps(request, indent=2, ensure_ascii=False) + "\n"


def test_a_file_is_named_by_its_spec() -> None:
    names = {file: outcome.name for file, outcome in compiled_in("dev").items()}
    assert names == {name: name for name in SPECS}


@every_environment
@every_spec
def test_request(environment: str, name: str, golden: Golden) -> None:
    assert compiled_in(environment)[name].diagnostics == ()
    golden(f"requests/{environment}/{name}.json", as_text(request_of(environment, name)))


def test_no_golden_request_is_left_over() -> None:
    folder = ROOT / "tests" / "golden" / "requests"
    assert {(path.parent.name, path.stem) for path in folder.rglob("*.json")} == {
        (environment, name) for environment in ENVIRONMENTS for name in SPECS
    }


@every_environment
def test_compiling_twice_gives_the_same_bytes(environment: str) -> None:
    first, second = compile_all(environment), compile_all(environment)
    assert [as_text(outcome.request) for outcome in first.values()] == [
        as_text(outcome.request) for outcome in second.values()
    ]


def test_no_two_tuning_jobs_share_a_name() -> None:
    names = [
        request_of(environment, name)["HyperParameterTuningJobName"].lower()
        for environment in ENVIRONMENTS
        for name in SPECS
    ]
    assert len(set(names)) == len(names)


@every_environment
def test_every_parent_of_a_warm_start_is_a_spec(environment: str) -> None:
    jobs = {request_of(environment, name)["HyperParameterTuningJobName"] for name in SPECS}
    parents = {
        parent["HyperParameterTuningJobName"]
        for name in SPECS
        for parent in request_of(environment, name)
        .get("WarmStartConfig", {})
        .get("ParentHyperParameterTuningJobs", ())
    }
    assert parents
    assert parents <= jobs


# How much of the API the specs use. A single definition's place and that of one among several are
# one leaf.

UNUSED = {
    # Ignored in tuning jobs.
    "definition.ResourceConfig.KeepAlivePeriodInSeconds",
    # Reserved capacity and UltraServers: contracts that an example can't have.
    "definition.ResourceConfig.InstancePlacementConfig.EnableMultipleJobs",
    "definition.ResourceConfig.InstancePlacementConfig.PlacementSpecifications.[].InstanceCount",
    "definition.ResourceConfig.InstancePlacementConfig.PlacementSpecifications.[].UltraServerId",
    "definition.ResourceConfig.InstancePreferences.[].InstanceCount",
    "definition.ResourceConfig.InstancePreferences.[].InstanceType",
    "definition.ResourceConfig.InstancePreferences.[].TrainingPlanArns.[]",
    "definition.ResourceConfig.SelectedInstanceCount",
    "definition.ResourceConfig.SelectedInstanceType",
    "definition.ResourceConfig.TrainingPlanArn",
    # Models and datasets of SageMaker hubs: no documented tuning job uses them.
    "definition.InputDataConfig.[].DataSource.DatasetSource.DatasetArn",
    "definition.InputDataConfig.[].DataSource.S3DataSource.HubAccessConfig.HubContentArn",
    "definition.InputDataConfig.[].DataSource.S3DataSource.ModelAccessConfig.AcceptEula",
}


def leaf(path: Sequence[str | int]) -> str:
    text = ".".join(map(str, path))
    for several, single in (
        ("TrainingJobDefinitions.[].TuningObjective", "objective"),
        ("TrainingJobDefinitions.[].HyperParameterRanges", "ranges"),
        ("TrainingJobDefinitions.[]", "definition"),
        ("HyperParameterTuningJobConfig.HyperParameterTuningJobObjective", "objective"),
        ("HyperParameterTuningJobConfig.ParameterRanges", "ranges"),
        ("TrainingJobDefinition.TuningObjective", "objective"),
        ("TrainingJobDefinition.HyperParameterRanges", "ranges"),
        ("TrainingJobDefinition.", "definition."),
    ):
        if text.startswith(several):
            return single + text[len(several) :]
    return text


def leaves_in(value: Any, shape: shapes.Shape, path: tuple[str, ...] = ()) -> Iterator[str]:
    if shape.type == "structure":
        for name, inner in value.items():
            yield from leaves_in(inner, shape.members[name], (*path, name))
    elif shape.item is not None:
        for inner in value if isinstance(value, list) else value.values():
            yield from leaves_in(inner, shape.item, (*path, "[]" if shape.type == "list" else "{}"))
    else:
        yield leaf(path)


def test_the_specs_use_the_api_but_for_what_is_named_here() -> None:
    known = {leaf(path) for path, _ in shapes.leaves()}
    used = {
        in_request
        for name in SPECS
        for in_request in leaves_in(request_of("prod", name), shapes.input_shape())
    }
    assert known - used == UNUSED
    assert len(used) >= 0.85 * len(known)


# Facts of AWS that nothing here takes from hptc.

FIRST_PARTY = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/common-info-all-im-models.html
    "factorization-machines", "forecasting-deepar", "image-classification", "kmeans", "knn",
    "linear-learner", "object-detection", "sagemaker-xgboost",
}  # fmt: skip

DIRECTIONS = {
    # The tuning page of each algorithm.
    ("sagemaker-xgboost", "validation:auc"): "Maximize",
    ("sagemaker-xgboost", "validation:rmse"): "Minimize",
    ("linear-learner", "validation:roc_auc_score"): "Maximize",
    ("image-classification", "validation:accuracy"): "Maximize",
    ("object-detection", "validation:mAP"): "Maximize",
    ("forecasting-deepar", "test:RMSE"): "Minimize",
    ("kmeans", "test:msd"): "Minimize",
}

TUNABLES = {
    "sagemaker-xgboost": {
        "alpha": "Continuous", "colsample_bylevel": "Continuous", "colsample_bynode": "Continuous",
        "colsample_bytree": "Continuous", "eta": "Continuous", "gamma": "Continuous",
        "lambda": "Continuous", "max_delta_step": "Integer", "max_depth": "Integer",
        "min_child_weight": "Continuous", "num_round": "Integer", "subsample": "Continuous",
    },
    "linear-learner": {
        "wd": "Continuous", "l1": "Continuous", "learning_rate": "Continuous",
        "mini_batch_size": "Integer", "use_bias": "Categorical",
        "positive_example_weight_mult": "Continuous",
    },
    "image-classification": {
        "learning_rate": "Continuous", "mini_batch_size": "Integer", "momentum": "Continuous",
        "optimizer": "Categorical", "weight_decay": "Continuous",
    },
    "object-detection": {
        "learning_rate": "Continuous", "mini_batch_size": "Integer", "momentum": "Continuous",
        "optimizer": "Categorical", "weight_decay": "Continuous",
    },
    "forecasting-deepar": {
        "epochs": "Integer", "context_length": "Integer", "mini_batch_size": "Integer",
        "learning_rate": "Continuous", "num_cells": "Integer", "num_layers": "Integer",
        "dropout_rate": "Continuous", "embedding_dimension": "Integer",
    },
    "kmeans": {
        "epochs": "Integer", "extra_center_factor": "Integer", "init_method": "Categorical",
        "mini_batch_size": "Integer",
    },
}  # fmt: skip

REQUIRED = {
    "sagemaker-xgboost": {"num_round"},
    "linear-learner": {"predictor_type"},
    "image-classification": {"num_classes", "num_training_samples"},
    "object-detection": {"num_classes", "num_training_samples"},
    "forecasting-deepar": {"context_length", "epochs", "prediction_length", "time_freq"},
    "kmeans": {"feature_dim", "k"},
}

CHANNELS = {
    "sagemaker-xgboost": {"train", "validation"},
    "linear-learner": {"train", "validation"},
    "image-classification": {"train", "validation"},
    "object-detection": {"train", "validation"},
    "forecasting-deepar": {"train", "test"},
    "kmeans": {"train", "test"},
}

LOCAL_STORAGE = ("ml.g4dn.", "ml.g5.", "ml.g6.", "ml.p4d.", "ml.p5.", "ml.r5d.", "ml.trn1.")
HYPERBAND_RESOURCES = {"epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"}

RANGE_KINDS = {
    "IntegerParameterRanges": "Integer",
    "ContinuousParameterRanges": "Continuous",
    "CategoricalParameterRanges": "Categorical",
    "AutoParameters": "Auto",
}


class Definition:
    """One training job definition, with what the API keeps elsewhere for a single one."""

    def __init__(self, body: dict[str, Any], config: dict[str, Any]) -> None:
        self.body = body
        self.config = config
        self.objective = body.get("TuningObjective") or config["HyperParameterTuningJobObjective"]
        ranges = body.get("HyperParameterRanges") or config["ParameterRanges"]
        self.ranges = [
            (RANGE_KINDS[member], entry) for member, entries in ranges.items() for entry in entries
        ]
        self.static: dict[str, str] = body.get("StaticHyperParameters", {})
        self.channels: list[dict[str, Any]] = body.get("InputDataConfig", [])
        self.image: str = body["AlgorithmSpecification"].get("TrainingImage", "")
        self.repository = self.image.partition("/")[2].partition(":")[0]
        self.metrics = body["AlgorithmSpecification"].get("MetricDefinitions", [])

    @property
    def names(self) -> set[str]:
        return {range_["Name"] for _, range_ in self.ranges} | set(self.static)

    def mode(self, channel: dict[str, Any]) -> str:
        mode: str = channel.get(
            "InputMode", self.body["AlgorithmSpecification"]["TrainingInputMode"]
        )
        return mode

    def instances(self) -> Iterator[tuple[str, bool, bool]]:
        """Each instance type, whether it has a volume size, and whether it has a volume's key."""
        for member in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
            resources = self.body.get(member, {})
            key = "VolumeKmsKeyId" in resources
            for instance_config in resources.get(
                "InstanceConfigs", [resources] if resources else []
            ):
                for group in instance_config.get("InstanceGroups", [instance_config]):
                    yield group["InstanceType"], "VolumeSizeInGB" in instance_config, key


def definitions(request: dict[str, Any]) -> list[Definition]:
    config = request["HyperParameterTuningJobConfig"]
    bodies = request.get("TrainingJobDefinitions") or [request["TrainingJobDefinition"]]
    return [Definition(body, config) for body in bodies]


def first_party_algorithms_bring_metrics(definition: Definition) -> bool:
    if definition.repository in FIRST_PARTY:
        return not definition.metrics
    if not definition.image:  # an algorithm resource brings its own
        return not definition.metrics
    return definition.objective["MetricName"] in {metric["Name"] for metric in definition.metrics}


def metrics_are_captured(definition: Definition) -> bool:
    return all(re.compile(metric["Regex"]).groups == 1 for metric in definition.metrics)


def the_objective_has_the_algorithms_direction(definition: Definition) -> bool:
    if definition.repository not in FIRST_PARTY:
        return definition.objective["Type"] in ("Maximize", "Minimize")
    direction: str = definition.objective["Type"]
    return direction == DIRECTIONS[definition.repository, definition.objective["MetricName"]]


def only_tunables_are_tuned(definition: Definition) -> bool:
    known = TUNABLES.get(definition.repository)
    return known is None or all(
        range_["Name"] in known and kind in (known[range_["Name"]], "Auto")
        for kind, range_ in definition.ranges
    )


def runs_a_script(definition: Definition) -> bool:
    return "sagemaker_program" in definition.static


def nothing_required_is_missing(definition: Definition) -> bool:
    channels = {channel["ChannelName"] for channel in definition.channels}
    return REQUIRED.get(definition.repository, set()) <= definition.names and (
        CHANNELS.get(definition.repository, set()) <= channels or runs_a_script(definition)
    )


def a_name_is_static_or_tuned(definition: Definition) -> bool:
    tuned = [range_["Name"] for _, range_ in definition.ranges]
    return bool(tuned) and len(set(tuned)) == len(tuned) and not set(tuned) & set(definition.static)


def bounds_are_in_order_and_fit_their_scale(definition: Definition) -> bool:
    for kind, range_ in definition.ranges:
        if kind not in ("Integer", "Continuous"):
            continue
        low, high = float(range_["MinValue"]), float(range_["MaxValue"])
        scale = range_.get("ScalingType", "Auto")
        if not low < high or (scale == "Logarithmic" and low <= 0):
            return False
        if scale == "ReverseLogarithmic" and not (kind == "Continuous" and low >= 0 and high < 1):
            return False
    return True


def integers_are_whole(definition: Definition) -> bool:
    texts = [
        range_[bound]
        for kind, range_ in definition.ranges
        for bound in ("MinValue", "MaxValue")
        if kind == "Integer" and bound in range_
    ]
    return all(re.fullmatch(r"-?\d+", text) for text in texts)


def script_mode_values_are_json(definition: Definition) -> bool:
    if "sagemaker_program" not in definition.static:
        return True
    values = [
        *definition.static.values(),
        *(value for _, range_ in definition.ranges for value in range_.get("Values", ())),
    ]
    return all(json.loads(value) is not None for value in values)


def built_in_values_are_plain(definition: Definition) -> bool:
    return (
        definition.repository not in FIRST_PARTY
        or runs_a_script(definition)
        or not any(value.startswith(('"', "[", "{")) for value in definition.static.values())
    )


def instances_have_the_volume_they_need(definition: Definition) -> bool:
    instances = list(definition.instances())
    return bool(instances) and all(
        not size and not key if kind.startswith(LOCAL_STORAGE) else size
        for kind, size, key in instances
    )


def one_form_of_resources(definition: Definition) -> bool:
    return ("ResourceConfig" in definition.body) != (
        "HyperParameterTuningResourceConfig" in definition.body
    )


def waiting_goes_with_spot(definition: Definition) -> bool:
    stopping = definition.body["StoppingCondition"]
    wait = stopping.get("MaxWaitTimeInSeconds")
    if not definition.body.get("EnableManagedSpotTraining"):
        return wait is None
    return wait is not None and wait >= stopping["MaxRuntimeInSeconds"]


def file_systems_are_mounted_in_a_vpc(definition: Definition) -> bool:
    mounted = [
        channel
        for channel in definition.channels
        if "FileSystemDataSource" in channel["DataSource"]
    ]
    return all(
        "VpcConfig" in definition.body and definition.mode(channel) == "File" for channel in mounted
    )


def only_pipe_mode_wraps_and_unpacks(definition: Definition) -> bool:
    for channel in definition.channels:
        s3 = channel["DataSource"].get("S3DataSource", {})
        manifest = s3.get("S3DataType") == "AugmentedManifestFile"
        wraps = channel.get("RecordWrapperType") == "RecordIO"
        unpacks = channel.get("CompressionType") == "Gzip"
        if definition.mode(channel) != "Pipe" and (manifest or wraps or unpacks):
            return False
        if manifest and not s3.get("AttributeNames"):
            return False
    return True


def channels_go_to_groups_that_exist(definition: Definition) -> bool:
    groups = definition.body.get("ResourceConfig", {}).get("InstanceGroups", ())
    known = {group["InstanceGroupName"] for group in groups}
    requested = [
        set(channel["DataSource"].get("S3DataSource", {}).get("InstanceGroupNames", ()))
        for channel in definition.channels
    ]
    return not any(requested) or all(names and names <= known for names in requested)


def an_isolated_container_gets_its_code_as_a_channel(definition: Definition) -> bool:
    code = definition.static.get("sagemaker_submit_directory", "")
    return not definition.body.get("EnableNetworkIsolation") or "s3://" not in code


def algorithms_with_several_instances_can_share_work(definition: Definition) -> bool:
    alone = {"kmeans"}  # "Parallelizable: No"
    resources = (
        definition.body.get("ResourceConfig")
        or definition.body["HyperParameterTuningResourceConfig"]
    )
    return definition.repository not in alone or bool(resources["InstanceCount"] == 1)


FACTS: tuple[Callable[[Definition], bool], ...] = (
    first_party_algorithms_bring_metrics,
    metrics_are_captured,
    the_objective_has_the_algorithms_direction,
    only_tunables_are_tuned,
    nothing_required_is_missing,
    a_name_is_static_or_tuned,
    bounds_are_in_order_and_fit_their_scale,
    integers_are_whole,
    script_mode_values_are_json,
    built_in_values_are_plain,
    instances_have_the_volume_they_need,
    one_form_of_resources,
    waiting_goes_with_spot,
    file_systems_are_mounted_in_a_vpc,
    only_pipe_mode_wraps_and_unpacks,
    channels_go_to_groups_that_exist,
    an_isolated_container_gets_its_code_as_a_channel,
    algorithms_with_several_instances_can_share_work,
)


@every_environment
@every_spec
def test_facts_of_each_definition(environment: str, name: str) -> None:
    broken = [
        fact.__name__
        for definition in definitions(request_of(environment, name))
        for fact in FACTS
        if not fact(definition)
    ]
    assert broken == []


def a_grid_has_categories_only(request: dict[str, Any]) -> bool:
    kinds = {kind for definition in definitions(request) for kind, _ in definition.ranges}
    return strategy(request) != "Grid" or (
        kinds == {"Categorical"} and "MaxNumberOfTrainingJobs" not in limits(request)
    )


def hyperband_knows_its_resource(request: dict[str, Any]) -> bool:
    config = request["HyperParameterTuningJobConfig"]
    hyperband = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig")
    if strategy(request) != "Hyperband":
        return hyperband is None
    has_max_resource = "MaxResource" in (hyperband or {})
    inferred = all(
        HYPERBAND_RESOURCES & set(definition.static) for definition in definitions(request)
    )
    return config.get("TrainingJobEarlyStoppingType", "Off") == "Off" and (
        has_max_resource or inferred
    )


def jobs_are_counted(request: dict[str, Any]) -> bool:
    most = limits(request).get("MaxNumberOfTrainingJobs")
    if most is None:
        return strategy(request) == "Grid" or "Autotune" in request
    return 1 <= limits(request)["MaxParallelTrainingJobs"] <= min(10, most)


def finite_spaces_have_enough_points(request: dict[str, Any]) -> bool:
    points = 1
    for definition in definitions(request):
        for kind, range_ in definition.ranges:
            if kind in ("Continuous", "Auto"):
                return True
            points *= (
                len(range_["Values"]) if kind == "Categorical"
                else int(range_["MaxValue"]) - int(range_["MinValue"]) + 1
            )  # fmt: skip
    return points >= limits(request).get("MaxNumberOfTrainingJobs", 1)


def auto_parameters_need_autotune(request: dict[str, Any]) -> bool:
    auto = any(
        kind == "Auto" for definition in definitions(request) for kind, _ in definition.ranges
    )
    return not auto or request.get("Autotune") == {"Mode": "Enabled"}


def several_definitions_stand_alone(request: dict[str, Any]) -> bool:
    config = request["HyperParameterTuningJobConfig"]
    several = request.get("TrainingJobDefinitions")
    if several is None:
        body = request["TrainingJobDefinition"]
        return "TuningObjective" not in body and "HyperParameterRanges" not in body
    names = {definition["DefinitionName"] for definition in several}
    return (
        len(names) == len(several)
        and len({definition["TuningObjective"]["Type"] for definition in several}) == 1
        and not {"HyperParameterTuningJobObjective", "ParameterRanges"} & set(config)
        and not {"TrainingJobDefinition", "WarmStartConfig"} & set(request)
    )


def completion_can_come_before_the_limits(request: dict[str, Any]) -> bool:
    criteria = request["HyperParameterTuningJobConfig"].get("TuningJobCompletionCriteria", {})
    still = criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
    return still is None or 3 <= still < limits(request)["MaxNumberOfTrainingJobs"]


def tags_are_the_users(request: dict[str, Any]) -> bool:
    keys = [tag["Key"] for tag in request["Tags"]]
    return len(set(keys)) == len(keys) and not any(key.lower().startswith("aws:") for key in keys)


def strategy(request: dict[str, Any]) -> str:
    return str(request["HyperParameterTuningJobConfig"]["Strategy"])


def limits(request: dict[str, Any]) -> dict[str, int]:
    resource_limits: dict[str, int] = request["HyperParameterTuningJobConfig"]["ResourceLimits"]
    return resource_limits


SEARCH_FACTS: tuple[Callable[[dict[str, Any]], bool], ...] = (
    a_grid_has_categories_only,
    hyperband_knows_its_resource,
    jobs_are_counted,
    finite_spaces_have_enough_points,
    auto_parameters_need_autotune,
    several_definitions_stand_alone,
    completion_can_come_before_the_limits,
    tags_are_the_users,
)


@every_environment
@every_spec
def test_facts_of_each_tuning_job(environment: str, name: str) -> None:
    request = request_of(environment, name)
    assert [fact.__name__ for fact in SEARCH_FACTS if not fact(request)] == []


@cache
def boto_input() -> Any:
    model = botocore.session.Session().get_service_model("sagemaker")
    return model.operation_model("CreateHyperParameterTuningJob").input_shape


@every_environment
@every_spec
def test_boto3_would_send_it(environment: str, name: str) -> None:
    report = ParamValidator().validate(request_of(environment, name), boto_input())
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize(
    ("name", "us_east_1", "eu_west_1"),
    [
        # https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
        pytest.param(
            "direct-marketing-xgboost",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
            "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.7-1",
            id="xgboost",
        ),
        pytest.param(
            "housing-scikit-learn",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
            "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
            id="scikit-learn",
        ),
        pytest.param(
            "caltech-images",
            "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
            "685385470294.dkr.ecr.eu-west-1.amazonaws.com/image-classification:1",
            id="image-classification",
        ),
        pytest.param(
            "electricity-deepar",
            "522234722520.dkr.ecr.us-east-1.amazonaws.com/forecasting-deepar:1",
            "224300973850.dkr.ecr.eu-west-1.amazonaws.com/forecasting-deepar:1",
            id="deepar",
        ),
        pytest.param(
            "mnist-kmeans",
            "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1",
            "438346466558.dkr.ecr.eu-west-1.amazonaws.com/kmeans:1",
            id="kmeans",
        ),
        pytest.param(
            "mnist-pytorch",
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:"
            "2.5.1-gpu-py311-cu124-ubuntu22.04-sagemaker",
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:"
            "2.5.1-gpu-py311-cu124-ubuntu22.04-sagemaker",
            id="pytorch",
        ),
        pytest.param(
            "keras-own-image",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/keras-cifar10:candidate",
            "210987654321.dkr.ecr.eu-west-1.amazonaws.com/keras-cifar10:1.4",
            id="own",
        ),
    ],
)
def test_images_are_those_that_aws_publishes(name: str, us_east_1: str, eu_west_1: str) -> None:
    images = [definitions(request_of(environment, name))[0].image for environment in ENVIRONMENTS]
    assert images == [us_east_1, eu_west_1]


WARM_STARTED = ("caltech-images-refined", "caltech-images-augmented")
MAY_DIFFER = {
    # The service's own list for IdenticalDataAndAlgorithm.
    "AlgorithmSpecification", "InputDataConfig", "OutputDataConfig", "StaticHyperParameters",
    "RoleArn", "ResourceConfig", "StoppingCondition", "VpcConfig", "EnableManagedSpotTraining",
    "CheckpointConfig",
}  # fmt: skip


@every_environment
@pytest.mark.parametrize("name", WARM_STARTED)
def test_a_child_may_start_from_its_parents(environment: str, name: str) -> None:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
    jobs = {
        request_of(environment, spec)["HyperParameterTuningJobName"]: request_of(environment, spec)
        for spec in SPECS
    }
    request = request_of(environment, name)
    (child,) = definitions(request)
    for parent_name in request["WarmStartConfig"]["ParentHyperParameterTuningJobs"]:
        (parent,) = definitions(jobs[parent_name["HyperParameterTuningJobName"]])
        assert child.names == parent.names
        assert child.objective == parent.objective
        kinds = {range_["Name"]: kind for kind, range_ in parent.ranges}
        assert all(kinds.get(range_["Name"], kind) == kind for kind, range_ in child.ranges)
        if request["WarmStartConfig"]["WarmStartType"] == "IdenticalDataAndAlgorithm":
            differing = {
                member
                for member in {*child.body, *parent.body}
                if child.body.get(member) != parent.body.get(member)
            }
            assert differing <= MAY_DIFFER
            assert child.channels == parent.channels
            assert child.image == parent.image


def test_the_guide_lists_every_spec() -> None:
    guide = (ROOT / "docs" / "specs.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[`(.+?)`\]\(\.\./specs/\1\.yaml\) \|", guide, re.MULTILINE) == SPECS

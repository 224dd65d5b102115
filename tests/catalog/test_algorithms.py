"""The tables of built-in algorithms: metrics, tunable hyperparameters, channels and hardware."""

import json
import re
from importlib.resources import files

import pytest

from hptc.catalog import algorithms, images
from hptc.catalog.algorithms import Algorithm, Bounds, Condition

EVERY = [
    (name, version)
    for name in algorithms.algorithm_names()
    for version in (images.versions(name) or (None,))
]


def algorithm_named(name: str, version: str | None = None) -> Algorithm:
    algorithm = algorithms.algorithm(name, version)
    assert algorithm is not None
    return algorithm


def channels(algorithm: Algorithm) -> dict[str, bool]:
    return {"|".join(channel.names): channel.is_required for channel in algorithm.channels}


@pytest.mark.parametrize("name", images.algorithm_names())
def test_every_algorithm_with_an_image_is_in_the_table(name: str) -> None:
    assert algorithm_named(name).kind == "built_in"


def test_the_others_are_jumpstart() -> None:
    others = set(algorithms.algorithm_names()) - set(images.algorithm_names())
    assert others == {
        "autogluon-tabular",
        "catboost",
        "image-classification-tensorflow",
        "lightgbm",
        "object-detection-tensorflow",
        "tabtransformer",
        "text-classification-tensorflow",
    }
    assert {algorithm_named(name).kind for name in others} == {"jumpstart"}


def test_repository_name_is_accepted() -> None:
    assert algorithms.algorithm("sagemaker-xgboost", "1.7-1") == algorithm_named("xgboost", "1.7-1")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("kmean", id="misspelled"),
        pytest.param("pytorch-training", id="framework"),
        pytest.param("", id="empty"),
    ],
)
def test_unknown_name(name: str) -> None:
    assert algorithms.algorithm(name) is None


@pytest.mark.parametrize(
    ("name", "metric", "direction"),
    [
        pytest.param("kmeans", "test:msd", "Minimize", id="kmeans"),
        pytest.param("forecasting-deepar", "test:RMSE", "Minimize", id="deepar"),
        pytest.param("forecasting-deepar", "test:rmse", None, id="names-are-case-sensitive"),
        pytest.param("linear-learner", "validation:roc_auc_score", "Maximize", id="linear-learner"),
        pytest.param("object-detection", "validation:mAP", "Maximize", id="object-detection"),
        pytest.param("xgboost", "validation:auc", "Maximize", id="xgboost"),
        pytest.param("xgboost", "train:auc", None, id="xgboost-has-validation-metrics-only"),
        pytest.param("seq2seq", "validation:perplexity", "Minimize", id="seq2seq"),
        pytest.param("lightgbm", "binary_logloss", "Minimize", id="a-loss-is-minimized"),
        pytest.param("catboost", "MultiClass", "Minimize", id="another-loss"),
        pytest.param("pca", "test:mse", None, id="pca-has-none"),
    ],
)
def test_metrics(name: str, metric: str, direction: str | None) -> None:
    known_metric = algorithm_named(name).metric(metric)
    assert (known_metric and known_metric.direction) == direction


@pytest.mark.parametrize(
    ("metric", "version", "direction"),
    [
        pytest.param("validation:auc", "1", "Maximize", id="first"),
        pytest.param("validation:accuracy", "1", None, id="before-it-came"),
        pytest.param("validation:accuracy", "0.90-1", "Maximize", id="when-it-came"),
        pytest.param("validation:r2", "1.0-1", None, id="r2-before"),
        pytest.param("validation:r2", "1.2-1", "Maximize", id="r2-since"),
        pytest.param("validation:cox-nloglik", "0.90-2", "Maximize", id="nloglik-as-it-was"),
        pytest.param("validation:cox-nloglik", "1.0-1", "Minimize", id="nloglik-as-it-is"),
        pytest.param("validation:recall_micro", None, "Maximize", id="no-version-is-the-newest"),
        pytest.param("validation:recall_micro", "9.9-9", "Maximize", id="so-is-an-unknown-one"),
    ],
)
def test_metrics_of_a_version(metric: str, version: str | None, direction: str | None) -> None:
    known_metric = algorithm_named("xgboost", version).metric(metric)
    assert (known_metric and known_metric.direction) == direction


@pytest.mark.parametrize(
    ("name", "hyperparameter", "kinds", "recommended"),
    [
        pytest.param("kmeans", "mini_batch_size", ["Integer"], (3000, 15000), id="integer"),
        pytest.param("kmeans", "init_method", ["Categorical"], None, id="categorical"),
        pytest.param("linear-learner", "wd", ["Continuous"], (1e-7, 1), id="continuous"),
        pytest.param("factorization-machines", "epochs", ["Integer"], (1, 1000), id="epochs"),
        pytest.param("xgboost", "max_delta_step", ["Continuous", "Integer"], (0, 10), id="both"),
        pytest.param("blazingtext", "word_ngrams", ["Integer"], (1, 3), id="text"),
        pytest.param("seq2seq", "weight_init_scale", ["Continuous"], (-1, 3), id="negative"),
    ],
)
def test_tunables(
    name: str, hyperparameter: str, kinds: list[str], recommended: tuple[float, float] | None
) -> None:
    tunable = algorithm_named(name).tunable(hyperparameter)
    assert tunable is not None
    assert list(tunable.kinds) == kinds
    bounds = recommended and Bounds(minimum=recommended[0], maximum=recommended[1])
    assert tunable.recommended == bounds


@pytest.mark.parametrize("name", ["booster", "tree_method", "num_parallel_tree", "learning_rate"])
def test_only_documented_xgboost_hyperparameters_are_tunable(name: str) -> None:
    xgboost = algorithm_named("xgboost")
    assert xgboost.tunables_are_exhaustive
    assert xgboost.tunable(name) is None
    assert xgboost.hyperparameter(name) is not None


def test_only_xgboost_has_exhaustive_tunables() -> None:
    exhaustive = [
        name
        for name in algorithms.algorithm_names()
        if algorithm_named(name).tunables_are_exhaustive
    ]
    assert exhaustive == ["xgboost"]


def test_first_xgboost_version() -> None:
    first, newest = algorithm_named("xgboost", "1"), algorithm_named("xgboost", "3.2-0")
    assert (first.processors, newest.processors) == (("cpu",), ("cpu", "gpu"))
    assert (first.checkpoints, newest.checkpoints) == (False, True)
    assert first.tunable("colsample_bynode") is None
    assert newest.tunable("colsample_bynode") is not None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "xgboost", {"train": True, "validation": False, "code": False}, id="optional-channels"
        ),
        pytest.param("seq2seq", {"train": True, "validation": True, "vocab": True}, id="vocab"),
        pytest.param("lightgbm", {"train|training": True, "validation": False}, id="two-names"),
    ],
)
def test_channels(name: str, expected: dict[str, bool]) -> None:
    assert channels(algorithm_named(name)) == expected


@pytest.mark.parametrize(
    ("name", "input_modes", "processors", "is_single_instance"),
    [
        pytest.param("kmeans", ("File", "Pipe"), ("cpu", "gpu"), False, id="kmeans"),
        pytest.param("lda", ("File", "Pipe"), ("cpu",), True, id="lda"),
        pytest.param("seq2seq", ("File",), ("gpu",), True, id="seq2seq"),
        pytest.param("image-classification", ("File", "Pipe"), ("gpu",), False, id="images"),
        pytest.param("ipinsights", ("File",), ("cpu", "gpu"), False, id="ipinsights"),
    ],
)
def test_hardware(
    name: str,
    input_modes: tuple[str, ...],
    processors: tuple[str, ...],
    is_single_instance: bool,
) -> None:
    algorithm = algorithm_named(name)
    assert algorithm.input_modes == input_modes
    assert algorithm.processors == processors
    assert algorithm.is_single_instance == is_single_instance


def test_blazingtext_supports_several_instances_in_one_mode() -> None:
    condition = algorithm_named("blazingtext").multi_instance_when
    assert condition == Condition(hyperparameter="mode", values=("batch_skipgram",))
    assert condition.is_met({"mode": "batch_skipgram"})
    assert not condition.is_met({"mode": "supervised"})
    assert not condition.is_met({})


@pytest.mark.parametrize(
    ("name", "statics", "required"),
    [
        pytest.param("kmeans", {}, {"feature_dim", "k"}, id="always"),
        pytest.param("xgboost", {"objective": "binary:logistic"}, {"num_round"}, id="binary"),
        pytest.param(
            "xgboost", {"objective": "multi:softmax"}, {"num_round", "num_class"}, id="multiclass"
        ),
        pytest.param(
            "linear-learner",
            {"predictor_type": "multiclass_classifier"},
            {"predictor_type", "num_classes"},
            id="linear-learner",
        ),
        pytest.param("seq2seq", {}, set(), id="none"),
    ],
)
def test_required_hyperparameters(name: str, statics: dict[str, str], required: set[str]) -> None:
    assert {
        hyperparameter.name
        for hyperparameter in algorithm_named(name).required_hyperparameters
        if hyperparameter.when is None or hyperparameter.when.is_met(statics)
    } == required


def test_algorithms_with_checkpoints() -> None:
    assert {name for name in algorithms.algorithm_names() if algorithm_named(name).checkpoints} == {
        "image-classification",
        "object-detection",
        "semantic-segmentation",
        "xgboost",
    }


def test_early_stopping() -> None:
    assert algorithm_named("kmeans").early_stopping_metrics == ()
    assert "validation:auc" in algorithm_named("xgboost").early_stopping_metrics
    assert set(algorithm_named("linear-learner").early_stopping_metrics) == {
        "test:objective_loss",
        "validation:objective_loss",
        "validation:objective_loss:final",
    }


@pytest.mark.parametrize(
    ("metric", "log", "value"),
    [
        pytest.param(("lightgbm", "auc"), "[10] valid's auc: 0.91", "0.91", id="lightgbm"),
        pytest.param(("catboost", "AUC"), "bestTest = 0.8123", "0.8123", id="catboost"),
        pytest.param(("tabtransformer", "r2"), "metrics={'r2': 0.5}", "0.5", id="tabtransformer"),
        pytest.param(
            ("text-classification-tensorflow", "validation:accuracy"),
            "val_accuracy=0.75",
            "0.75",
            id="text",
        ),
    ],
)
def test_metric_regex_captures_the_number(metric: tuple[str, str], log: str, value: str) -> None:
    known_metric = algorithm_named(metric[0]).metric(metric[1])
    assert known_metric is not None
    assert known_metric.regex is not None
    match = re.search(known_metric.regex, log)
    assert match is not None
    assert match[1] == value


@pytest.mark.parametrize(
    ("name", "version"), EVERY, ids=[f"{name}-{version}" for name, version in EVERY]
)
def test_every_version_is_consistent(name: str, version: str | None) -> None:
    algorithm = algorithm_named(name, version)
    names = [metric.name for metric in algorithm.metrics]
    assert len(names) == len(set(names))
    names = [tunable.name for tunable in algorithm.tunables]
    assert len(names) == len(set(names))
    assert algorithm.processors
    assert any(channel.is_required for channel in algorithm.channels)
    for tunable in algorithm.tunables:
        assert set(tunable.kinds) <= {"Integer", "Continuous", "Categorical"}
        bounds = tunable.recommended
        assert not (bounds and "Categorical" in tunable.kinds)
        if bounds and bounds.minimum is not None and bounds.maximum is not None:
            assert bounds.minimum < bounds.maximum
        assert algorithm.hyperparameter(tunable.name) is not None
    for requirement in algorithm.required_hyperparameters:
        assert algorithm.hyperparameter(requirement.name) is not None
        if requirement.when:
            assert algorithm.hyperparameter(requirement.when.hyperparameter) is not None
    for metric in algorithm.metrics:
        assert metric.direction in {"Maximize", "Minimize"}
        if metric.regex:
            assert re.compile(metric.regex).groups == 1
        assert algorithm.kind == "jumpstart" or metric.regex is None


def test_every_source_key_is_explained() -> None:
    data = files("hptc") / "catalog" / "data"
    explained = json.loads((data / "algorithm_sources.json").read_bytes())["sources"].keys()
    for name in algorithms.algorithm_names():
        entry = json.loads((data / "algorithms" / f"{name}.json").read_bytes())
        keys = [
            *entry["source"],
            *(metric["source"] for metric in entry["metrics"] if "source" in metric),
        ]
        keys += [tunable["source"] for tunable in entry["tunables"] if "source" in tunable]
        assert keys, name
        assert {key.partition(":")[0] for key in keys} <= explained, name

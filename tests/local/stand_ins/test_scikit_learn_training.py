"""The stand-ins on scikit-learn: Linear Learner, K-Means and k-NN."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from hptc.catalog.algorithms import algorithm
from hptc.local.stand_ins.training_files import TrainingError
from tests.support.stand_ins import csv, reported, rows, train, training_files

BINARY = {"predictor_type": "binary_classifier", "epochs": "3"}
MULTI = {"predictor_type": "multiclass_classifier", "num_classes": "3", "epochs": "3"}
REGRESSOR = {"predictor_type": "regressor", "epochs": "3"}
KMEANS = {"k": "2", "feature_dim": "4", "eval_metrics": '["msd", "ssd"]'}
KNN = {"k": "3", "feature_dim": "3", "sample_size": "50", "predictor_type": "classifier"}
TWO, THREE = csv(rows()), csv(rows(classes=3))


def log(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, settings: dict[str, str],
    *channels: str, content: str = TWO, content_type: str = "text/csv",
) -> str:  # fmt: skip
    data = dict.fromkeys(channels, content)
    train(name, training_files(folder, settings, data, content_type=content_type))
    assert (folder / "ml/model/stand-in.pickle").stat().st_size
    return capsys.readouterr().out


def metrics_of(name: str, channel: str, predictor: str = "") -> set[str]:
    """The metrics that a predictor type reports, in the catalog."""
    known = algorithm(name)
    assert known is not None
    return {
        metric.name
        for metric in known.metrics
        if metric.name.startswith(f"{channel}:")
        and (not predictor or predictor in str(metric.when) or not metric.when)
    }


@pytest.mark.parametrize("channel", ["validation", "test"])
@pytest.mark.parametrize(
    "settings",
    [BINARY, MULTI, REGRESSOR],
    ids=lambda settings: settings["predictor_type"],
)
def test_linear_learner_reports_the_metrics_of_the_catalog(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    channel: str,
) -> None:
    content = THREE if settings is MULTI else TWO
    out = log(tmp_path, capsys, "linear-learner", settings, "train", channel, content=content)
    expected = metrics_of("linear-learner", channel, settings["predictor_type"])
    assert len(expected) >= 3
    assert {name for name in expected if not reported(out, name)} == set()


@pytest.mark.parametrize(
    ("settings", "metric", "least"),
    [
        (BINARY, "test:roc_auc_score", 0.9),
        (BINARY | {"loss": "hinge_loss", "wd": "0.01", "l1": "0.001"}, "test:roc_auc_score", 0.9),
        (BINARY | {"positive_example_weight_mult": "balanced"}, "test:recall", 0.8),
        (BINARY | {"positive_example_weight_mult": "1000"}, "test:recall", 1.0),
        (MULTI | {"epochs": "15"}, "test:multiclass_accuracy", 0.6),
    ],
)
def test_linear_learner_learns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, str], metric: str,
    least: float,
) -> None:  # fmt: skip
    content = THREE if "num_classes" in settings else TWO
    out = log(tmp_path, capsys, "linear-learner", settings, "train", "test", content=content)
    assert reported(out, metric)[-1] >= least


@pytest.mark.parametrize(
    "loss",
    ["squared_loss", "absolute_loss", "huber_loss", "eps_insensitive_absolute_loss",
     "eps_insensitive_squared_loss"],
)  # fmt: skip
def test_linear_learner_has_the_losses_of_a_regressor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loss: str
) -> None:
    out = log(tmp_path, capsys, "linear-learner", REGRESSOR | {"loss": loss}, "train", "validation")
    losses = reported(out, "validation:objective_loss")
    assert losses[-1] <= losses[0]
    assert reported(out, "validation:mse")[-1] < 0.25  # that of a constant
    assert reported(out, "validation:objective_loss:final") == [losses[-1]]


def test_linear_learner_stops_when_the_loss_does_not_improve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = BINARY | {"epochs": "100", "early_stopping_tolerance": "0.5"}
    settings["early_stopping_patience"] = "2"
    out = log(tmp_path, capsys, "linear-learner", settings, "train")
    losses = reported(out, "train:objective_loss")
    is_better = [losses[i] < min(losses[:i]) / 2 for i in range(1, len(losses))]
    assert is_better[-2:] == [False, False]
    assert all(better or other for better, other in itertools.pairwise(is_better[:-1]))


def test_linear_learner_has_the_defaults_of_aws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """15 epochs, of which 3 may not improve, and the 3 best classes.

    https://docs.aws.amazon.com/sagemaker/latest/dg/ll_hyperparameters.html
    """
    settings = {"predictor_type": "multiclass_classifier", "num_classes": "5"}
    five = csv(rows(classes=5))
    patient = settings | {"early_stopping_patience": "100"}
    out = log(tmp_path / "a", capsys, "linear-learner", patient, "train", content=five)
    assert len(reported(out, "train:objective_loss")) == 15
    top = {
        count: log(
            tmp_path / count, capsys, "linear-learner", settings | {"accuracy_top_k": count},
            "train",
            content=five,
        )
        for count in "234"
    }  # fmt: skip
    assert (
        log(tmp_path / "b", capsys, "linear-learner", settings, "train", content=five) == top["3"]
    )
    assert len(set(top.values())) == 3
    never_better = settings | {"early_stopping_tolerance": "1"}
    out = log(tmp_path / "c", capsys, "linear-learner", never_better, "train", content=five)
    assert len(reported(out, "train:objective_loss")) == 3


def test_k_means_has_the_defaults_of_aws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One epoch; and where AWS's is `auto`, 4 centers for one, and the best of 3 trials.

    https://docs.aws.amazon.com/sagemaker/latest/dg/k-means-api-config.html
    """
    settings = {"k": "20", "feature_dim": "4", "local_lloyd_init_method": "random"}

    def values(**more: str) -> str:
        folder = tmp_path / "-".join(("with", *more, *more.values()))
        return log(
            folder, capsys, "kmeans", settings | more, "train",
            content=csv(rows(100)), content_type="text/csv;label_size=0",
        )  # fmt: skip

    default = values()
    assert default == values(epochs="1", extra_center_factor="4", local_lloyd_num_trials="3")
    for name, numbers in {
        "epochs": "2", "extra_center_factor": "35", "local_lloyd_num_trials": "24",
    }.items():  # fmt: skip
        for number in numbers:
            assert values(**{name: number}) != default, name


def test_k_means_reports_the_metrics_of_the_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = KMEANS | {"half_life_time_size": "0", "_tuning_objective_metric": "test:msd"}
    out = log(
        tmp_path,
        capsys,
        "kmeans",
        settings,
        "train",
        "test",
        content_type="text/csv;label_size=0",
    )
    for name in metrics_of("kmeans", "test"):
        assert len(reported(out, name)) == 1
    assert reported(out, "test:ssd")[0] == pytest.approx(60 * reported(out, "test:msd")[0])
    assert "ignored hyperparameters: half_life_time_size\n" in out


def test_k_means_gets_better_with_more_centers_and_leaves_out_the_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = KMEANS | {"feature_dim": "3"}
    few = log(tmp_path / "few", capsys, "kmeans", settings, "train", "test")
    many = log(
        tmp_path / "many",
        capsys,
        "kmeans",
        settings | {"k": "20", "epochs": "5"},
        "train",
        "test",
    )
    assert reported(many, "test:msd") < reported(few, "test:msd")


def test_k_nn_reports_the_metrics_of_the_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = log(tmp_path / "a", capsys, "knn", KNN, "train", "test")
    assert reported(out, "test:accuracy")[0] > 0.8
    regressor = KNN | {"predictor_type": "regressor", "index_metric": "COSINE"}
    out = log(tmp_path / "b", capsys, "knn", regressor, "train", "test")
    assert 0 < reported(out, "test:mse")[0] < 0.5
    assert metrics_of("knn", "test") == {"test:accuracy", "test:mse"}
    out = log(tmp_path / "c", capsys, "knn", KNN, "train")
    assert "there is no input channel test, so there are no metrics" in out


def test_k_nn_finds_every_row_of_a_sample_that_is_not_smaller_than_the_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for size in ("60", "61"):
        settings = KNN | {"k": "1", "sample_size": size}
        out = log(tmp_path / size, capsys, "knn", settings, "train", "test")
        assert reported(out, "test:accuracy") == [1.0]
    settings = KNN | {"k": "1", "sample_size": "30"}
    out = log(tmp_path / "half", capsys, "knn", settings, "train", "test")
    assert reported(out, "test:accuracy")[0] < 1


def test_k_nn_can_have_as_many_neighbors_as_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = log(tmp_path, capsys, "knn", KNN | {"k": "60", "sample_size": "60"}, "train", "test")
    assert reported(out, "test:accuracy") == [0.5]


@pytest.mark.parametrize("name", ["normalize_data", "normalize_label", "use_bias"])
def test_linear_learner_does_this_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    default, on, off = (
        reported(
            log(tmp_path / str(number), capsys, "linear-learner", REGRESSOR | settings, "train"),
            "train:mse",
        )
        for number, settings in enumerate(({}, {name: "true"}, {name: "false"}))
    )
    assert default == on != off


@pytest.mark.parametrize("kind", ["sign", "fjlt"])
def test_k_nn_reduces_the_dimension(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    settings = KNN | {"dimension_reduction_type": kind, "dimension_reduction_target": "2"}
    out = log(tmp_path, capsys, "knn", settings, "train", "test")
    assert 0.4 < reported(out, "test:accuracy")[0] <= 1


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("linear-learner", {}, "the hyperparameter predictor_type is required"),
        ("linear-learner", {"predictor_type": "other"}, "predictor_type must be one of binary_"),
        ("linear-learner", BINARY | {"loss": "huber_loss"}, "can't do loss huber_loss for"),
        ("linear-learner", MULTI | {"num_classes": "2"}, "integers from 0 to 1, but the input"),
        ("linear-learner", BINARY | {"feature_dim": "9"}, "feature_dim is 9, but the input chan"),
        (
            "linear-learner",
            REGRESSOR | {"learning_rate": "1e300", "normalize_label": "false"},
            "the model diverges; use a smaller learning_rate",
        ),
        ("kmeans", KMEANS | {"eval_metrics": "[]"}, "eval_metrics must be a list"),
        ("kmeans", KMEANS | {"eval_metrics": '"msd"'}, "eval_metrics must be a list"),
        ("kmeans", KMEANS | {"eval_metrics": '["mad"]'}, "eval_metrics must be a list"),
        ("knn", KNN | {"k": "two"}, "k must be a number, but is two"),
        ("kmeans", {"k": "2"}, "the hyperparameter feature_dim is required"),
        ("kmeans", KMEANS | {"feature_dim": "3", "k": "90"}, "k is 90, but the input channel"),
        ("kmeans", KMEANS | {"eval_metrics": "msd"}, "eval_metrics must be a list"),
        ("knn", KNN | {"sample_size": "2"}, "k is 3, but the sample has 2 rows"),
        ("knn", KNN | {"index_metric": "INNER_PRODUCT"}, "index_metric must be one of L2, COSINE"),
        (
            "knn",
            KNN | {"dimension_reduction_type": "sign", "dimension_reduction_target": "3"},
            "dimension_reduction_target must be below feature_dim 3, but is 3",
        ),
    ],
)
def test_they_fail_with_a_reason(
    tmp_path: Path, name: str, settings: dict[str, str], reason: str
) -> None:
    files = training_files(tmp_path, settings, {"train": THREE})
    with pytest.raises(TrainingError) as raised:
        train(name, files)
    assert reason in str(raised.value)


@pytest.mark.parametrize("name", ["linear-learner", "kmeans", "knn", "xgboost"])
def test_there_must_be_training_data(tmp_path: Path, name: str) -> None:
    settings = KMEANS | KNN | {"predictor_type": "regressor", "num_round": "1"}
    with pytest.raises(TrainingError, match="there is no input channel train"):
        train(name, training_files(tmp_path, settings, {"test": TWO}))


@pytest.mark.parametrize("name", ["linear-learner", "kmeans", "knn"])
def test_missing_values_are_refused(tmp_path: Path, name: str) -> None:
    settings = {"linear-learner": BINARY, "kmeans": KMEANS, "knn": KNN}[name]
    files = training_files(tmp_path, settings, {"train": TWO + "1,nan,2,3\n"})
    with pytest.raises(TrainingError, match="has a value that is not finite, at row 60"):
        train(name, files)

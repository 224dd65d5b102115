"""The stand-in for XGBoost: its metrics, its data formats, and why it fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import xgboost

from hptc.catalog.algorithms import algorithm
from hptc.local.stand_ins.training_files import TrainingError
from tests.support.stand_ins import csv, reported, rows, train, training_files

BINARY = {"objective": "binary:logistic", "num_round": "3", "max_depth": "2"}
MULTI = BINARY | {"objective": "multi:softprob", "num_class": "3"}
DATA = {"train": csv(rows()), "validation": csv(rows(seed=2))}
THREE = {"train": csv(rows(classes=3)), "validation": csv(rows(classes=3, seed=2))}


def positive(seed: int = 1) -> str:
    """Rows whose label is positive, for regression."""
    return csv([[label + 0.5 + first**2, first, *rest] for label, first, *rest in rows(seed=seed)])


REGRESSION = {"train": positive(), "validation": positive(2)}


def log(
    folder: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, str],
    data: dict[str, str] = DATA, content_type: str | None = "text/csv",
) -> str:  # fmt: skip
    train("xgboost", training_files(folder, settings, data, content_type=content_type))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "data", "metrics"),
    [
        (
            BINARY, DATA,
            (
                "accuracy auc aucpr balanced_accuracy error f1 f1_binary f1_macro logloss map ndcg "
                "precision precision_macro precision_micro recall recall_macro recall_micro"
            ),
        ),
        (MULTI, THREE, "accuracy f1 merror mlogloss precision_macro recall_macro"),
        (
            BINARY | {"objective": "reg:squarederror"}, REGRESSION,
            "mae mape mphe mse r2 rmse rmsle",
        ),
        (BINARY | {"objective": "count:poisson"}, REGRESSION, "poisson-nloglik"),
        (BINARY | {"objective": "reg:gamma"}, REGRESSION, "gamma-nloglik gamma-deviance"),
        (BINARY | {"objective": "survival:cox"}, REGRESSION, "cox-nloglik"),
    ],
    ids=["binary", "classes", "regression", "poisson", "gamma", "cox"],
)  # fmt: skip
def test_the_metrics_of_the_catalog_are_reported_after_each_round(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, str],
    data: dict[str, str],
    metrics: str,
) -> None:
    known = algorithm("xgboost", "1.7-1")
    assert known is not None
    names = metrics.split()
    out = log(tmp_path, capsys, settings | {"eval_metric": ",".join(names)}, data)
    for name in names:
        assert known.metric(f"validation:{name}") is not None
        assert len(reported(out, f"validation:{name}")) == 3
        assert len(reported(out, f"train:{name}")) == 3


def test_a_line_has_the_form_of_the_container(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = log(tmp_path, capsys, BINARY | {"eval_metric": "auc"}).splitlines()
    assert re.fullmatch(r"\[2\]#011train-auc:0\.\d{5}#011validation-auc:0\.\d{5}", lines[-1])
    assert lines[0].startswith("hptc's stand-in for AWS's XGBoost, on xgboost 3")


def test_the_objective_metric_is_reported_without_eval_metric(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = log(tmp_path, capsys, BINARY | {"_tuning_objective_metric": "validation:f1"})
    assert max(reported(out, "validation:f1")) > 0.8
    assert "ignored" not in out


def test_early_stopping_watches_the_objective_metric(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = BINARY | {
        "num_round": "200",
        "early_stopping_rounds": "3",
        "eval_metric": "logloss",
        "_tuning_objective_metric": "validation:auc",
    }
    values = reported(log(tmp_path, capsys, settings), "validation:auc")
    best = values.index(max(values))
    assert len(values) == best + 4 < 200


def test_early_stopping_does_not_watch_other_metrics(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = BINARY | {
        "num_round": "200",
        "early_stopping_rounds": "3",
        "eval_metric": "error",
    }
    out = log(tmp_path, capsys, settings | {"_tuning_objective_metric": "validation:logloss"})
    losses, errors = reported(out, "validation:logloss"), reported(out, "validation:error")
    assert len(losses) == losses.index(min(losses)) + 4
    assert errors[:4] == errors[:1] * 4  # no progress that would go on


def test_aliases_have_an_effect_and_other_hyperparameters_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = log(tmp_path / "a", capsys, BINARY | {"learning_rate": "0.001", "nthread": "64"})
    fast = log(tmp_path / "b", capsys, BINARY | {"learning_rate": "0.9"})
    assert "ignored hyperparameters: nthread" in slow
    assert reported(slow, "train:logloss")[-1] > reported(fast, "train:logloss")[-1]


def test_libsvm_is_read_and_is_the_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{label:g} 1:{first:g} 7:{two:g}\n" for label, first, two, _ in rows()]
    data = {
        "train": "".join(lines),
        "validation": "".join(line.split(" 7")[0] + "\n" for line in lines),
    }
    out = log(tmp_path, capsys, BINARY | {"eval_metric": "auc"}, data, content_type=None)
    assert reported(out, "validation:auc")[-1] > 0.9


def test_queries_of_libsvm_are_groups_for_ranking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{row[0]:g} qid:{i // 6 + 1} 1:{row[1]:g}\n" for i, row in enumerate(rows())]
    settings = BINARY | {"objective": "rank:pairwise", "eval_metric": "map"}
    out = log(tmp_path, capsys, settings, {"train": "".join(lines)}, content_type="libsvm")
    assert 0.5 < reported(out, "train:map")[-1] <= 1


def test_missing_values_and_weights_of_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = [f"{label:g},1,{first:g},,{two:g}\n" for label, first, two, _ in rows()]
    settings = BINARY | {"csv_weights": "1", "eval_metric": "auc"}
    log(tmp_path, capsys, settings, {"train": "".join(table)})
    booster = xgboost.Booster(
        model_file=bytearray((tmp_path / "ml/model/xgboost-model").read_bytes())
    )
    assert booster.num_features() == 3


@pytest.mark.parametrize(
    ("settings", "data", "reason"),
    [
        ({"num_round": ""}, DATA, "num_round must be a number"),
        ({"num_round": "2.5"}, DATA, "num_round must be an integer, but is 2.5"),
        ({"eta": "quick"}, DATA, "xgboost: Invalid Parameter format for learning_rate"),
        ({"objective": "no:such"}, DATA, "xgboost: Unknown objective function: `no:such`"),
        ({"objective": "multi:softmax"}, DATA, "xgboost: "),
        ({}, {"train": "label,a\n1,2\n"}, "train.txt is not CSV of numbers without a header"),
        ({}, {"train": ""}, "the files of the input channel train are empty"),
        ({}, {"train": "1\n2\n"}, "no features besides the label"),
        ({}, {"validation": "1,2\n"}, "there is no input channel train"),
        ({}, {"train": "1,2\n1,2,3\n"}, "train.txt is not CSV of numbers"),
    ],
)
def test_it_fails_with_a_reason(
    tmp_path: Path, settings: dict[str, str], data: dict[str, str], reason: str
) -> None:
    with pytest.raises(TrainingError) as raised:
        train("xgboost", training_files(tmp_path, BINARY | settings, data))
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_a_content_type_csv_is_not_libsvm(tmp_path: Path) -> None:
    files = training_files(tmp_path, BINARY, DATA, content_type=None)
    with pytest.raises(TrainingError, match="is not libsvm, which is assumed without a content"):
        train("xgboost", files)

"""Stands in for AWS's XGBoost container, on the xgboost library.

It follows the container's algorithm mode: which metrics it computes, which of them stops early,
and the lines that it prints.
https://github.com/aws/sagemaker-xgboost-container/blob/master/src/sagemaker_xgboost_container/algorithm_mode/train.py
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import xgboost
from xgboost.callback import EarlyStopping, TrainingCallback

from hptc.local.available_stand_ins import STAND_INS
from hptc.local.content_types import LIBSVM, read_content_type
from hptc.local.stand_ins.data_tables import read_csv, read_libsvm
from hptc.local.stand_ins.training_files import (
    Settings,
    TrainingError,
    TrainingFiles,
    print_line,
)
from hptc.local.stand_ins.xgboost_metrics import CONTAINER_METRICS, evaluation, is_maximized
from hptc.request.job_facts import OBJECTIVE_METRIC

_OWN = ("num_round", "early_stopping_rounds", "eval_metric", "csv_weights")
_MODEL = "xgboost-model"
_CHANNELS = ("train", "validation")
_MAX_REASON = 300


def train(files: TrainingFiles) -> None:
    """Train a model, and print the metrics of each round. Raises TrainingError."""
    files.introduce("xgboost", xgboost.__version__)
    hyperparameters = files.hyperparameters
    settings = Settings(hyperparameters)
    rounds = settings.integer("num_round")
    metrics = _metrics(settings, hyperparameters.get(OBJECTIVE_METRIC))
    library_metrics = [metric for metric in metrics if metric not in CONTAINER_METRICS]
    own_metrics = [metric for metric in metrics if metric in CONTAINER_METRICS]
    passed = STAND_INS["xgboost"].hyperparameters - {*_OWN}
    parameters = {name: hyperparameters[name] for name in sorted(passed) if name in hyperparameters}
    parameters.setdefault("verbosity", "0")
    data = _read(files, has_weights=settings.integer("csv_weights", 0, min=0) == 1)
    callbacks: list[TrainingCallback] = [_PrintMetrics()]
    stopping = _early_stopping(settings, metrics, has_validation="validation" in data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            booster = xgboost.train(
                {**parameters, **({"eval_metric": library_metrics} if library_metrics else {})},
                data["train"],
                num_boost_round=rounds,
                evals=[(matrix, name) for name, matrix in data.items()],
                custom_metric=evaluation(own_metrics) if own_metrics else None,
                callbacks=[*callbacks, *stopping],
                verbose_eval=False,
            )
    except (xgboost.core.XGBoostError, ValueError, TypeError) as error:
        raise TrainingError(f"xgboost: {_first_line(str(error))}") from None
    # In a file of this name, from which `Booster.load_model` reads.
    files.write_model(_MODEL, bytes(booster.save_raw("ubj")))


def _metrics(settings: Settings, objective_metric: str | None) -> list[str]:
    """The metrics to compute: those of eval_metric, and the objective metric of the tuning job."""
    text = settings.text("eval_metric", "").strip("[]")
    words = [word.strip(" \"'") for word in text.split(",")]
    metrics = list(dict.fromkeys(word for word in words if word))
    if objective_metric is not None:
        name = objective_metric.partition(":")[2] or objective_metric
        # Early stopping watches the last metric.
        metrics = [*(metric for metric in metrics if metric != name), name]
    return metrics


def _early_stopping(
    settings: Settings, metrics: Sequence[str], *, has_validation: bool
) -> list[TrainingCallback]:
    rounds = settings.integer("early_stopping_rounds", 0, min=0)
    if not rounds:
        return []
    metric = metrics[-1] if metrics else None
    return [
        EarlyStopping(
            rounds=rounds,
            metric_name=metric,
            data_name="validation" if has_validation else "train",
            maximize=is_maximized(metric) if metric else None,
        )
    ]


def _read(files: TrainingFiles, *, has_weights: bool) -> dict[str, xgboost.DMatrix]:
    """The data of the channels."""
    if "train" not in files.channels:
        raise TrainingError("there is no input channel train")
    kind = read_content_type(files.content_type("train"), default=LIBSVM).format
    names = [name for name in _CHANNELS if name in files.channels]
    if kind == LIBSVM:
        return _read_libsvm(files, names)
    return {name: _read_csv(files, name, has_weights=has_weights) for name in names}


def _read_csv(files: TrainingFiles, channel: str, *, has_weights: bool) -> xgboost.DMatrix:
    table = read_csv(files, channel, has_gaps=True)
    first = 2 if has_weights else 1
    if table.shape[1] <= first:
        raise TrainingError(f"the input channel {channel} has no features besides the label")
    weights = table[:, 1] if has_weights else None
    return _matrix(table[:, first:], table[:, 0], channel, weight=weights)


def _read_libsvm(files: TrainingFiles, names: Sequence[str]) -> dict[str, xgboost.DMatrix]:
    tables = {name: read_libsvm(files, name) for name in names}
    columns = max(features.shape[1] for features, _, _ in tables.values())
    matrices = {}
    for name, (features, labels, queries) in tables.items():
        features.resize((features.shape[0], columns))  # the last ones can be absent in a channel
        matrices[name] = _matrix(
            features, labels, name, **({"qid": queries} if queries.any() else {})
        )
    return matrices


def _matrix(features: Any, labels: Any, channel: str, **more: Any) -> xgboost.DMatrix:
    try:
        return xgboost.DMatrix(features, label=labels, **more)
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise TrainingError(f"the input channel {channel}: {_first_line(str(error))}") from None


class _PrintMetrics(TrainingCallback):
    """Prints the metrics of each round as CloudWatch Logs shows the container's lines."""

    def after_iteration(
        self, model: xgboost.Booster, epoch: int, evals_log: TrainingCallback.EvalsLog
    ) -> bool:
        """Print a line such as `[12]#011train-auc:0.9#011validation-auc:0.8`."""
        del model
        entries = [
            f"{data}-{name}:{values[-1]:.5f}"
            for data, metrics in evals_log.items()
            for name, values in metrics.items()
            if isinstance(values[-1], float)
        ]
        print_line("#011".join([f"[{epoch}]", *entries]))
        return False


def _first_line(text: str) -> str:
    """The message of an error of the library, without its place in the library's source."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    if line.startswith("["):  # [time] file:line: what
        line = line.partition(": ")[2]
    return line.strip()[:_MAX_REASON]

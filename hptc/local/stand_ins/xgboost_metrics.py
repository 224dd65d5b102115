"""The metrics that AWS's XGBoost container adds to those of the library.

https://github.com/aws/sagemaker-xgboost-container/blob/master/src/sagemaker_xgboost_container/metrics/custom_metrics.py
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sklearn.metrics as metrics
import xgboost

Metric = Callable[[Any, Any], float]
"""Labels and predictions to a value."""


def _class_metric(function: Callable[..., float], **options: Any) -> Metric:
    def value(labels: Any, predictions: Any) -> float:
        shaped = np.asarray(predictions)
        classes = shaped.argmax(axis=1) if shaped.ndim > 1 else shaped.round()
        return float(function(labels, classes, **options))

    return value


def _value_metric(function: Callable[..., float]) -> Metric:
    return lambda labels, predictions: float(function(labels, predictions))


CONTAINER_METRICS: Mapping[str, Metric] = {
    "accuracy": _class_metric(metrics.accuracy_score),
    "balanced_accuracy": _class_metric(metrics.balanced_accuracy_score),
    "f1": _class_metric(metrics.f1_score, average="macro"),
    "f1_binary": _class_metric(metrics.f1_score, average="binary"),
    "f1_macro": _class_metric(metrics.f1_score, average="macro"),
    "mse": _value_metric(metrics.mean_squared_error),
    "precision": _class_metric(metrics.precision_score, average="binary"),
    "precision_macro": _class_metric(metrics.precision_score, average="macro"),
    "precision_micro": _class_metric(metrics.precision_score, average="micro"),
    "r2": _value_metric(metrics.r2_score),
    "recall": _class_metric(metrics.recall_score, average="binary"),
    "recall_macro": _class_metric(metrics.recall_score, average="macro"),
    "recall_micro": _class_metric(metrics.recall_score, average="micro"),
}

_MAXIMIZED = (
    "accuracy", "auc", "aucpr", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "map", "ndcg",
    "precision", "precision_macro", "precision_micro", "r2", "recall", "recall_macro",
    "recall_micro",
)  # fmt: skip


def is_maximized(metric: str) -> bool:
    """Whether more of a metric is better; `ndcg@5` is one of ndcg."""
    return metric.partition("@")[0] in _MAXIMIZED


def evaluation(
    names: Sequence[str],
) -> Callable[[Any, xgboost.DMatrix], list[tuple[str, float]]]:
    """The function that computes metrics of the container, for `xgboost.train`."""

    def evaluate(predictions: Any, data: xgboost.DMatrix) -> list[tuple[str, float]]:
        labels = data.get_label()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that are never predicted
            return [(name, CONTAINER_METRICS[name](labels, predictions)) for name in names]

    return evaluate

"""The metrics of AWS's Linear Learner.

https://docs.aws.amazon.com/sagemaker/latest/dg/linear-learner-tuning.html
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn import metrics

from hptc.local.stand_ins.data_tables import Array


def value_metrics(labels: Array, values: Array) -> dict[str, float]:
    """The metrics of a regressor."""
    squared = float(metrics.mean_squared_error(labels, values))
    return {
        "mse": squared,
        "rmse": squared**0.5,
        "absolute_loss": float(metrics.mean_absolute_error(labels, values)),
    }


def class_metrics(
    labels: Array,
    scores: Array,
    predicted: Array,
    *,
    classes: int | None,
    f_beta: float,
    top_k: int,
) -> dict[str, float]:
    """The metrics of a classifier; `classes` is None for a binary one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that are absent or are never predicted
        if classes is None:
            return _binary(labels, scores, predicted, f_beta)
        if scores.ndim == 1:  # two classes
            scores = np.column_stack([-scores, scores])
        return _several(labels, scores, predicted, f_beta, top_k)


def _binary(labels: Array, scores: Array, predicted: Array, f_beta: float) -> dict[str, float]:
    has_both = len(np.unique(labels)) == 2
    return {
        "binary_classification_accuracy": float(metrics.accuracy_score(labels, predicted)),
        "binary_f_beta": float(metrics.fbeta_score(labels, predicted, beta=f_beta)),
        "precision": float(metrics.precision_score(labels, predicted)),
        "recall": float(metrics.recall_score(labels, predicted)),
        **({"roc_auc_score": float(metrics.roc_auc_score(labels, scores))} if has_both else {}),
    }


def _several(
    labels: Array, scores: Array, predicted: Array, f_beta: float, top_k: int
) -> dict[str, float]:
    expected = labels[:, None] == np.arange(scores.shape[1])
    ranks = (-scores).argsort(axis=1, kind="stable")[:, :top_k]
    return {
        "multiclass_accuracy": float(metrics.accuracy_score(labels, predicted)),
        "multiclass_top_k_accuracy": float((ranks == labels[:, None]).any(axis=1).mean()),
        "dcg": float(metrics.dcg_score(expected, scores)),
        "macro_f_beta": float(metrics.fbeta_score(labels, predicted, beta=f_beta, average="macro")),
        "macro_precision": float(metrics.precision_score(labels, predicted, average="macro")),
        "macro_recall": float(metrics.recall_score(labels, predicted, average="macro")),
    }


def objective_loss(loss: str, labels: Array, scores: Array, epsilon: float) -> float:
    """The mean of a loss of scikit-learn.

    `scores` are the classes' probabilities for `log_loss`, and one value per row for the others.
    """
    if loss == "log_loss":
        return float(metrics.log_loss(labels, scores, labels=np.arange(scores.shape[1])))
    if loss == "hinge":
        return float(np.maximum(0, 1 - (2 * labels - 1) * scores).mean())
    distances = np.abs(labels - scores)
    match loss:
        case "squared_error":
            losses = distances**2
        case "huber":
            outer = epsilon * (distances - epsilon / 2)
            losses = np.where(distances <= epsilon, distances**2 / 2, outer)
        case "epsilon_insensitive":
            losses = np.maximum(0, distances - epsilon)
        case _:
            losses = np.maximum(0, distances - epsilon) ** 2
    return float(losses.mean())

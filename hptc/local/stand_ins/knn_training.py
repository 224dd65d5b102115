"""Stands in for AWS's k-nearest neighbors algorithm, on scikit-learn.

It samples the training data, reduces its dimension if asked to, and finds the exact
neighbors; AWS's algorithm can use an approximate index.
https://docs.aws.amazon.com/sagemaker/latest/dg/kNN_how-it-works.html
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import sklearn
from sklearn.metrics import accuracy_score, mean_squared_error
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from hptc.local.stand_ins.data_tables import Array, read_labeled, require_feature_count
from hptc.local.stand_ins.training_files import (
    SEED,
    Settings,
    TrainingError,
    TrainingFiles,
    print_line,
    print_metric,
)

_METRICS = {"L2": "euclidean", "COSINE": "cosine"}


def train(files: TrainingFiles) -> None:
    """Index the data, and print how well it predicts that of `test`. Raises TrainingError."""
    files.introduce("knn", sklearn.__version__)
    settings = Settings(files.hyperparameters)
    kind = settings.choice("predictor_type", ("classifier", "regressor"))
    is_classifier = kind == "classifier"
    if "train" not in files.channels:
        raise TrainingError("there is no input channel train")
    feature_dim = settings.integer("feature_dim")
    features, labels = _read(files, "train", feature_dim)
    chosen = _sample(len(labels), settings)
    features, labels = features[chosen], labels[chosen]
    projection = _projection(settings, feature_dim)
    if projection is not None:
        features = projection.fit_transform(features)
    model = (KNeighborsClassifier if is_classifier else KNeighborsRegressor)(
        n_neighbors=settings.integer("k"),
        metric=_METRICS[settings.choice("index_metric", _METRICS, "L2")],
    )
    if model.n_neighbors > len(labels):
        raise TrainingError(f"k is {model.n_neighbors}, but the sample has {len(labels)} rows")
    model.fit(features, labels)
    files.write_model("stand-in.pickle", pickle.dumps((projection, model)))
    if "test" not in files.channels:
        print_line("there is no input channel test, so there are no metrics")
        return
    features, labels = _read(files, "test", feature_dim)
    predicted = model.predict(features if projection is None else projection.transform(features))
    if is_classifier:
        print_metric("test:accuracy", accuracy_score(labels, predicted))
    else:
        print_metric("test:mse", mean_squared_error(labels, predicted))


def _read(files: TrainingFiles, channel: str, feature_dim: int) -> tuple[Array, Array]:
    features, labels = read_labeled(files, channel)
    require_feature_count(features, feature_dim, channel)
    return features, labels


def _sample(count: int, settings: Settings) -> Any:
    """The rows of the sample, in the order of the data."""
    size = min(settings.integer("sample_size"), count)
    return np.sort(np.random.default_rng(SEED).choice(count, size, replace=False))


def _projection(settings: Settings, feature_dim: int) -> Any:
    if not settings.text("dimension_reduction_type", ""):
        return None
    kind = settings.choice("dimension_reduction_type", ("sign", "fjlt"))
    target = settings.integer("dimension_reduction_target")
    if target >= feature_dim:
        raise TrainingError(
            f"dimension_reduction_target must be below feature_dim {feature_dim}, but is {target}"
        )
    if kind == "sign":  # random signs: no entry is zero
        return SparseRandomProjection(n_components=target, density=1.0, random_state=SEED)
    return GaussianRandomProjection(n_components=target, random_state=SEED)

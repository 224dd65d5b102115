"""Stands in for AWS's K-Means, on scikit-learn.

As AWS's algorithm does, it looks for more centers than k in mini-batches, and then reduces them to
k with Lloyd's algorithm:
https://docs.aws.amazon.com/sagemaker/latest/dg/algo-kmeans-tech-notes.html
"""

from __future__ import annotations

import json
import pickle
import warnings

import numpy as np
import sklearn
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin

from hptc.local.stand_ins.data_tables import Array, read_unlabeled, require_feature_count
from hptc.local.stand_ins.training_files import (
    SEED,
    Settings,
    TrainingError,
    TrainingFiles,
    print_metric,
)

_METRICS = ("msd", "ssd")
_METHODS = {"random": "random", "kmeans++": "k-means++"}
_EXTRA_CENTERS, _TRIALS, _BATCH, _ITERATIONS, _TOLERANCE = 4, 3, 5000, 300, 0.0001


def train(files: TrainingFiles) -> None:
    """Find the centers, and print their mean squared distance. Raises TrainingError."""
    files.introduce("kmeans", sklearn.__version__)
    settings = Settings(files.hyperparameters)
    metrics = _metrics(settings)
    data = _read(files, settings.integer("feature_dim"))
    centers = _centers(data["train"], settings)
    files.write_model("stand-in.pickle", pickle.dumps(centers))
    for name, features in data.items():
        distances = ((features - centers[_nearest(features, centers)]) ** 2).sum(axis=1)
        values = {"msd": distances.mean(), "ssd": distances.sum()}
        for metric in metrics:
            print_metric(f"{name}:{metric}", values[metric])


def _metrics(settings: Settings) -> list[str]:
    text = settings.text("eval_metrics", '["msd"]')
    try:
        metrics = json.loads(text)
    except ValueError:
        metrics = None
    if (
        not isinstance(metrics, list)
        or not metrics
        or any(metric not in _METRICS for metric in metrics)
    ):
        raise TrainingError(f'eval_metrics must be a list of "msd" and "ssd", but is {text}')
    return [str(metric) for metric in metrics]


def _read(files: TrainingFiles, feature_dim: int) -> dict[str, Array]:
    if "train" not in files.channels:
        raise TrainingError("there is no input channel train")
    data = {}
    for name in ("train", "test"):
        if name in files.channels:
            data[name] = read_unlabeled(files, name)
            require_feature_count(data[name], feature_dim, name)
    return data


def _centers(features: Array, settings: Settings) -> Array:
    count, k = features.shape[0], settings.integer("k")
    if k > count:
        raise TrainingError(f"k is {k}, but the input channel train has {count} rows")
    extra = settings.integer("extra_center_factor", _EXTRA_CENTERS)
    wide = MiniBatchKMeans(
        n_clusters=min(k * extra, count),
        init=_METHODS[settings.choice("init_method", _METHODS, "random")],
        batch_size=min(settings.integer("mini_batch_size", _BATCH), count),
        max_iter=settings.integer("epochs", 1),
        max_no_improvement=None,
        n_init=1,
        random_state=SEED,
    )
    narrow = KMeans(
        n_clusters=k,
        init=_METHODS[settings.choice("local_lloyd_init_method", _METHODS, "kmeans++")],
        max_iter=settings.integer("local_lloyd_max_iter", _ITERATIONS),
        n_init=settings.integer("local_lloyd_num_trials", _TRIALS),
        tol=settings.number("local_lloyd_tol", _TOLERANCE),
        random_state=SEED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fewer distinct rows than centers
        wide.fit(features)
        centers = wide.cluster_centers_
        sizes = np.bincount(wide.labels_, minlength=len(centers)).astype(float)
        narrow.fit(centers, sample_weight=np.maximum(sizes, 1e-9))
    final: Array = narrow.cluster_centers_
    return final


def _nearest(features: Array, centers: Array) -> Array:
    nearest: Array = pairwise_distances_argmin(features, centers)
    return nearest

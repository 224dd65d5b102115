"""Stands in for AWS's Linear Learner, on scikit-learn's stochastic gradient descent.

AWS's algorithm trains several models at once with Adam, and calibrates the threshold of a binary
classifier; this one trains a single model, whose threshold is 0.5. Several classes are one against
the rest.
https://docs.aws.amazon.com/sagemaker/latest/dg/ll_how-it-works.html
"""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import sklearn
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.preprocessing import StandardScaler

from hptc.local.stand_ins.data_tables import Array, read_labeled, require_feature_count
from hptc.local.stand_ins.linear_metrics import class_metrics, objective_loss, value_metrics
from hptc.local.stand_ins.training_files import (
    SEED,
    Settings,
    TrainingError,
    TrainingFiles,
    print_metric,
)

_BINARY, _CLASSES, _REGRESSOR = "binary_classifier", "multiclass_classifier", "regressor"
_LOSSES: Mapping[str, Mapping[str, str]] = {
    _BINARY: {"auto": "log_loss", "logistic": "log_loss", "hinge_loss": "hinge"},
    _CLASSES: {"auto": "log_loss", "softmax_loss": "log_loss"},
    _REGRESSOR: {
        "auto": "squared_error",
        "squared_loss": "squared_error",
        "absolute_loss": "epsilon_insensitive",
        "eps_insensitive_absolute_loss": "epsilon_insensitive",
        "eps_insensitive_squared_loss": "squared_epsilon_insensitive",
        "huber_loss": "huber",
    },
}
"""By predictor_type and loss: https://docs.aws.amazon.com/sagemaker/latest/dg/ll_hyperparameters.html"""
_DIVERGES = "the model diverges; use a smaller learning_rate"
_CHANNELS = ("train", "validation", "test")
_EPOCHS, _PATIENCE, _TOLERANCE, _RATE = 15, 3, 0.001, 0.01


def train(files: TrainingFiles) -> None:
    """Train a model, and print the loss of each epoch and all metrics. Raises TrainingError."""
    files.introduce("linear-learner", sklearn.__version__)
    learner = _Learner(Settings(files.hyperparameters))
    data = learner.read(files)
    watched = "validation" if "validation" in data else "train"
    learner.fit(data, watched)
    files.write_model("stand-in.pickle", pickle.dumps((learner.scaler, learner.model)))
    for name in data:
        if name != watched:  # reported after each epoch
            print_metric(f"{name}:objective_loss", learner.loss_of(*data[name]))
        for metric, value in learner.metrics(*data[name]).items():
            print_metric(f"{name}:{metric}", value)
    print_metric(f"{watched}:objective_loss:final", learner.loss_of(*data[watched]))


class _Learner:
    """A linear model with its hyperparameters."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kind = settings.choice("predictor_type", _LOSSES)
        loss = settings.text("loss", "auto")
        losses = _LOSSES[self._kind]
        if loss not in losses:
            raise TrainingError(
                f"hptc's stand-in can't do loss {loss} for predictor_type {self._kind}; it has "
                f"{', '.join(losses)}"
            )
        self._loss = losses[loss]
        self._epsilon = self._margin(loss)
        self._classes = settings.integer("num_classes") if self._kind == _CLASSES else 2
        self._has_scaled_labels = self._kind == _REGRESSOR and settings.flag(
            "normalize_label", default=True
        )
        has_scaled_data = settings.flag("normalize_data", default=True)
        self.scaler = StandardScaler(with_mean=has_scaled_data, with_std=has_scaled_data)
        self._label_scaler = StandardScaler()
        self.model = self._new_model()

    def _margin(self, loss: str) -> float:
        if loss == "huber_loss":
            return self._settings.number("huber_delta", 1.0)
        if loss.startswith("eps_insensitive"):
            return self._settings.number("loss_insensitivity", 0.01)
        return 0.0

    def _new_model(self) -> Any:
        rate = self._settings.text("learning_rate", "auto")
        decay, l1 = self._settings.number("wd", 0.0), self._settings.number("l1", 0.0)
        options = {
            "loss": self._loss,
            "penalty": "elasticnet" if decay or l1 else None,
            "alpha": decay + l1,
            "l1_ratio": l1 / (decay + l1) if decay or l1 else 0.0,
            "fit_intercept": self._settings.flag("use_bias", default=True),
            "epsilon": self._epsilon,
            "learning_rate": "invscaling" if rate == "auto" else "constant",
            "eta0": self._settings.number("learning_rate", _RATE),
            "power_t": 0.25,
            "random_state": SEED,
        }
        return (SGDRegressor if self._kind == _REGRESSOR else SGDClassifier)(**options)

    def read(self, files: TrainingFiles) -> dict[str, tuple[Array, Array]]:
        """The data of the channels, with scaled features."""
        if "train" not in files.channels:
            raise TrainingError("there is no input channel train")
        dimension = self._settings.integer("feature_dim", 0, min=0) or None
        data = {}
        for name in _CHANNELS:
            if name not in files.channels:
                continue
            features, labels = read_labeled(files, name)
            dimension = dimension or features.shape[1]
            require_feature_count(features, dimension, name)
            self._require_classes(labels, name)
            if name == "train":
                self.scaler.fit(features)
                self._label_scaler.fit(labels.reshape(-1, 1))
            data[name] = (self.scaler.transform(features), labels)
        return data

    def _require_classes(self, labels: Array, channel: str) -> None:
        known = np.isin(labels, np.arange(self._classes))
        if self._kind != _REGRESSOR and not known.all():
            raise TrainingError(
                f"the labels of {self._kind} are the integers from 0 to {self._classes - 1}, but "
                f"the input channel {channel} has {labels[~known][0]:g}"
            )

    def fit(self, data: Mapping[str, tuple[Array, Array]], watched: str) -> None:
        """Train until the loss of a channel no longer improves, or all epochs have passed."""
        features, labels = data["train"]
        patience = self._settings.integer("early_stopping_patience", _PATIENCE)
        tolerance = self._settings.number("early_stopping_tolerance", _TOLERANCE)
        weights = self._weights(labels)
        best, waited = math.inf, 0
        order = np.random.default_rng(SEED)
        for _ in range(self._settings.integer("epochs", _EPOCHS)):
            rows = order.permutation(len(labels))
            self._fit_epoch(features[rows], labels[rows], weights[rows])
            loss = self.loss_of(*data[watched])
            print_metric(f"{watched}:objective_loss", loss)
            waited = 0 if loss < best * (1 - tolerance) else waited + 1
            best = min(best, loss)
            if waited >= patience:
                return

    def _weights(self, labels: Array) -> Array:
        weight = self._settings.text("positive_example_weight_mult", "1")
        weights = np.ones(len(labels))
        if self._kind != _BINARY or weight == "auto":
            return weights
        positive = max(1, int(labels.sum()))
        is_balanced = weight == "balanced"
        factor = (
            (len(labels) - positive) / positive
            if is_balanced
            else self._settings.number("positive_example_weight_mult", 1.0)
        )
        weights[labels == 1] = factor
        return weights

    def _fit_epoch(self, features: Array, labels: Array, weights: Array) -> None:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if self._kind == _REGRESSOR:
                    self.model.partial_fit(features, self._scaled(labels), sample_weight=weights)
                else:
                    classes = np.arange(self._classes)
                    self.model.partial_fit(features, labels, classes, sample_weight=weights)
        except ValueError as error:
            if "overflow" not in str(error):
                raise
            raise TrainingError(_DIVERGES) from None
        if not np.isfinite(self.model.coef_).all():
            raise TrainingError(_DIVERGES)

    def _scaled(self, labels: Array) -> Array:
        if not self._has_scaled_labels:
            return labels
        scaled: Array = self._label_scaler.transform(labels.reshape(-1, 1)).ravel()
        return scaled

    def _values(self, features: Array) -> Array:
        """Predicted values of a regressor."""
        values: Array = self.model.predict(features)
        if self._has_scaled_labels:
            values = self._label_scaler.inverse_transform(values.reshape(-1, 1)).ravel()
        return values

    def loss_of(self, features: Array, labels: Array) -> float:
        """The mean loss that training minimizes, without the penalties."""
        if self._kind == _REGRESSOR:
            scores: Array = self._values(features)
        elif self._loss == "hinge":
            scores = self.model.decision_function(features)
        else:
            scores = self.model.predict_proba(features)
        return objective_loss(self._loss, labels, scores, self._epsilon)

    def metrics(self, features: Array, labels: Array) -> dict[str, float]:
        """The metrics of the predictor type, without the loss."""
        if self._kind == _REGRESSOR:
            return value_metrics(labels, self._values(features))
        return class_metrics(
            labels,
            self.model.decision_function(features),
            self.model.predict(features),
            classes=self._classes if self._kind == _CLASSES else None,
            f_beta=self._settings.number("f_beta", 1.0),
            top_k=self._settings.integer("accuracy_top_k", 3),
        )

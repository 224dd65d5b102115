"""Which names of hyperparameters stand for integers."""

from __future__ import annotations

import pytest

from hptc.catalog.name_conventions import is_always_integer, is_usually_integer


@pytest.mark.parametrize(
    "name",
    ["epochs", "epoch", "num_epochs", "max-epochs", "batch-size", "batch_size", "batchSize",
     "BatchSize", "train_batch_size", "per_device_train_batch_size", "batchsize"],
)  # fmt: skip
def test_epochs_and_the_size_of_a_batch_are_always_integers(name: str) -> None:
    assert is_always_integer(name)


@pytest.mark.parametrize(
    "name",
    ["num_leaves", "num-workers", "numLayers", "n_estimators", "n_jobs", "number_of_trees",
     "hidden_layers", "layers", "max_depth", "depth", "min_depth"],
)  # fmt: skip
def test_counts_layers_and_depths_are_usually_integers(name: str) -> None:
    assert is_usually_integer(name)
    assert not is_always_integer(name)


@pytest.mark.parametrize(
    "name",
    ["", "lr", "learning_rate", "n", "num", "network", "numerical_noise", "neurons",
     "depth_multiplier", "layers_dropout", "layers-lr", "n_scale", "num_weight", "layer_decay",
     "epoch_fraction", "batch_size_growth", "batch_norm"],
)  # fmt: skip
def test_other_names_are_not(name: str) -> None:
    assert not is_usually_integer(name)
    assert not is_always_integer(name)

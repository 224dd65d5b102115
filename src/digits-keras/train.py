"""Trains a small network on handwritten digits with Keras, in AWS's TensorFlow container.

Hyperband stops every training job, so the model is saved after each epoch, before its metric is
printed. On any computer with TensorFlow:

    SM_CHANNEL_TRAINING=data/digits python train.py --epochs 3
"""

import argparse
import os
from pathlib import Path

import keras
import numpy

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--learning-rate", type=float, default=0.001)
parser.add_argument("--units", type=int, default=64)
parser.add_argument("--dropout", type=float, default=0.2)
parser.add_argument("--optimizer", choices=["adam", "rmsprop", "sgd"], default="adam")
# In a tuning job, the TensorFlow container passes this argument to every script. The folder whose
# files become the model artifact is SM_MODEL_DIR.
parser.add_argument("--model_dir")


class SaveAndReport(keras.callbacks.Callback):
    """Saves the model after each epoch, then prints the line that the spec's definition reads."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch, logs=None):
        """Write a SavedModel in a numbered folder, as TensorFlow Serving expects it."""
        self.model.export(self.folder / "1", verbose=False)
        print(f"epoch={epoch + 1} validation:accuracy={logs['val_accuracy']:.6f}", flush=True)


def main():
    """Train one configuration until its last epoch, or until it is stopped."""
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    folder = Path(os.environ.get("SM_CHANNEL_TRAINING", "."))
    # The label, then the 64 pixels of an 8x8 image.
    table = numpy.loadtxt(folder / "digits.csv", delimiter=",", dtype="float32")
    images, labels = table[:, 1:] / 16, table[:, 0].astype("int32")
    held_out = len(images) // 5
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(options.units, activation="relu"),
            keras.layers.Dropout(options.dropout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.get(
        {"class_name": options.optimizer, "config": {"learning_rate": options.learning_rate}}
    )
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        images[:-held_out],
        labels[:-held_out],
        validation_data=(images[-held_out:], labels[-held_out:]),
        epochs=options.epochs,
        verbose=0,
        callbacks=[SaveAndReport(Path(os.environ.get("SM_MODEL_DIR", ".")))],
    )


if __name__ == "__main__":
    main()

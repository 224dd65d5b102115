"""Train a linear classifier on handwritten digits, and print its accuracy after each epoch."""

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split


def main() -> None:
    """Read the hyperparameters, train, and save the model where SageMaker expects it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--alpha", type=float, default=1e-4)
    parser.add_argument("--penalty", default="l2")
    options = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    images = images / 16.0
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=0.3, random_state=0, stratify=labels
    )
    model = SGDClassifier(
        loss="log_loss",
        penalty=options.penalty,
        alpha=options.alpha,
        learning_rate="constant",
        eta0=options.learning_rate,
        random_state=0,
    )
    for epoch in range(1, options.epochs + 1):
        model.partial_fit(train_x, train_y, classes=np.arange(10))
        accuracy = model.score(test_x, test_y)
        print(f"epoch={epoch} validation-accuracy={accuracy:.4f}", flush=True)

    folder = Path(os.environ.get("SM_MODEL_DIR", "."))
    (folder / "model.pickle").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    main()

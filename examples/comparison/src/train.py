"""Train a linear classifier on handwritten digits, and print its accuracy after each epoch."""

import argparse
import os
import pickle
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--learning-rate", type=float, default=0.01)
parser.add_argument("--penalty", default="l2")
options = parser.parse_args()

images, labels = load_digits(return_X_y=True)
images = images / 16
model = SGDClassifier(
    loss="log_loss",
    learning_rate="constant",
    eta0=options.learning_rate,
    penalty=options.penalty,
    random_state=0,
)
base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
checkpoint = base / "checkpoints" / os.environ.get("TRAINING_JOB_NAME", "local") / "model.pickle"
first = 0
if checkpoint.is_file():  # after a spot interruption; the file is this script's own
    first, model = pickle.loads(checkpoint.read_bytes())  # noqa: S301
for epoch in range(first, options.epochs):
    model.partial_fit(images[:-360], labels[:-360], classes=range(10))
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_bytes(pickle.dumps((epoch + 1, model)))
    saved = Path(os.environ.get("SM_MODEL_DIR", ".")) / "model.pickle"
    saved.write_bytes(pickle.dumps(model))
    print(f"accuracy={model.score(images[-360:], labels[-360:]):.4f}", flush=True)

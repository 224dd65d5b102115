"""Trains a small convolutional network on handwritten digits, in AWS's PyTorch container.

It saves the model after every epoch, before it prints the metric, so that a training job that is
stopped has the model of the value that it reported last. After a spot interruption, it continues
with the next epoch. On any computer with PyTorch:

    SM_CHANNEL_TRAINING=data/digits python train.py --epochs 3
"""

import argparse
import os
from pathlib import Path

import numpy
import torch
from torch import nn

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))  # another folder in a local run

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=10)
parser.add_argument("--learning-rate", type=float, default=0.01)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--dropout", type=float, default=0.2)
# The container sets these to the folder of the input channel `training`, and to the one whose files
# become the model artifact.
parser.add_argument("--data-dir", default=os.environ.get("SM_CHANNEL_TRAINING", "."))
parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "."))


def read_digits(folder):
    """The images and labels of digits.csv: the label, then the 64 pixels of an 8x8 image."""
    table = numpy.loadtxt(Path(folder) / "digits.csv", delimiter=",", dtype="float32")
    images = torch.from_numpy(table[:, 1:] / 16).reshape(-1, 1, 8, 8)
    return images, torch.from_numpy(table[:, 0]).long()


def save(state, path):
    """Write a file whole: SageMaker uploads checkpoints while the script runs."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def main():
    """Train one configuration, from its checkpoint if there is one."""
    options = parser.parse_args()
    torch.manual_seed(0)
    images, labels = read_digits(options.data_dir)
    held_out = len(images) // 5
    train_images, train_labels = images[:-held_out], labels[:-held_out]
    model = nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(options.dropout),
        nn.Linear(32 * 4 * 4, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)

    # The training jobs of a tuning job share one location for checkpoints: each has its own folder.
    checkpoint = BASE / "checkpoints" / os.environ.get("TRAINING_JOB_NAME", "local") / "last.pt"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    first = 1
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["epoch"] + 1
        print(f"continuing with epoch {first}", flush=True)

    for epoch in range(first, options.epochs + 1):
        model.train()
        for rows in torch.randperm(len(train_images)).split(options.batch_size):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(train_images[rows]), train_labels[rows])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            correct = model(images[-held_out:]).argmax(dim=1) == labels[-held_out:]
        save(model.state_dict(), Path(options.model_dir) / "model.pt")
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
        save(state, checkpoint)
        accuracy = correct.float().mean().item()
        print(f"epoch={epoch} validation:accuracy={accuracy:.6f}", flush=True)


if __name__ == "__main__":
    main()

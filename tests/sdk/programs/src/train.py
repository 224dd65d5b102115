"""A training script whose loss is known: the distance from a value in the input channel."""

import argparse
import os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--kind")
options = parser.parse_args()
best = float((Path(os.environ["SM_CHANNEL_TRAIN"]) / "best.txt").read_text())
(Path(os.environ["SM_MODEL_DIR"]) / "model.txt").write_text(str(options.rate))
print(f"loss={(options.rate - best) ** 2 + (options.kind == 'b'):.6f};", flush=True)

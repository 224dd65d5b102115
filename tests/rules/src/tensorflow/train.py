"""A training script that reads the argument that TensorFlow's container adds."""

import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--model_dir", default=os.environ.get("SM_MODEL_DIR"))
parser.add_argument("--rounds", type=int)
args, _ = parser.parse_known_args()
folder = args.model_dir

"""A training script that takes any argument."""

import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
arguments, others = parser.parse_known_args()

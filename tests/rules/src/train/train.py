"""A training script with a few arguments, for the cases of rules."""

import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int, default=3)
parser.add_argument("--rate", type=float, default=0.3)
parser.add_argument("--rounds", type=int, default=10)
parser.add_argument("-k", type=int, default=5)
parser.add_argument("--batch-size", type=int, default=32)
arguments = parser.parse_args()

"""Trains a random forest that tells benign tumors from malignant ones, on scikit-learn's own data.

It runs in AWS's scikit-learn container, and on any computer with scikit-learn:

    python train.py --n-estimators 50 --max-depth 4
"""

import argparse
import os
from pathlib import Path

import joblib
from evaluation import cross_validated_auc
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--n-estimators", type=int, default=100)
parser.add_argument("--max-depth", type=int, default=6)
parser.add_argument("--min-samples-leaf", type=int, default=1)
parser.add_argument("--criterion", choices=["gini", "entropy"], default="gini")
parser.add_argument("--folds", type=int, default=5)
# The container sets SM_MODEL_DIR to the folder whose files become the model artifact.
parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "."))


def main():
    """Train and evaluate one configuration, and save the model."""
    arguments = parser.parse_args()
    data = load_breast_cancer()
    model = RandomForestClassifier(
        n_estimators=arguments.n_estimators,
        max_depth=arguments.max_depth,
        min_samples_leaf=arguments.min_samples_leaf,
        criterion=arguments.criterion,
        random_state=0,
    )
    auc = cross_validated_auc(model, data.data, data.target, arguments.folds)
    print(f"validation:auc={auc:.6f}", flush=True)  # the spec's metric definition reads this line
    model.fit(data.data, data.target)
    joblib.dump(model, Path(arguments.model_dir) / "model.joblib")


if __name__ == "__main__":
    main()

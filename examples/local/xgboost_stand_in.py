"""A stand-in for AWS's XGBoost image, on scikit-learn: for rehearsals, not for its results.

It reads the channels `train` and `validation` (CSV, the label first, no header) and a few of
XGBoost's hyperparameters, and prints metrics as XGBoost does. docs/local.md shows how to use it.
"""

import json
import os
import pickle
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])


def rows(channel: str) -> tuple[np.ndarray, np.ndarray]:
    """The features and the labels of a channel."""
    files = sorted((BASE / "input/data" / channel).rglob("*.csv"))
    data = np.vstack([np.loadtxt(file, delimiter=",", ndmin=2) for file in files])
    return data[:, 1:], data[:, 0]


def main() -> None:
    """Train, and print the metrics of some rounds."""
    given = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    is_classifier = given.get("objective", "").startswith("binary:")
    kind = HistGradientBoostingClassifier if is_classifier else HistGradientBoostingRegressor
    model = kind(
        learning_rate=float(given.get("eta", 0.3)),
        max_depth=int(given.get("max_depth", 6)),
        l2_regularization=float(given.get("lambda", 1)),
        min_samples_leaf=max(1, round(float(given.get("min_child_weight", 1)))),
        max_iter=1,
        early_stopping=False,
        warm_start=True,
        random_state=0,
    )
    print("a stand-in for XGBoost, on scikit-learn: other values than XGBoost's", flush=True)
    data = {name: rows(name) for name in ("train", "validation")}
    rounds = int(given.get("num_round", 100))
    for number in sorted({*range(10, rounds, 10), rounds}):
        model.set_params(max_iter=number).fit(*data["train"])
        shown = [f"[{number - 1}]"]
        for name, (features, labels) in data.items():
            if is_classifier:
                chances = model.predict_proba(features)[:, 1]
                shown.append(f"{name}-auc:{roc_auc_score(labels, chances):.5f}")
                shown.append(f"{name}-logloss:{log_loss(labels, chances):.5f}")
            else:
                error = mean_squared_error(labels, model.predict(features))
                shown.append(f"{name}-rmse:{error**0.5:.5f}")
        print("\t".join(shown), flush=True)
    (BASE / "model/stand-in.pickle").write_bytes(pickle.dumps(model))


if __name__ == "__main__":
    main()

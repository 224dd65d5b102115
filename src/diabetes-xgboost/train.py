"""Cross-validates a model with XGBoost, and trains it on all rows with the best number of rounds.

AWS's XGBoost container does one or the other without a script: its `_kfold` leaves a model for each
fold. On any computer with XGBoost:

    SM_CHANNEL_TRAIN=data/diabetes python train.py --eta 0.05
"""

import argparse
import os
from pathlib import Path

import numpy
import xgboost

parser = argparse.ArgumentParser()
# A tuning job accepts ranges for XGBoost's own hyperparameters only, under these names.
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--num_round", type=int, default=300)
parser.add_argument("--eta", type=float, default=0.1)
parser.add_argument("--max_depth", type=int, default=4)
parser.add_argument("--min_child_weight", type=float, default=1)
parser.add_argument("--subsample", type=float, default=0.8)
# The container sets these to the folder of the input channel `train`, and to the one whose files
# become the model artifact.
parser.add_argument("--data-dir", default=os.environ.get("SM_CHANNEL_TRAIN", "."))
parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "."))


def main():
    """Evaluate one configuration, and save its model."""
    options = parser.parse_args()
    table = numpy.loadtxt(Path(options.data_dir) / "diabetes.csv", delimiter=",")
    data = xgboost.DMatrix(table[:, 1:], label=table[:, 0])
    settings = {
        "objective": "reg:squarederror",
        "eval_metric": "rmse",
        "eta": options.eta,
        "max_depth": options.max_depth,
        "min_child_weight": options.min_child_weight,
        "subsample": options.subsample,
        "seed": 0,
    }
    history = xgboost.cv(
        settings,
        data,
        num_boost_round=options.num_round,
        nfold=options.folds,
        early_stopping_rounds=20,
        seed=0,  # the same folds for each configuration
        as_pandas=False,
    )
    rmse = history["test-rmse-mean"]
    model = xgboost.train(settings, data, num_boost_round=len(rmse))
    model.save_model(Path(options.model_dir) / "model.json")
    # The image defines its metrics, which a tuning job can't change: it reads lines like this one.
    print(f"[{len(rmse)}]\tvalidation-rmse:{min(rmse):.6f}", flush=True)


if __name__ == "__main__":
    main()

"""Runs the stand-in for a built-in algorithm, as the training process of a training job."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

from hptc.local.stand_ins.training_files import FAILURE_CODE, TrainingError, TrainingFiles

_MODULES = {
    "xgboost": "xgboost_training",
    "linear-learner": "linear_training",
    "kmeans": "kmeans_training",
    "knn": "knn_training",
}
"""By the name of the algorithm. Each imports its library, which takes up to two seconds."""


def trainer(name: str) -> Callable[[TrainingFiles], None]:
    """The function that trains in place of a built-in algorithm. Raises KeyError."""
    train: Callable[[TrainingFiles], None]
    train = import_module(f"hptc.local.stand_ins.{_MODULES[name]}").train
    return train


def main() -> int:
    """Train, or write the reason why not to output/failure and return a nonzero exit code."""
    files = TrainingFiles.of_container()
    try:
        trainer(sys.argv[1])(files)
    except TrainingError as error:
        files.fail(str(error))
        return FAILURE_CODE
    except ImportError as error:  # uninstalled since the tuning job was created
        files.fail(f"{error}; install the libraries with pip install 'hptc[stand-ins]'")
        return FAILURE_CODE
    except MemoryError:
        files.fail("there is not enough memory for the data")
        return FAILURE_CODE
    return 0


if __name__ == "__main__":
    sys.exit(main())

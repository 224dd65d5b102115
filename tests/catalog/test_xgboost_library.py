"""What the tables accept, the library trains: XGBoost on random hyperparameters.

HPTC_LIBRARY_ASSIGNMENTS sets how many; other versions of the library are measured the same way.
"""

from __future__ import annotations

import os
from random import Random

import numpy as np
import pytest
import xgboost

from hptc.catalog import images
from tests.support.xgboost_assignments import assignment, problem, version_of_xgboost

COUNT = int(os.environ.get("HPTC_LIBRARY_ASSIGNMENTS", "150"))
VERSION = next(
    (
        version
        for version in images.versions("xgboost")
        if version.replace("-", ".") == xgboost.__version__
    ),
    None,
)
OF_THE_CONTAINER = {
    # It reads these, or passes them in another form.
    *(
        "num_round",
        "early_stopping_rounds",
        "csv_weights",
        "save_model_on_termination",
        "eval_metric",
    ),
    *("_kfold", "_num_cv_round", "use_dask_gpu_training", "monotone_constraints"),
    *("interaction_constraints", "_tuning_objective_metric"),
}
_NOT_FINITE = {"nan", "inf", "-inf"}  # which the container accepts, and nobody means

random = np.random.default_rng(0)
FEATURES = random.normal(size=(120, 5))


def labels(settings: dict[str, str]) -> np.ndarray:
    """Labels that suit an objective, so that only the hyperparameters can fail."""
    classes = int(settings["num_class"]) if settings["objective"].startswith("multi:") else 2
    drawn = random.integers(0, classes, size=len(FEATURES))
    return drawn + (settings["objective"] == "reg:gamma")


def train(settings: dict[str, str]) -> str | None:
    """Why the library fails; None if its predictions are numbers."""
    named = {name: value for name, value in settings.items() if name not in OF_THE_CONTAINER}
    data = xgboost.DMatrix(FEATURES, labels(settings))
    if settings["objective"].startswith("rank:"):
        data.set_group([30] * 4)
    try:
        booster = xgboost.train(named | {"nthread": "1", "verbosity": "0"}, data, 2)
    except xgboost.core.XGBoostError as error:
        return str(error)
    return None if np.isfinite(booster.predict(data)).all() else "the predictions are not numbers"


@pytest.mark.skipif(VERSION is None, reason="AWS has no image of the installed version")
def test_the_library_trains_with_what_the_tables_accept() -> None:
    assert VERSION is not None
    algorithm, chosen = version_of_xgboost(VERSION), Random(VERSION)
    refused: list[tuple[dict[str, str], str]] = []
    trained = 0
    while trained + len(refused) < COUNT:
        settings = {"objective": "reg:squarederror"} | assignment(chosen, algorithm, 0.1)
        if problem(algorithm, settings) is not None or _NOT_FINITE & set(settings.values()):
            continue
        failure = train(settings)
        if failure is None:
            trained += 1
        else:
            refused.append((settings, failure))
    assert refused == []

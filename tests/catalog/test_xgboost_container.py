"""The tables agree with XGBoost's own container on random hyperparameters.

Only run with HPTC_ORACLE, the path of a clone of github.com/aws/sagemaker-xgboost-container.
HPTC_ORACLE_ASSIGNMENTS sets how many assignments each version gets.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from hptc.catalog import algorithms, images
from hptc.catalog.algorithms import Algorithm
from hptc.catalog.setting_dependencies import Subject
from tests.support.xgboost_assignments import assignment
from tests.support.xgboost_container import COMMITS, extract, refusals

CLONE = os.environ.get("HPTC_ORACLE", "")
COUNT = int(os.environ.get("HPTC_ORACLE_ASSIGNMENTS", "300"))


def the(version: str) -> Algorithm:
    found = algorithms.algorithm("xgboost", version)
    assert found is not None
    return found


def problem(algorithm: Algorithm, given: dict[str, str]) -> str | None:
    """Why the container refuses an assignment, by the tables; None if they have no reason."""
    known = {name: algorithm.hyperparameter(name) for name in given}
    for name, each in known.items():
        if each is None:
            return f"unknown {name}"
    values = {each.name: given[name] for name, each in known.items() if each is not None}
    for required in algorithm.required_hyperparameters:
        if required.name not in values and (required.when is None or required.when.is_met(values)):
            return f"missing {required.name}"
    for name, value in values.items():
        found = algorithm.hyperparameter(name)
        if found is not None and not found.accepts(value):
            return f"value {name}"
    settings = {Subject("hyperparameter", name): value for name, value in values.items()}
    for dependency in algorithm.dependencies:
        is_validated = dependency.source.startswith("xgc:algorithm_mode/hyperparameter_validation")
        if is_validated and dependency.violated(settings) is not None:
            return f"dependency {dependency.id}"
    return None


def test_every_version_has_a_commit() -> None:
    assert tuple(COMMITS) == images.repository_versions("sagemaker-xgboost")


@pytest.mark.skipif(not CLONE, reason="HPTC_ORACLE is not set (docs/data.md)")
@pytest.mark.parametrize("version", COMMITS)
def test_the_tables_agree_with_the_container(version: str, tmp_path: Path) -> None:
    extract(Path(CLONE), version, tmp_path)
    algorithm, random = the(version), Random(version)
    given = [assignment(random, algorithm, random.choice((0.0, 0.1, 0.4))) for _ in range(COUNT)]
    expected = refusals(tmp_path, given)
    refused = sum(each is not None for each in expected)
    assert COUNT / 10 < refused < COUNT
    different = [
        (each, theirs, ours)
        for each, theirs in zip(given, expected, strict=True)
        if (theirs is None) is not ((ours := problem(algorithm, each)) is None)
    ]
    assert different == []

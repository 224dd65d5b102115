"""The tables agree with XGBoost's own container on random hyperparameters.

Only run with HPTC_ORACLE, the path of a clone of github.com/aws/sagemaker-xgboost-container.
HPTC_ORACLE_ASSIGNMENTS sets how many assignments each version gets.
"""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from hptc.catalog import images
from tests.support.xgboost_assignments import VALIDATED, assignment, problem, version_of_xgboost
from tests.support.xgboost_container import COMMITS, extract, refusals

CLONE = os.environ.get("HPTC_ORACLE", "")
COUNT = int(os.environ.get("HPTC_ORACLE_ASSIGNMENTS", "300"))


def test_every_version_has_a_commit() -> None:
    assert tuple(COMMITS) == images.repository_versions("sagemaker-xgboost")


@pytest.mark.skipif(not CLONE, reason="HPTC_ORACLE is not set (docs/data.md)")
@pytest.mark.parametrize("version", COMMITS)
def test_the_tables_agree_with_the_container(version: str, tmp_path: Path) -> None:
    extract(Path(CLONE), version, tmp_path)
    algorithm, random = version_of_xgboost(version), Random(version)
    drawn = [assignment(random, algorithm, random.choice((0.0, 0.1, 0.4))) for _ in range(COUNT)]
    expected = refusals(tmp_path, drawn)
    refused = sum(refusal is not None for refusal in expected)
    assert COUNT / 10 < refused < COUNT
    different = [
        (values, theirs, ours)
        for values, theirs in zip(drawn, expected, strict=True)
        if (theirs is None) is not ((ours := problem(algorithm, values, VALIDATED)) is None)
    ]
    assert different == []

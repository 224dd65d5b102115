"""The validation of XGBoost's own container, run on hyperparameters: the oracle of the catalog.

It needs a clone of https://github.com/aws/sagemaker-xgboost-container, whose path is in the
environment variable HPTC_ORACLE, and only the standard library. A child process runs each version.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

COMMITS: Mapping[str, str] = {
    "0.90-1": "132188b309ef27b17ee9a769a0bdbbe8ddb802ee",
    "0.90-2": "a034e4b46392a65034316106b039422c93c5d909",
    "1.0-1": "0c7a3b8942f8cd75ea1c9e3c32bb83ea4b69b0a5",
    "1.2-1": "0d8f55de0bec7e7afe29923b217714a592ff5d77",
    "1.2-2": "dd637a025b8e644ab356a182fab4cd628b123b97",
    "1.3-1": "07ece4c7b4984690560406ec66a68176820ee921",
    "1.5-1": "4eef773aab5c9e38a9ba945c8ad31c24d764d44a",
    "1.7-1": "ec28c4b97b187c95a4db5bff38acaaa87f8179d0",
    "3.0-5": "fe01f24a58fbdcfbcfd52944a0e896672ff5c36e",
    "3.2-0": "cb8df91cd44c7b01c53ccf321fd3fdf3eb78adae",
}
"""The commit that the image of each version is built from, as far as the repository shows it."""

_FILES = (
    "sagemaker_algorithm_toolkit/__init__.py",
    "sagemaker_algorithm_toolkit/exceptions.py",
    "sagemaker_algorithm_toolkit/hyperparameter_validation.py",
    "sagemaker_algorithm_toolkit/metrics.py",
    "sagemaker_xgboost_container/constants/xgb_constants.py",
    "sagemaker_xgboost_container/algorithm_mode/hyperparameter_validation.py",
    "sagemaker_xgboost_container/algorithm_mode/metrics.py",
)
_VALIDATE = """
import json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from sagemaker_xgboost_container.algorithm_mode import hyperparameter_validation, metrics
known = hyperparameter_validation.initialize(metrics.initialize())
problems = []
for assignment in json.load(sys.stdin):
    try:
        known.validate(assignment)
        problems.append(None)
    except Exception as problem:
        problems.append(f"{type(problem).__name__}: {problem}"[:300])
print(json.dumps(problems))
"""


def extract(clone: Path, version: str, folder: Path) -> None:
    """Write the modules of the validation, without the packages' own code, to a folder."""
    for name in _FILES:
        source = f"{COMMITS[version]}:src/{name}"
        shown = subprocess.run(
            ["git", "-C", clone, "show", source], capture_output=True, text=True, check=True
        )
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown.stdout, encoding="utf-8")


def refusals(folder: Path, assignments: Sequence[Mapping[str, str]]) -> list[str | None]:
    """What the validation says about each assignment; None if it accepts it."""
    finished = subprocess.run(
        [sys.executable, "-c", _VALIDATE, folder],
        input=json.dumps(assignments),
        capture_output=True,
        text=True,
        check=True,
    )
    problems: list[str | None] = json.loads(finished.stdout)
    return problems

"""The objective of images whose metrics AWS defines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hptc.local.predefined_metrics import objective_regex
from tests.support.local_runs import local_tuning, run, tuning_request


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("[0]\ttrain-auc:0.61\tvalidation-auc:0.87", "0.87"),
        ("[0]#011train-auc:0.61#011validation-auc:0.87", "0.87"),
        ("validation:auc=1e-05", "1e-05"),
        ("epoch 1, validation:auc: -0.5", "-0.5"),
        ("cross-validation-auc:0.5", None),
        ("validation-aucpr:0.5", None),
        ("validationxauc:0.5", None),
    ],
)
def test_the_objective_is_found_as_xgboost_prints_it(line: str, value: str | None) -> None:
    match = re.search(objective_regex("validation:auc"), line)
    assert (match[1] if match else None) == value


def test_a_stand_in_of_a_built_in_algorithm_reports_its_objective(tmp_path: Path) -> None:
    request = tuning_request(jobs=1)
    request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"] = {
        "Type": "Maximize",
        "MetricName": "validation:auc",
    }
    del request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    tuning = local_tuning(tmp_path, r"printf '[0]\ttrain-auc:0.6\tvalidation-auc:0.875\n'")
    _, ended = run(tuning, request)
    assert ended[0].value == 0.875
    description = tuning.describe("demo")
    assert description is not None
    metrics = description["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert [metric["Name"] for metric in metrics] == ["validation:auc", "ObjectiveMetric"]

"""What a captured request has from its run only."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.tool_formats.captured import captured_job, spec_name

ROLE = "arn:aws:iam::000000000000:role/hptc-capture"
REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "churn-261129-2049",
    "TrainingJobDefinition": {
        "RoleArn": ROLE,
        "StaticHyperParameters": {
            "sagemaker_job_name": '"churn-2026-11-29-20-49-08-817"',
            "sagemaker_submit_directory": '"s3://sagemaker-us-east-1-000000000000/x.tar.gz"',
            "epochs": "3",
        },
        "AlgorithmSpecification": {"TrainingImage": "000000000000.dkr.ecr.us-east-1.x/y:1"},
        "OutputDataConfig": {"S3OutputPath": "s3://sagemaker-us-east-1-000000000000/"},
    },
}


def job(request: dict[str, Any]) -> Any:
    return captured_job(request, account="000000000000", role_arn=ROLE)


def test_the_name_and_the_role_of_the_run_are_left_out_and_the_rest_is_named() -> None:
    captured = job(REQUEST)
    definition = {k: v for k, v in REQUEST["TrainingJobDefinition"].items() if k != "RoleArn"}
    assert captured.request == {"TrainingJobDefinition": definition}
    notes = "\n".join(captured.notes)
    assert len(captured.notes) == 6
    assert 'left out the tuning job\'s name "churn-261129-2049", which has a timestamp' in notes
    assert "left out the role, which is the local endpoint's" in notes
    assert "sagemaker_job_name` is" in notes
    assert "add `source: {directory: FOLDER, entry_point: train.py}` to `training_job`" in notes
    assert "endpoint's account: correct the account" in notes
    assert "endpoint's account: name your own bucket" in notes


def test_a_request_of_ones_own_is_kept() -> None:
    request = {
        "HyperParameterTuningJobName": "churn-v3",
        "TrainingJobDefinitions": [{"RoleArn": "arn:aws:iam::111122223333:role/own"}],
    }
    captured = job(request)
    assert (captured.request, captured.notes) == (request, ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sagemaker-xgboost-261129-2049", "sagemaker-xgboost"),
        ("pytorch-2026-11-29-20-49-08-817", "pytorch"),
        ("churn-1764449348", "churn"),
        ("churn-1764449348-a1b2", "churn"),
        ("churn-20261129", "churn"),
        ("churn-v3", "churn-v3"),
        ("a+b", "a-b"),
        ("-261129-2049", "captured"),
    ],
)
def test_a_specs_name_has_no_timestamp(name: str, expected: str) -> None:
    assert spec_name({"HyperParameterTuningJobName": name}) == expected

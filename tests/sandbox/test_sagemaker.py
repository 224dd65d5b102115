"""Tuning jobs: names, status, and their placeholder training job."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hptc.jobs.description import is_described_by
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import CONFIG, DEFINITION, Account


def create(client: Any, name: str) -> str:
    answer = client.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig=CONFIG,
        TrainingJobDefinition=DEFINITION,
    )
    return str(answer["HyperParameterTuningJobArn"])


def test_a_tuning_job_is_completed_with_its_placeholder_training_job(account: Account) -> None:
    sagemaker = account.client("sagemaker")
    arn = create(sagemaker, "Tune-1")
    assert arn == f"arn:aws:sagemaker:us-east-1:{account.id}:hyper-parameter-tuning-job/Tune-1"
    description = sagemaker.describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="Tune-1"
    )
    request = {"HyperParameterTuningJobConfig": CONFIG, "TrainingJobDefinition": DEFINITION}
    assert is_described_by(request, description)
    assert description["HyperParameterTuningJobStatus"] == "Completed"
    assert "FailureReason" not in description
    best = description["BestTrainingJob"]
    assert re.fullmatch("Tune-1-001-[0-9a-f]{8}", best["TrainingJobName"])
    assert best["TunedHyperParameters"] == {"eta": "0.1", "booster": "gbtree"}
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "validation:auc"
    listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="Tune-1"
    )["TrainingJobSummaries"]
    best["FinalHyperParameterTuningJobObjectiveMetric"]["Type"] = "Maximize"
    assert listed == [best]


@pytest.mark.parametrize("name", ["Tune-1", "tune-1", "TUNE-1"])
def test_names_are_unique_ignoring_case(account: Account, name: str) -> None:
    sagemaker = account.client("sagemaker")
    create(sagemaker, "Tune-1")
    with pytest.raises(ClientError) as caught:
        create(sagemaker, name)
    assert caught.value.response["Error"] == {
        "Code": "ResourceInUse",
        "Message": f"A hyperparameter tuning job with the name, {name}, already exists. "
        "Choose a different name.",
    }


@pytest.mark.parametrize(
    "operation",
    [
        "describe_hyper_parameter_tuning_job",
        "stop_hyper_parameter_tuning_job",
        "list_training_jobs_for_hyper_parameter_tuning_job",
    ],
)
def test_a_missing_tuning_job_is_not_found(account: Account, operation: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(account.client("sagemaker"), operation)(HyperParameterTuningJobName="absent")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFound",
        "Message": "Amazon SageMaker can't find a tuning job called absent. Type another name.",
    }


def test_a_completed_tuning_job_cannot_be_stopped(account: Account) -> None:
    sagemaker = account.client("sagemaker")
    create(sagemaker, "tune-1")
    with pytest.raises(ClientError, match=r"ValidationException.*in status Completed"):
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="tune-1")


def test_a_tuning_job_in_progress_runs_until_it_is_stopped(sandbox: Sandbox) -> None:
    with Sandbox(account="555555555555", tuning="held") as other:
        account = Account(id=other.account, endpoint_url=other.endpoint_url)
        sagemaker = account.client("sagemaker")
        create(sagemaker, "tune-1")

        def job() -> Any:
            return sagemaker.describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName="tune-1"
            )

        def counts() -> dict[str, int]:
            counters: dict[str, int] = job()["TrainingJobStatusCounters"]
            return {status: count for status, count in counters.items() if count}

        assert job()["HyperParameterTuningJobStatus"] == "InProgress"
        assert "BestTrainingJob" not in job()
        assert "HyperParameterTuningEndTime" not in job()
        assert counts() == {"InProgress": 1}
        sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="tune-1")
        assert job()["HyperParameterTuningJobStatus"] == "Stopped"
        assert counts() == {"Stopped": 1}
        listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="tune-1", StatusEquals="Stopped"
        )
        assert len(listed["TrainingJobSummaries"]) == 1

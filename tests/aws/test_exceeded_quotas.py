"""What to do about an exceeded quota, in the numbers of the tuning job."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hptc.aws.aws_errors import aws_error
from hptc.aws.exceeded_quotas import quota_help
from tests.support.jobs import definition, request

QUOTA = (
    "The account-level service limit '{quota}' is {limit} Instances, with current utilization of "
    "{used} Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to "
    "request an increase for this quota."
)


def on_m5(count: int) -> dict[str, Any]:
    return definition(ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": count})


REQUEST = request(on_m5(2), parallel=5)


@pytest.mark.parametrize(
    ("quota", "limit", "used", "delta", "parameters", "help"),
    [
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 10, REQUEST,
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, but only 4 are "
            "available: set max_parallel_training_jobs to 2, or request 10 or more for "
            "'ml.m5.xlarge for training job usage' in Service Quotas",
            id="some fit",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 10,
            request(definition(ResourceConfig={"InstanceCount": 2, "InstancePreferences": [
                {"InstanceType": "ml.m5.xlarge"}, {"InstanceType": "ml.c5.xlarge"}]}), parallel=5),
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, but only 4 are "
            "available: set max_parallel_training_jobs to 2, or request 10 or more for "
            "'ml.m5.xlarge for training job usage' in Service Quotas",
            id="one of the preferences",
        ),
        pytest.param(
            "ml.m5.xlarge for spot training job usage", 3, 2, 10, REQUEST,
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, but only 1 is "
            "available: request 12 or more for 'ml.m5.xlarge for spot training job usage' in "
            "Service Quotas",
            id="none fits",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 6, request(on_m5(2), on_m5(1), parallel=5),
            "the tuning job needs 6 more instances at once (max_parallel_training_jobs x "
            "instance_count), but only 4 are available: lower max_parallel_training_jobs, or "
            "request 6 or more for 'ml.m5.xlarge for training job usage' in Service Quotas",
            id="several definitions",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 6, None,
            "the tuning job needs 6 more instances at once", id="request unknown",
        ),
        pytest.param(
            "Number of concurrent tuning jobs", 100, 100, 1, REQUEST,
            "request an increase of 'Number of concurrent tuning jobs' above 100 in Service Quotas",
            id="another quota",
        ),
    ],
)  # fmt: skip
def test_an_exceeded_quota_is_explained(
    quota: str, limit: int, used: int, delta: int, parameters: dict[str, Any] | None, help: str
) -> None:
    text = QUOTA.format(quota=quota, limit=limit, used=used, delta=delta)
    assert quota_help(text, parameters).startswith(help)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        pytest.param(
            "The requested resource training-job/ml.t3.medium is not available in this region",
            "choose another instance type or another Region",
            id="region",
        ),
        pytest.param("Too many.", "request a quota increase", id="unknown text"),
    ],
)
def test_other_limits_have_their_help(text: str, help: str) -> None:
    assert quota_help(text, REQUEST).startswith(help)


def test_the_error_of_an_exceeded_quota_has_the_help() -> None:
    text = QUOTA.format(quota="ml.m5.xlarge for training job usage", limit=4, used=0, delta=10)
    response: Any = {"Error": {"Code": "ResourceLimitExceeded", "Message": text}}
    refused = ClientError(response, "Operation")
    error = aws_error(refused, "sagemaker:CreateHyperParameterTuningJob", request=REQUEST)
    assert error is not None
    assert error.message == text
    assert "set max_parallel_training_jobs to 2" in error.help

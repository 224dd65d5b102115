"""Faults of operations on tuning jobs, as boto3 sees them."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from hptc.errors import UsageError
from hptc.sandbox.faults import Fault, read_fault
from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import Account

ACCOUNT = "666666666662"


@pytest.mark.parametrize(
    ("fault", "code"),
    [("throttle=1", "ThrottlingException.*Rate exceeded"), ("internal=1", "InternalFailure")],
)
def test_the_first_calls_of_each_operation_fail(fault: str, code: str) -> None:
    with Sandbox(account=ACCOUNT, faults=(read_fault(fault),)) as sandbox:
        account = Account(id=ACCOUNT, endpoint_url=sandbox.endpoint_url)
        client = account.client("sagemaker")
        with pytest.raises(ClientError, match=code):
            client.list_hyper_parameter_tuning_jobs()
        assert client.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"] == []
        with pytest.raises(ClientError, match=code):
            client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="a")
        account.client("sts").get_caller_identity()


def test_a_client_that_retries_does_not_notice() -> None:
    make: Any = boto3.client
    with Sandbox(account=ACCOUNT, faults=(read_fault("throttle=1"),)) as sandbox:
        client = make(
            "sagemaker",
            endpoint_url=sandbox.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=access_key_for(ACCOUNT),
            aws_secret_access_key="sandbox",
            config=Config(retries={"total_max_attempts": 2, "mode": "standard"}),
        )
        answer = client.list_hyper_parameter_tuning_jobs()
        assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_latency() -> None:
    with Sandbox(account=ACCOUNT, faults=(read_fault("latency=0.3"),)) as sandbox:
        client = Account(id=ACCOUNT, endpoint_url=sandbox.endpoint_url).client("sagemaker")
        start = time.monotonic()
        client.list_hyper_parameter_tuning_jobs()
        assert time.monotonic() - start >= 0.3


def test_reading() -> None:
    assert read_fault("throttle") == Fault(kind="throttle", amount=2)
    assert read_fault("latency=0.5") == Fault(kind="latency", amount=0.5)
    for text in ("throtle", "throttle=x", "latency=-1", "internal=nan", "internal=1e9"):
        with pytest.raises(UsageError, match=f"--fault {text}: "):
            read_fault(text)

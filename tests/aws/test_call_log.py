"""Each call to AWS is logged without what was sent and received."""

from __future__ import annotations

import logging

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from hptc.aws.call_log import log_calls

SECRET = "hunter2-not-in-any-log"


@pytest.mark.parametrize("is_error", [False, True])
def test_a_call_is_logged(caplog: pytest.LogCaptureFixture, is_error: bool) -> None:
    session = boto3.session.Session("AKID", "SECRET", region_name="us-east-1")
    log_calls(session.events)
    client = session.client("sagemaker")
    with Stubber(client) as stub, caplog.at_level(logging.DEBUG, "hptc"):
        if is_error:
            stub.add_client_error(
                "stop_hyper_parameter_tuning_job",
                "ValidationException",
                SECRET,
                response_meta={"RequestId": "abc-123"},
            )
            with pytest.raises(client.exceptions.ClientError):
                client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="churn")
        else:
            meta = {"HTTPStatusCode": 200, "RequestId": "abc-123", "RetryAttempts": 2}
            stub.add_response("stop_hyper_parameter_tuning_job", {"ResponseMetadata": meta})
            client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="churn")
    (message,) = caplog.messages
    assert message.startswith("AWS sagemaker:StopHyperParameterTuningJob: ")
    assert "request ID abc-123" in message
    assert SECRET not in message
    assert "churn" not in message
    assert ("400 ValidationException" in message) is is_error
    assert ("retries: 2" in message) is not is_error


def test_a_call_that_does_not_reach_aws_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    session = boto3.session.Session("AKID", "SECRET", region_name="us-east-1")
    log_calls(session.events)
    settings = Config(retries={"total_max_attempts": 1})
    client = session.client("sagemaker", endpoint_url="http://127.0.0.1:1", config=settings)
    with caplog.at_level(logging.DEBUG, "hptc"), pytest.raises(EndpointConnectionError):
        client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="churn")
    (message,) = caplog.messages
    assert message.startswith(
        "AWS sagemaker:StopHyperParameterTuningJob: EndpointConnectionError, "
    )

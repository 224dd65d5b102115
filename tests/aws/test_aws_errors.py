"""botocore's exceptions as AwsErrors."""

from __future__ import annotations

import json

import pytest
from botocore import exceptions as boto

from hptc.aws.aws_errors import (
    affects_every_call,
    aws_error,
    credentials_error,
    has_unknown_outcome,
)
from hptc.aws.retry import retry_policy

CREATE = "sagemaker:CreateHyperParameterTuningJob"


def client_error(code: str, message: str = "AWS's own text") -> boto.ClientError:
    return boto.ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@pytest.mark.parametrize(
    ("error", "code", "message", "help"),
    [
        pytest.param(
            client_error("ExpiredTokenException"), "ExpiredTokenException", "AWS's own text",
            "have expired: run `aws sso login`", id="expired",
        ),
        pytest.param(
            client_error("UnrecognizedClientException"), "UnrecognizedClientException",
            "AWS's own text", "does not recognize the credentials", id="unknown credentials",
        ),
        pytest.param(
            client_error("ThrottlingException", "Rate exceeded"), "ThrottlingException",
            "Rate exceeded", "try again in a few minutes", id="throttled",
        ),
        pytest.param(
            client_error("InternalFailure", ""), "InternalFailure", "AWS gave no reason",
            "an error inside AWS", id="internal",
        ),
        pytest.param(
            client_error("ResourceInUse", "already exists"), "ResourceInUse", "already exists",
            "choose another name", id="in use",
        ),
        pytest.param(
            client_error("ValidationException", "line one\nline two"), "ValidationException",
            "line one\nline two", "no tuning job was created", id="validation",
        ),
        pytest.param(
            client_error("AccessDeniedException", "denied"), "AccessDeniedException", "denied",
            f"needs permission for {CREATE}", id="denied, without a text",
        ),
        pytest.param(
            client_error(
                "AccessDeniedException",
                "User: arn:aws:iam::1:user/u is not authorized to perform: sagemaker:AddTags on "
                "resource: arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/x because no "
                "identity-based policy allows the sagemaker:AddTags action",
            ),
            "AccessDeniedException", "User: arn",
            "needs permission for sagemaker:AddTags on arn:aws:sagemaker:us-east-1:1:"
            "hyper-parameter-tuning-job/x", id="denied",
        ),
        pytest.param(
            client_error(
                "AccessDeniedException",
                "User: u is not authorized to perform: iam:PassRole on resource: "
                "arn:aws:iam::1:role/r because no identity-based policy allows it",
            ),
            "AccessDeniedException", "User: u",
            "iam:PassRole on arn:aws:iam::1:role/r to pass the execution role", id="pass role",
        ),
        pytest.param(
            client_error(
                "AccessDeniedException",
                "User: u is not authorized to perform: sagemaker:CreateHyperParameterTuningJob on "
                "resource: * with an explicit deny in a service control policy",
            ),
            "AccessDeniedException", "User: u", f"explicitly denies {CREATE}: contact the",
            id="explicit deny",
        ),
        pytest.param(client_error("Strange", "odd"), "Strange", "odd", "", id="any other"),
        pytest.param(boto.NoCredentialsError(), "", "no AWS credentials found", "AWS_PROFILE",
                     id="no credentials"),
        pytest.param(
            boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "",
            "incomplete", "AWS_PROFILE", id="half credentials",
        ),
        pytest.param(
            boto.CredentialRetrievalError(provider="process", error_msg="exit 1"), "",
            "cannot load the AWS credentials", "AWS_PROFILE", id="unreadable credentials",
        ),
        pytest.param(boto.UnauthorizedSSOTokenError(), "", "session has expired", "aws sso login",
                     id="sso"),
        pytest.param(boto.LoginRefreshRequired(), "", "Please reauthenticate", "run `aws login`",
                     id="login"),
        pytest.param(
            client_error("RequestTimeTooSkewed"), "RequestTimeTooSkewed", "the signature",
            "this machine's clock", id="clock",
        ),
        pytest.param(
            client_error("InvalidClientTokenId"), "InvalidClientTokenId", "AWS's own text",
            "or enable us-east-1 in the account, if it is disabled", id="disabled region",
        ),
        pytest.param(boto.ProfileNotFound(profile="p"), "", "(p) could not be found",
                     "list-profiles", id="profile"),
        pytest.param(boto.NoRegionError(), "", "no AWS Region is configured", "AWS_DEFAULT_REGION",
                     id="region"),
        pytest.param(
            boto.EndpointConnectionError(endpoint_url="https://x"), "", 'reach AWS: Could not '
            'connect to the endpoint URL: "https://x"', "that us-east-1 is a valid Region",
            id="unreachable",
        ),
        pytest.param(
            boto.ReadTimeoutError(endpoint_url="https://x"), "", "cannot reach AWS: Read "
            "timeout", "HTTPS_PROXY", id="timeout",
        ),
        pytest.param(boto.ParamValidationError(report="Missing Strategy"), "",
                     "Missing Strategy", "nothing was sent to AWS", id="botocore's own check"),
        pytest.param(ValueError("Invalid endpoint: x"), "", "Invalid endpoint: x",
                     "AWS_ENDPOINT_URL", id="endpoint"),
    ],
)  # fmt: skip
def test_every_error_has_its_help(error: Exception, code: str, message: str, help: str) -> None:
    converted = aws_error(error, CREATE, region="us-east-1")
    assert converted is not None
    assert (converted.code, converted.exit_code) == (code, 3)
    assert message in converted.message
    assert help in converted.help
    assert "botocore" not in converted.message


@pytest.mark.parametrize(
    ("error", "message", "help"),
    [
        pytest.param(
            FileNotFoundError(2, "No such file or directory", "/run/token"),
            "cannot load the AWS credentials: /run/token: No such file or directory",
            "AWS_PROFILE", id="no-token-file",
        ),
        pytest.param(
            json.JSONDecodeError("Expecting value", "", 0),
            "cannot load the AWS credentials: they are not valid JSON: Expecting value",
            "AWS_PROFILE", id="program-without-json",
        ),
        pytest.param(
            boto.CredentialRetrievalError(provider="custom-process", error_msg=""),
            "Error when retrieving credentials from custom-process", "AWS_PROFILE", id="program",
        ),
        pytest.param(
            client_error(
                "AccessDenied",
                "User: u is not authorized to perform: sts:AssumeRole on resource: "
                "arn:aws:iam::1:role/r",
            ),
            "cannot load the AWS credentials: User: u",
            "needs permission for sts:AssumeRole on arn:aws:iam::1:role/r", id="role-of-a-profile",
        ),
        pytest.param(
            client_error("ExpiredToken"), "cannot load the AWS credentials: AWS's own text",
            "the credentials have expired", id="expired-credentials-for-a-role",
        ),
        pytest.param(
            boto.EndpointConnectionError(endpoint_url="https://x"), "cannot reach AWS: Could not",
            "HTTPS_PROXY", id="unreachable",
        ),
    ],
)  # fmt: skip
def test_an_error_of_the_credentials(error: Exception, message: str, help: str) -> None:
    converted = credentials_error(error, region="us-east-1")
    assert converted is not None
    assert message in converted.message
    assert help in converted.help
    assert affects_every_call(converted)
    assert not has_unknown_outcome(converted)


def test_a_throttled_sign_in_is_retried() -> None:
    error = credentials_error(client_error("ThrottlingException", "Rate exceeded"))
    assert error is not None
    assert retry_policy(error) is not None


def test_a_bug_is_not_an_error_of_the_credentials() -> None:
    assert credentials_error(KeyError("x")) is None


def test_a_message_that_quotes_a_signature_is_hidden() -> None:
    text = "The Canonical String should have been 'x-amz-security-token:SECRET'"
    for code in ("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"):
        error = aws_error(client_error(code, text), CREATE)
        assert error is not None
        assert "SECRET" not in error.message + error.help
        assert "clock" in error.help


def test_other_exceptions_are_not_converted() -> None:
    assert aws_error(KeyError("x"), CREATE) is None
    assert aws_error(ValueError("x"), CREATE) is None


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        ('No S3 objects found under S3 URL "s3://example/" given in input data source.', "HPT922"),
        ("Could not assume role arn:aws:iam::111122223333:role/x.", "HPT942"),
        ("Invalid MaxWaitTimeInSeconds. It is only supported when", "HPT431"),
    ],
)
def test_known_refusal_of_a_tuning_job_names_its_rule(message: str, rule: str) -> None:
    error = aws_error(client_error("ValidationException", message), CREATE)
    assert error is not None
    assert error.message == message
    assert error.help.startswith("no tuning job was created: ")
    assert error.help.endswith(f"(hptc explain {rule})")

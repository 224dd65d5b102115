"""botocore's exceptions as AwsErrors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as boto

from hptc.aws.aws_errors import HtmlResponseError, affects_every_call, aws_error, reject_html
from hptc.aws.retry import INTERNAL_ERROR, retry_policy

CREATE = "sagemaker:CreateHyperParameterTuningJob"
QUOTA = (
    "The account-level service limit '{quota}' is {limit} Instances, with current utilization of "
    "{used} Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to "
    "request an increase for this quota."
)


def client_error(code: str, message: str = "AWS's own text") -> boto.ClientError:
    return boto.ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def request(parallel: int, *resources: dict[str, Any]) -> dict[str, Any]:
    definitions = [{"ResourceConfig": one} for one in resources]
    return {
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": parallel}},
        **(
            {"TrainingJobDefinition": definitions[0]}
            if len(definitions) == 1
            else {"TrainingJobDefinitions": definitions}
        ),
    }


M5 = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}


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
    found = aws_error(error, CREATE, region="us-east-1")
    assert found is not None
    assert (found.code, found.exit_code) == (code, 3)
    assert message in found.message
    assert help in found.help
    assert "botocore" not in found.message


def test_a_message_that_quotes_a_signature_is_hidden() -> None:
    text = "The Canonical String should have been 'x-amz-security-token:SECRET'"
    for code in ("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"):
        found = aws_error(client_error(code, text), CREATE)
        assert found is not None
        assert "SECRET" not in found.message + found.help
        assert "clock" in found.help


def test_other_exceptions_are_not_converted() -> None:
    assert aws_error(KeyError("x"), CREATE) is None
    assert aws_error(ValueError("x"), CREATE) is None


@pytest.mark.parametrize(
    ("quota", "limit", "used", "delta", "parameters", "help"),
    [
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 10, request(5, M5),
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, but 4 are free: set "
            "max_parallel_training_jobs to 2, or request 10 or more for 'ml.m5.xlarge for training "
            "job usage' in Service Quotas",
            id="some fit",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 10,
            request(5, {"InstanceCount": 2, "InstancePreferences": [
                {"InstanceType": "ml.m5.xlarge"}, {"InstanceType": "ml.c5.xlarge"}]}),
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, but 4 are free: set "
            "max_parallel_training_jobs to 2, or request 10 or more for 'ml.m5.xlarge for training "
            "job usage' in Service Quotas",
            id="one of the preferences",
        ),
        pytest.param(
            "ml.m5.xlarge for spot training job usage", 3, 2, 10, request(5, M5),
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, but 1 are free: "
            "request 12 or more for 'ml.m5.xlarge for spot training job usage' in Service Quotas",
            id="none fits",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 6, request(5, M5, {**M5,
            "InstanceCount": 1}),
            "the tuning job needs 6 more instances at once (max_parallel_training_jobs x "
            "instance_count), but 4 are free: lower max_parallel_training_jobs, or request 6 or "
            "more for 'ml.m5.xlarge for training job usage' in Service Quotas",
            id="several definitions",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 6, None,
            "the tuning job needs 6 more instances at once", id="request unknown",
        ),
        pytest.param(
            "Number of concurrent tuning jobs", 100, 100, 1, request(5, M5),
            "request an increase of 'Number of concurrent tuning jobs' above 100 in Service Quotas",
            id="another quota",
        ),
    ],
)  # fmt: skip
def test_an_exceeded_quota_is_explained(
    quota: str, limit: int, used: int, delta: int, parameters: dict[str, Any] | None, help: str
) -> None:
    text = QUOTA.format(quota=quota, limit=limit, used=used, delta=delta)
    found = aws_error(client_error("ResourceLimitExceeded", text), CREATE, request=parameters)
    assert found is not None
    assert found.message == text
    assert found.help.startswith(help)


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
    found = aws_error(client_error("ResourceLimitExceeded", text), CREATE)
    assert found is not None
    assert found.help.startswith(help)


PAGE = "<!DOCTYPE html><html><head><title>Blocked</title></head></html>"


def html_response(status: int, **error: str) -> boto.ClientError:
    """What botocore raises for an HTML page: query protocols have no `Error` then."""
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"content-type": "text/html; charset=x"}}
    response: Any = {"ResponseMetadata": metadata}
    return boto.ClientError(response | ({"Error": error} if error else {}), "Operation")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(html_response(403, Code="403", Message=PAGE), id="json protocol"),
        pytest.param(html_response(407), id="query protocol"),
        pytest.param(html_response(404, Code="", Message=""), id="rest-xml protocol"),
        pytest.param(client_error("403", PAGE), id="page without headers"),
        pytest.param(HtmlResponseError(status=200), id="success status"),
    ],
)
def test_an_html_page_points_to_the_endpoint_and_the_proxy(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_SAGEMAKER", raising=False)
    found = aws_error(error, CREATE, region="us-east-1")
    assert found is not None
    assert "the sagemaker endpoint in us-east-1 returned an HTML page" in found.message
    assert "<" not in found.message
    for name in ("HTTPS_PROXY", "NO_PROXY", "AWS_ENDPOINT_URL"):
        assert name in found.help
    assert affects_every_call(found)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"])
def test_an_html_page_of_a_configured_endpoint_names_its_url(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv(variable, "http://user:hunter2@proxy.example:8080/path?token=hunter3")
    found = aws_error(html_response(403), CREATE, region="us-east-1")
    assert found is not None
    assert "http://proxy.example:8080 returned an HTML page (HTTP 403)" in found.message
    assert "hunter" not in found.message + found.help


def test_an_html_page_of_an_overloaded_server_is_retried() -> None:
    found = aws_error(html_response(503, Code="503", Message="Service Unavailable"), CREATE)
    assert found is not None
    assert retry_policy(found) is INTERNAL_ERROR
    assert "HTTPS_PROXY" in found.help


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


@pytest.mark.parametrize(
    ("body", "is_page"),
    [
        pytest.param(b"\n <html>Sign in</html>", True, id="markup"),
        pytest.param(b"", True, id="empty"),
        pytest.param(b'{"events": []}', False, id="json that is declared as html"),
    ],
)
def test_a_page_is_rejected_by_its_markup(body: bytes, is_page: bool) -> None:
    response = {"status_code": 200, "headers": {"content-type": "text/html"}, "body": body}
    if is_page:
        with pytest.raises(HtmlResponseError):
            reject_html(response)
    else:
        assert reject_html(response) is None  # type: ignore[func-returns-value]

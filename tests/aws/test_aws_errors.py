"""What boto raises, in the words of hptc."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as boto

from hptc.aws.aws_errors import aws_error

CREATE = "sagemaker:CreateHyperParameterTuningJob"
QUOTA = (
    "The account-level service limit '{quota}' is {limit} Instances, with current utilization of "
    "{used} Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to "
    "request an increase for this quota."
)


def refusal(code: str, message: str = "AWS's own text") -> boto.ClientError:
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
            refusal("ExpiredTokenException"), "ExpiredTokenException", "AWS's own text",
            "have expired: `aws sso login`", id="expired",
        ),
        pytest.param(
            refusal("UnrecognizedClientException"), "UnrecognizedClientException",
            "AWS's own text", "does not know these credentials", id="unknown credentials",
        ),
        pytest.param(
            refusal("ThrottlingException", "Rate exceeded"), "ThrottlingException",
            "Rate exceeded", "try again in a few minutes", id="throttled",
        ),
        pytest.param(
            refusal("InternalFailure", ""), "InternalFailure", "AWS gave no reason",
            "AWS failed by itself", id="internal",
        ),
        pytest.param(
            refusal("ResourceInUse", "already exists"), "ResourceInUse", "already exists",
            "pick another name", id="in use",
        ),
        pytest.param(
            refusal("ValidationException", "line one\nline two"), "ValidationException",
            "line one\nline two", "nothing was created", id="validation",
        ),
        pytest.param(
            refusal("AccessDeniedException", "denied"), "AccessDeniedException", "denied",
            f"must be allowed {CREATE}", id="denied, without a text",
        ),
        pytest.param(
            refusal(
                "AccessDeniedException",
                "User: arn:aws:iam::1:user/u is not authorized to perform: sagemaker:AddTags on "
                "resource: arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/x because no "
                "identity-based policy allows the sagemaker:AddTags action",
            ),
            "AccessDeniedException", "User: arn",
            "must be allowed sagemaker:AddTags on arn:aws:sagemaker:us-east-1:1:"
            "hyper-parameter-tuning-job/x", id="denied",
        ),
        pytest.param(
            refusal(
                "AccessDeniedException",
                "User: u is not authorized to perform: iam:PassRole on resource: "
                "arn:aws:iam::1:role/r because no identity-based policy allows it",
            ),
            "AccessDeniedException", "User: u",
            "iam:PassRole on arn:aws:iam::1:role/r, to hand the role to SageMaker", id="pass role",
        ),
        pytest.param(
            refusal(
                "AccessDeniedException",
                "User: u is not authorized to perform: sagemaker:CreateHyperParameterTuningJob on "
                "resource: * with an explicit deny in a service control policy",
            ),
            "AccessDeniedException", "User: u", f"a policy forbids {CREATE}: ask who owns",
            id="explicit deny",
        ),
        pytest.param(refusal("Strange", "odd"), "Strange", "odd", "", id="any other"),
        pytest.param(boto.NoCredentialsError(), "", "there are no AWS credentials", "AWS_PROFILE",
                     id="no credentials"),
        pytest.param(
            boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "",
            "incomplete", "AWS_PROFILE", id="half credentials",
        ),
        pytest.param(
            boto.CredentialRetrievalError(provider="process", error_msg="exit 1"), "",
            "can't be read", "AWS_PROFILE", id="unreadable credentials",
        ),
        pytest.param(boto.UnauthorizedSSOTokenError(), "", "(SSO) has expired", "aws sso login",
                     id="sso"),
        pytest.param(boto.ProfileNotFound(profile="p"), "", "(p) could not be found",
                     "list-profiles", id="profile"),
        pytest.param(boto.NoRegionError(), "", "no AWS Region", "AWS_DEFAULT_REGION",
                     id="region"),
        pytest.param(
            boto.EndpointConnectionError(endpoint_url="https://x"), "", 'reached: Could not '
            'connect to the endpoint URL: "https://x"', "that us-east-1 is the Region's name",
            id="unreachable",
        ),
        pytest.param(
            boto.ReadTimeoutError(endpoint_url="https://x"), "", "AWS can't be reached: Read "
            "timeout", "the proxy", id="timeout",
        ),
        pytest.param(boto.ParamValidationError(report="Missing Strategy"), "",
                     "Missing Strategy", "before anything was sent", id="botocore's own check"),
        pytest.param(ValueError("Invalid endpoint: x"), "", "Invalid endpoint: x",
                     "AWS_ENDPOINT_URL", id="endpoint"),
    ],
)  # fmt: skip
def test_every_error_says_what_to_do(error: Exception, code: str, message: str, help: str) -> None:
    found = aws_error(error, CREATE, region="us-east-1")
    assert found is not None
    assert (found.code, found.exit_code) == (code, 3)
    assert message in found.message
    assert help in found.help
    assert "botocore" not in found.message


def test_a_text_that_quotes_a_signature_is_not_shown() -> None:
    text = "The Canonical String should have been 'x-amz-security-token:SECRET'"
    for code in ("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"):
        found = aws_error(refusal(code, text), CREATE)
        assert found is not None
        assert "SECRET" not in found.message + found.help
        assert "clock" in found.help


def test_bugs_stay_bugs() -> None:
    assert aws_error(KeyError("x"), CREATE) is None
    assert aws_error(ValueError("x"), CREATE) is None


@pytest.mark.parametrize(
    ("quota", "limit", "used", "delta", "sent", "help"),
    [
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 10, request(5, M5),
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, and 4 are free: set "
            "max_parallel_training_jobs to 2, or ask Service Quotas for 'ml.m5.xlarge for training "
            "job usage' of 10 or more",
            id="some fit",
        ),
        pytest.param(
            "ml.m5.xlarge for spot training job usage", 3, 2, 10, request(5, M5),
            "5 parallel training jobs x 2 ml.m5.xlarge = 10 instances at once, and 1 are free: ask "
            "Service Quotas for 'ml.m5.xlarge for spot training job usage' of 12 or more",
            id="none fits",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 6, request(5, M5, {**M5,
            "InstanceCount": 1}),
            "the search wants 6 more instances at once (max_parallel_training_jobs x "
            "instance_count), and 4 are free: lower max_parallel_training_jobs, or ask Service "
            "Quotas for 'ml.m5.xlarge for training job usage' of 6 or more",
            id="several definitions",
        ),
        pytest.param(
            "ml.m5.xlarge for training job usage", 4, 0, 6, None,
            "the search wants 6 more instances at once", id="request unknown",
        ),
        pytest.param(
            "Number of concurrent tuning jobs", 100, 100, 1, request(5, M5),
            "ask Service Quotas to raise 'Number of concurrent tuning jobs' above 100",
            id="another quota",
        ),
    ],
)  # fmt: skip
def test_a_quota_is_explained(
    quota: str, limit: int, used: int, delta: int, sent: dict[str, Any] | None, help: str
) -> None:
    text = QUOTA.format(quota=quota, limit=limit, used=used, delta=delta)
    found = aws_error(refusal("ResourceLimitExceeded", text), CREATE, request=sent)
    assert found is not None
    assert found.message == text
    assert found.help.startswith(help)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        pytest.param(
            "The requested resource training-job/ml.t3.medium is not available in this region",
            "choose another instance type, or another Region",
            id="region",
        ),
        pytest.param("Too many.", "ask Service Quotas for more", id="unknown text"),
    ],
)
def test_other_limits(text: str, help: str) -> None:
    found = aws_error(refusal("ResourceLimitExceeded", text), CREATE)
    assert found is not None
    assert found.help.startswith(help)

"""Converts botocore's exceptions to an AwsError with a help text.

AWS's error code and message are kept as they are; the help is hptc's. Two kinds of message are
replaced: those that quote a request's signature, because they may contain credentials, and HTML
pages, because they don't come from AWS.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hptc.aws.retry import INTERNAL_ERROR_CODES, THROTTLING_CODES
from hptc.aws.sign_in import sign_in
from hptc.catalog.error_texts import known_errors
from hptc.errors import AwsError
from hptc.text import shortened

_EXPIRED_CREDENTIALS = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
_INVALID_SIGNATURE = frozenset(
    {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    }
)
_ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

_DENIED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")
_PROXY_SETTINGS = "the proxy settings (HTTPS_PROXY, NO_PROXY)"
_HTML_TAG = re.compile(r"<[^>]*>")
_MAX_PAGE_TEXT = 200
_PAGE_START = 1000  # bytes
_QUOTA = re.compile(
    r"service limit '(?P<quota>[^']+)' is (?P<limit>[\d.]+)[^,]*, "
    r"with current utilization of (?P<used>[\d.]+)[^,]*? "
    r"and a request delta of (?P<delta>[\d.]+)"
)
_INSTANCE_QUOTA = re.compile(r"(?P<type>ml\.\S+) for (?:spot )?training (?:warm pool )?job usage")


class HtmlResponseError(Exception):
    """An endpoint returned an HTML page with a success status, which botocore can't parse."""

    def __init__(self, *, status: int) -> None:
        super().__init__(f"the endpoint returned an HTML page (HTTP {status})")
        self.status = status


def reject_html(response_dict: Mapping[str, Any], **_: Any) -> None:
    """Handle botocore's `before-parse` event: raise HtmlResponseError for a page with status 2xx.

    botocore parses such a page into a response without members. Not for S3, whose objects may be
    HTML.
    """
    status = response_dict["status_code"]
    if status < 300 and _is_html_type(response_dict["headers"]) and _is_page(response_dict):
        raise HtmlResponseError(status=status)


def aws_error(
    error: Exception, action: str, *, region: str = "", request: Mapping[str, Any] | None = None
) -> AwsError | None:
    """Convert a botocore exception; None if it concerns neither AWS nor the network.

    `action` is the call's IAM action. `request` holds the call's parameters, which the help for an
    exceeded quota refers to.
    """
    from botocore import exceptions as boto

    match error:
        case HtmlResponseError():
            metadata = {"HTTPStatusCode": error.status}
            return _html_error({"ResponseMetadata": metadata}, action, region)
        case boto.ClientError():
            if _is_html(error.response):
                return _html_error(error.response, action, region)
            return _client_error(error.response.get("Error", {}), action, request)
        case boto.NoCredentialsError():
            return MissingCredentialsError("no AWS credentials found", help=sign_in())
        case boto.PartialCredentialsError():
            message = f"the AWS credentials are incomplete: {error}"
            return MissingCredentialsError(message, help=sign_in())
        case boto.TokenRetrievalError() | boto.SSOError():
            return NotSentError("the AWS SSO session has expired", help="run `aws sso login`")
        case boto.CredentialRetrievalError():
            return NotSentError(f"cannot load the AWS credentials: {error}", help=sign_in())
        case boto.ProfileNotFound():
            return NotSentError(str(error), help="`aws configure list-profiles` lists the profiles")
        case boto.NoRegionError():
            return missing_region()
        case boto.ParamValidationError():
            help = "botocore rejected the call; nothing was sent to AWS"
            return NotSentError(str(error), help=help)
        case boto.HTTPClientError() | boto.ConnectionError():
            return AwsError(
                f"cannot reach AWS: {error}",
                help=f"check the network, {_PROXY_SETTINGS} and AWS_ENDPOINT_URL"
                + (f", and that {region} is a valid Region" if region else ""),
            )
        case boto.BotoCoreError():
            return AwsError(str(error))
        case ValueError() if str(error).startswith("Invalid endpoint"):
            return NotSentError(str(error), help="set AWS_ENDPOINT_URL to a valid URL, or unset it")
        case _:
            return None


def was_retried(error: Exception) -> bool:
    """Whether botocore had sent the call before the attempt that failed with an error."""
    response = getattr(error, "response", None) or {}
    return bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))


class NotSentError(AwsError):
    """The call failed on this machine; nothing was sent to AWS."""


class MissingCredentialsError(NotSentError):
    """No complete credentials were found, so nothing was sent to AWS."""


def has_unknown_outcome(error: AwsError) -> bool:
    """Whether the call may have taken effect anyway: no answer, or an internal error."""
    if isinstance(error, NotSentError):
        return False
    return not error.code or error.code in INTERNAL_ERROR_CODES


def affects_every_call(error: AwsError) -> bool:
    """Whether any other call would fail too: credentials, account or network."""
    return (
        not error.code
        or error.code in _EXPIRED_CREDENTIALS | _UNKNOWN_CREDENTIALS | _INVALID_SIGNATURE
    )


def is_access_denied(error: AwsError) -> bool:
    """Whether the caller's permissions don't allow the call; the help names what is missing."""
    return error.code in _ACCESS_DENIED


def missing_region() -> AwsError:
    """The error for a call without a Region."""
    return NotSentError(
        "no AWS Region is configured",
        help="choose an environment of hptc.yaml with --env, set AWS_DEFAULT_REGION, "
        "or set `region` in the profile",
    )


def _is_html(response: Mapping[str, Any]) -> bool:
    message = str(response.get("Error", {}).get("Message", "")).lstrip().lower()
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return message.startswith(("<!doctype html", "<html")) or _is_html_type(headers)


def _is_page(response_dict: Mapping[str, Any]) -> bool:
    """Whether a response has markup; moto declares that its JSON of CloudWatch Logs is HTML."""
    body = response_dict.get("body") or b"<"
    return bool(body[:_PAGE_START].lstrip().startswith(b"<"))


def _is_html_type(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").lower().startswith("text/html")


def _html_error(response: Mapping[str, Any], action: str, region: str) -> AwsError:
    """The error for an HTML page, which a proxy, a gateway or a wrong endpoint returns."""
    error = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    text = " ".join(_HTML_TAG.sub(" ", str(error.get("Message", ""))).split())
    code = str(error.get("Code", ""))
    return AwsError(
        f"{_endpoint(action, region)} returned an HTML page"
        + (f" (HTTP {status})" if status else "")
        + (f": {shortened(text, _MAX_PAGE_TEXT)}" if text else ""),
        # Only a code that is retried is kept: any other call would get a page too.
        code=code if code in INTERNAL_ERROR_CODES | THROTTLING_CODES else "",
        help=f"a proxy may be answering instead of AWS: check {_PROXY_SETTINGS} and "
        "AWS_ENDPOINT_URL",
    )


def _endpoint(action: str, region: str) -> str:
    """The endpoint of a call for messages, without the credentials that a URL may contain.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    service = action.partition(":")[0]
    url = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get(
        "AWS_ENDPOINT_URL"
    )
    if url:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return f"the {service or 'AWS'} endpoint{f' in {region}' if region else ''}"


def _client_error(
    error: Mapping[str, Any], action: str, request: Mapping[str, Any] | None
) -> AwsError:
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    if code in _EXPIRED_CREDENTIALS:
        return AwsError(message, code=code, help=f"the credentials have expired: {sign_in()}")
    if code in _UNKNOWN_CREDENTIALS:
        return AwsError(
            message, code=code, help=f"AWS does not recognize the credentials: {sign_in()}"
        )
    if code in _INVALID_SIGNATURE:
        return AwsError(
            "AWS rejected the signature of the request",
            code=code,
            help="check the secret access key and this machine's clock",
        )
    message = message or "AWS gave no reason"
    if code in _ACCESS_DENIED:
        return AwsError(message, code=code, help=_denied_help(message, action))
    if code in THROTTLING_CODES:
        return AwsError(
            message, code=code, help="AWS is throttling requests: try again in a few minutes"
        )
    if code in INTERNAL_ERROR_CODES:
        return AwsError(
            message, code=code, help="this is an error inside AWS: try again in a few minutes"
        )
    if code == "ResourceLimitExceeded":
        return AwsError(message, code=code, help=_quota_help(message, request or {}))
    if code == "ResourceInUse":
        return AwsError(message, code=code, help="choose another name")
    if code == "ValidationException" and action == "sagemaker:CreateHyperParameterTuningJob":
        return AwsError(message, code=code, help=f"no tuning job was created: {_advice(message)}")
    return AwsError(message, code=code)


def _advice(message: str) -> str:
    """What to do about an error of CreateHyperParameterTuningJob, and the rule that explains it."""
    known = next(iter(known_errors(message)), None)
    if known is None or not known.advice:
        return "fix the spec and submit it again"
    rules = f" (hptc explain {known.rules[0]})" if known.rules else ""
    return f"{'; '.join(known.advice)}{rules}"


def _denied_help(message: str, action: str) -> str:
    found = _DENIED_ACTION.search(message)
    needed = found[1] if found else action
    resource = (found[2] or "").rstrip(".,") if found else ""
    target = f" on {resource}" if resource and resource != "*" else ""
    if "explicit deny" in message:
        return f"a policy explicitly denies {needed}{target}: contact the account's administrator"
    if needed == "iam:PassRole":
        return f"the caller needs iam:PassRole{target} to pass the execution role to SageMaker"
    return f"the caller needs permission for {needed}{target}"


def _quota_help(message: str, request: Mapping[str, Any]) -> str:
    """How to get below an exceeded quota, in the request's own numbers."""
    if "is not available in this region" in message:
        return "choose another instance type or another Region"
    found = _QUOTA.search(message)
    if found is None:
        return "request a quota increase in Service Quotas, or make the tuning job smaller"
    quota, limit, used, delta = (found[name] for name in ("quota", "limit", "used", "delta"))
    instance = _INSTANCE_QUOTA.fullmatch(quota)
    if instance is None:
        return (
            f"request an increase of '{quota}' above {limit} in Service Quotas, or make the tuning "
            "job smaller"
        )
    needed, free = float(delta), max(0.0, float(limit) - float(used))
    parallel = _max_parallel_jobs(request)
    count = _instance_count(request, instance["type"])
    increase = f"request {float(used) + needed:g} or more for '{quota}' in Service Quotas"
    if not parallel or not count or parallel * count != needed:
        return (
            f"the tuning job needs {needed:g} more instances at once (max_parallel_training_jobs x "
            f"instance_count), but {free:g} are free: lower max_parallel_training_jobs, or "
            f"{increase}"
        )
    fitting = int(free // count)
    lower = f"set max_parallel_training_jobs to {fitting}, or " if fitting else ""
    return (
        f"{parallel} parallel training jobs x {count} {instance['type']} = {needed:g} instances at "
        f"once, but {free:g} are free: {lower}{increase}"
    )


def _max_parallel_jobs(request: Mapping[str, Any]) -> int:
    config = request.get("HyperParameterTuningJobConfig", {})
    return int(config.get("ResourceLimits", {}).get("MaxParallelTrainingJobs", 0))


def _instance_count(request: Mapping[str, Any], instance_type: str) -> int:
    """The instances of a type that one training job uses; 0 if the definitions differ in it."""
    definitions = request.get("TrainingJobDefinitions") or [
        request.get("TrainingJobDefinition", {})
    ]
    counts = set()
    for definition in definitions:
        resources = {
            **definition.get("ResourceConfig", {}),
            **definition.get("HyperParameterTuningResourceConfig", {}),
        }
        groups = (
            resources.get("InstanceGroups")
            or resources.get("InstanceConfigs")
            or resources.get("InstancePreferences")
            or [resources]
        )
        shared = resources.get("InstanceCount", 1)
        counts.add(
            sum(
                group.get("InstanceCount", shared)
                for group in groups
                if group.get("InstanceType") == instance_type
            )
        )
    return counts.pop() if len(counts) == 1 else 0

"""Converts botocore's exceptions to an AwsError with a help text.

AWS's error code and message are kept as they are; the help is hptc's. Two kinds of message are
replaced: those that quote a request's signature, because they may contain credentials, and HTML
pages, because they don't come from AWS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hptc.aws.exceeded_quotas import quota_help
from hptc.aws.html_pages import PROXY_SETTINGS, HtmlResponseError, html_error, is_html
from hptc.aws.retry import INTERNAL_ERROR_CODES, THROTTLING_CODES, retry_policy
from hptc.aws.sign_in import sign_in
from hptc.catalog.error_texts import known_errors
from hptc.errors import AwsError

_EXPIRED_CREDENTIALS = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
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
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

_DENIED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")


class NotSentError(AwsError):
    """The call failed on this machine; nothing was sent to AWS."""


class MissingCredentialsError(NotSentError):
    """No complete credentials were found, so nothing was sent to AWS."""


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
            return html_error({"ResponseMetadata": metadata}, action, region)
        case boto.ClientError():
            if is_html(error.response):
                return html_error(error.response, action, region)
            return _client_error(error.response.get("Error", {}), action, request, region)
        case boto.NoCredentialsError():
            return MissingCredentialsError("no AWS credentials found", help=sign_in())
        case boto.PartialCredentialsError():
            message = f"the AWS credentials are incomplete: {error}"
            return MissingCredentialsError(message, help=sign_in())
        case boto.TokenRetrievalError() | boto.SSOError():
            return NotSentError("the AWS SSO session has expired", help="run `aws sso login`")
        case boto.LoginError():
            return NotSentError(f"cannot load the AWS credentials: {error}", help="run `aws login`")
        case boto.CredentialRetrievalError():
            text = str(error).rstrip(": ")  # a program that writes no error
            return NotSentError(f"cannot load the AWS credentials: {text}", help=sign_in())
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
                help=f"check the network, {PROXY_SETTINGS} and AWS_ENDPOINT_URL"
                + (f", and that {region} is a valid Region" if region else ""),
            )
        case boto.BotoCoreError():
            return AwsError(str(error))
        case ValueError() if str(error).startswith("Invalid endpoint"):
            return NotSentError(str(error), help="set AWS_ENDPOINT_URL to a valid URL, or unset it")
        case _:
            return None


def credentials_error(error: Exception, *, region: str = "") -> AwsError | None:
    """Convert an exception while credentials were loaded; None if it can only be a bug.

    AWS may have refused a call that loads them, such as sts:AssumeRole for a profile. Any other
    call would fail for the same reason, so the error has no code, unless a retry can help.
    """
    translated = aws_error(error, "sts:AssumeRole", region=region)
    if translated is None:
        # botocore lets errors about a file of tokens, and a program of a profile, through.
        match error:
            case OSError(strerror=str() as text, filename=str() as file):
                reason = f"{file}: {text}"
            case OSError():
                reason = str(error)
            case ValueError():
                reason = f"they are not valid JSON: {error}"
            case _:
                return None
        return NotSentError(f"cannot load the AWS credentials: {reason}", help=sign_in())
    if isinstance(translated, NotSentError) or retry_policy(translated) is not None:
        return translated
    message = translated.message
    if translated.code:
        message = f"cannot load the AWS credentials: {message}"
    return NotSentError(message, help=translated.help)


def was_retried(error: Exception) -> bool:
    """Whether botocore had sent the call before the attempt that failed with an error."""
    response = getattr(error, "response", None) or {}
    return bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))


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


def _client_error(
    error: Mapping[str, Any], action: str, request: Mapping[str, Any] | None, region: str
) -> AwsError:
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    if code in _INVALID_SIGNATURE:  # the message quotes what was signed
        return AwsError(
            "AWS rejected the signature of the request",
            code=code,
            help="check the secret access key and this machine's clock",
        )
    message = message or "AWS gave no reason"
    return AwsError(message, code=code, help=_help(code, message, action, request, region))


def _help(
    code: str, message: str, action: str, request: Mapping[str, Any] | None, region: str
) -> str:
    """What to do about an error of AWS; empty if its message has to be enough."""
    if code in _EXPIRED_CREDENTIALS:
        return f"the credentials have expired: {sign_in()}"
    if code in _UNKNOWN_CREDENTIALS:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
        enabled = f"; or enable {region} in the account, if it is disabled" if region else ""
        return f"AWS does not recognize the credentials: {sign_in()}{enabled}"
    if code in _ACCESS_DENIED:
        return _denied_help(message, action)
    if code in THROTTLING_CODES:
        return "AWS is throttling requests: try again in a few minutes"
    if code in INTERNAL_ERROR_CODES:
        return "this is an error inside AWS: try again in a few minutes"
    if code == "ResourceLimitExceeded":
        return quota_help(message, request)
    if code == "ResourceInUse":
        return "choose another name"
    if code == "ValidationException" and action == "sagemaker:CreateHyperParameterTuningJob":
        return f"no tuning job was created: {_advice(message)}"
    return ""


def _denied_help(message: str, action: str) -> str:
    match = _DENIED_ACTION.search(message)
    needed = match[1] if match else action
    resource = (match[2] or "").rstrip(".,") if match else ""
    target = f" on {resource}" if resource and resource != "*" else ""
    if "explicit deny" in message:
        return f"a policy explicitly denies {needed}{target}: contact the account's administrator"
    if needed == "iam:PassRole":
        return f"the caller needs iam:PassRole{target} to pass the execution role to SageMaker"
    return f"the caller needs permission for {needed}{target}"


def _advice(message: str) -> str:
    """What to do about an error of CreateHyperParameterTuningJob, and the rule that explains it."""
    error = next(iter(known_errors(message)), None)
    if error is None or not error.advice:
        return "fix the spec and submit it again"
    rules = f" (hptc explain {error.rules[0]})" if error.rules else ""
    return f"{'; '.join(error.advice)}{rules}"

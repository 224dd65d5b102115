"""What boto raises, as an AwsError that says what to do.

AWS's own code and text stay as they are; the help is hptc's. Texts that quote the signature of a
call are replaced: they may hold credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hptc.aws.retry import INTERNAL, THROTTLED
from hptc.errors import AwsError

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
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
_BAD_SIGNATURE = frozenset(
    {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

_SIGN_IN = "`aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_PERFORM = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")
_QUOTA = re.compile(
    r"service limit '(?P<quota>[^']+)' is (?P<limit>[\d.]+)[^,]*, "
    r"with current utilization of (?P<used>[\d.]+)[^,]*? "
    r"and a request delta of (?P<delta>[\d.]+)"
)
_INSTANCE_QUOTA = re.compile(r"(?P<type>ml\.\S+) for (?:spot )?training (?:warm pool )?job usage")


def aws_error(
    error: Exception, action: str, *, region: str = "", request: Mapping[str, Any] | None = None
) -> AwsError | None:
    """What a call's exception means; None for one that is no business of AWS or the network.

    `action` is the IAM action of the call, and `request` what was sent, for the numbers of a quota.
    """
    from botocore import exceptions as boto

    match error:
        case boto.ClientError():
            return _refusal(error.response.get("Error", {}), action, request)
        case boto.NoCredentialsError():
            return AwsError("there are no AWS credentials", help=_SIGN_IN)
        case boto.PartialCredentialsError():
            return AwsError(f"the AWS credentials are incomplete: {error}", help=_SIGN_IN)
        case boto.TokenRetrievalError() | boto.SSOError():
            return AwsError("the AWS sign-in (SSO) has expired", help="`aws sso login`")
        case boto.CredentialRetrievalError():
            return AwsError(f"the AWS credentials can't be read: {error}", help=_SIGN_IN)
        case boto.ProfileNotFound():
            return AwsError(
                str(error), help="`aws configure list-profiles` shows the profiles there are"
            )
        case boto.NoRegionError():
            return no_region()
        case boto.ParamValidationError():
            return AwsError(str(error), help="this was found before anything was sent")
        case boto.HTTPClientError() | boto.ConnectionError():
            return AwsError(
                f"AWS can't be reached: {error}",
                help="check the network, the proxy and AWS_ENDPOINT_URL"
                + (f", and that {region} is the Region's name" if region else ""),
            )
        case boto.BotoCoreError():
            return AwsError(str(error))
        case ValueError() if str(error).startswith("Invalid endpoint"):
            return AwsError(str(error), help="correct AWS_ENDPOINT_URL")
        case _:
            return None


def is_about_caller(error: AwsError) -> bool:
    """Whether every other call would fail, too: credentials, the account, the network."""
    return not error.code or error.code in _EXPIRED | _UNKNOWN_CREDENTIALS | _BAD_SIGNATURE


def no_region() -> AwsError:
    """No one said which Region."""
    return AwsError(
        "there is no AWS Region to work in",
        help="choose an environment of hptc.yaml with --env, or set AWS_DEFAULT_REGION, "
        "or a `region` in the profile",
    )


def _refusal(error: Mapping[str, Any], action: str, request: Mapping[str, Any] | None) -> AwsError:
    code, text = str(error.get("Code", "")), str(error.get("Message", ""))
    if code in _EXPIRED:
        return AwsError(text, code=code, help=f"the credentials have expired: {_SIGN_IN}")
    if code in _UNKNOWN_CREDENTIALS:
        return AwsError(text, code=code, help=f"AWS does not know these credentials: {_SIGN_IN}")
    if code in _BAD_SIGNATURE:
        return AwsError(
            "AWS does not accept the signature of the call",
            code=code,
            help="check the secret access key, and that this machine's clock is right",
        )
    text = text or "AWS gave no reason"
    if code in _DENIED:
        return AwsError(text, code=code, help=_denied_help(text, action))
    if code in THROTTLED:
        return AwsError(
            text, code=code, help="AWS limits how often it is called: try again in a few minutes"
        )
    if code in INTERNAL:
        return AwsError(text, code=code, help="AWS failed by itself: try again in a few minutes")
    if code == "ResourceLimitExceeded":
        return AwsError(text, code=code, help=_limit_help(text, request or {}))
    if code == "ResourceInUse":
        return AwsError(text, code=code, help="pick another name; names are never free again")
    if code == "ValidationException" and action == "sagemaker:CreateHyperParameterTuningJob":
        return AwsError(
            text, code=code, help="nothing was created: correct the spec and submit again"
        )
    return AwsError(text, code=code)


def _denied_help(text: str, action: str) -> str:
    found = _PERFORM.search(text)
    needed = found[1] if found else action
    resource = (found[2] or "").rstrip(".,") if found else ""
    of = f" on {resource}" if resource and resource != "*" else ""
    if "explicit deny" in text:
        return f"a policy forbids {needed}{of}: ask who owns the account"
    if needed == "iam:PassRole":
        return f"the caller must be allowed iam:PassRole{of}, to hand the role to SageMaker"
    return f"the caller must be allowed {needed}{of}"


def _limit_help(text: str, request: Mapping[str, Any]) -> str:
    """Why a quota is too small, in the numbers of the request."""
    if "is not available in this region" in text:
        return "choose another instance type, or another Region"
    found = _QUOTA.search(text)
    if found is None:
        return "ask Service Quotas for more, or make the search smaller"
    quota, limit, used, delta = (found[name] for name in ("quota", "limit", "used", "delta"))
    instance = _INSTANCE_QUOTA.fullmatch(quota)
    if instance is None:
        return f"ask Service Quotas to raise '{quota}' above {limit}, or make the search smaller"
    wanted, free = float(delta), max(0.0, float(limit) - float(used))
    parallel = _parallel(request)
    count = _instance_count(request, instance["type"])
    advice = f"ask Service Quotas for '{quota}' of {float(used) + wanted:g} or more"
    if not parallel or not count or parallel * count != wanted:
        return (
            f"the search wants {wanted:g} more instances at once (max_parallel_training_jobs x "
            f"instance_count), and {free:g} are free: lower max_parallel_training_jobs, or {advice}"
        )
    fits = int(free // count)
    lower = f"set max_parallel_training_jobs to {fits}, or " if fits else ""
    return (
        f"{parallel} parallel training jobs x {count} {instance['type']} = {wanted:g} instances at "
        f"once, and {free:g} are free: {lower}{advice}"
    )


def _parallel(request: Mapping[str, Any]) -> int:
    config = request.get("HyperParameterTuningJobConfig", {})
    return int(config.get("ResourceLimits", {}).get("MaxParallelTrainingJobs", 0))


def _instance_count(request: Mapping[str, Any], instance_type: str) -> int:
    """How many instances of a type one training job takes; 0 when several definitions differ."""
    definitions = request.get("TrainingJobDefinitions") or [
        request.get("TrainingJobDefinition", {})
    ]
    counts = set()
    for definition in definitions:
        resources = {
            **definition.get("ResourceConfig", {}),
            **definition.get("HyperParameterTuningResourceConfig", {}),
        }
        groups = resources.get("InstanceGroups") or resources.get("InstanceConfigs") or [resources]
        counts.add(
            sum(g.get("InstanceCount", 1) for g in groups if g.get("InstanceType") == instance_type)
        )
    return counts.pop() if len(counts) == 1 else 0

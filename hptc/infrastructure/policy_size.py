"""Calculates the size of policies after their references are resolved."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hptc.infrastructure.arns import arn
from hptc.infrastructure.statements import Statement, document
from hptc.project.project_file import Environment
from hptc.project.references import latest_spec, substitute
from hptc.request.identity import MAX_NAME

MAX_ROLE_POLICY = 10_240
"""The maximum size of all inline policies of a role together."""
MAX_MANAGED_POLICY = 6_144
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
MAX_ENDPOINT_POLICY = 20_480
"""https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html"""

_MAX_BUCKET_NAME_LENGTH = 63
_MAX_ROLE_NAME_LENGTH = 64
_MAX_STATE_MACHINE_NAME_LENGTH = 80
_KEY_ID_LENGTH = 36
_RESOURCE_ID_LENGTH = 17  # of EC2: hexadecimal digits
_LOGICAL_ID_HASH_LENGTH = 8
_GENERATED_SUFFIX_LENGTH = 14  # a hyphen, and what CloudFormation adds to make a name unique


def policy_size(statements: Iterable[Statement], environment: Environment) -> int:
    """The maximum number of characters of a policy, as IAM counts them: without whitespace."""
    resolved = with_longest_values(document(statements), environment)
    return len(json.dumps(resolved, separators=(",", ":"), ensure_ascii=False))


def with_longest_values(value: object, environment: Environment) -> object:
    """Plain data with a text of the maximum length in place of each reference."""
    return substitute(value, lambda name: "x" * _longest_value(name, environment))


def _longest_value(name: str, environment: Environment) -> int:
    if name in ("artifact_bucket", "data_bucket"):
        if name in environment.parameters:
            return _MAX_BUCKET_NAME_LENGTH
        logical_id = len(name.replace("_", "")) + _LOGICAL_ID_HASH_LENGTH
        generated = len(environment.foundation_stack) + 1 + logical_id + _GENERATED_SUFFIX_LENGTH
        return min(_MAX_BUCKET_NAME_LENGTH, generated)
    if name == "kms_key_arn" or name.startswith("input_kms_key"):
        return len(arn(environment, "kms", "key/")) + _KEY_ID_LENGTH
    if name == "execution_role_arn":
        path = arn(environment, "iam", f"role{environment.role_path}", is_global=True)
        return len(path) + _MAX_ROLE_NAME_LENGTH
    if latest_spec(name) is not None:
        return MAX_NAME
    if name == "state_machine_arn":
        return len(arn(environment, "states", "stateMachine:")) + _MAX_STATE_MACHINE_NAME_LENGTH
    return len("subnet-") + _RESOURCE_ID_LENGTH

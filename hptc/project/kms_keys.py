"""KMS keys of an environment: their ARNs, and those that `require_kms_keys` accepts.

Rule HPT811 and the launcher policy's conditions both use these functions, so they always agree.
"""

from __future__ import annotations

from hptc.catalog.arn import ARN
from hptc.catalog.images import partition
from hptc.project.project_file import Environment
from hptc.project.references import has_reference


def own_key(environment: Environment) -> str | None:
    """The key that an environment adds to requests, in the form used there; None without one."""
    key = environment.variables.get("kms_key_arn")
    return key if isinstance(key, str) else None


def is_alias(key: str) -> bool:
    """Whether a key is identified by an alias or the ARN of one."""
    return key.startswith("alias/") or ":alias/" in key


def service_of_managed_key(key: str) -> str | None:
    """The service of an AWS managed key, by its alias or the alias's ARN; None for other keys."""
    arn = ARN.parse(key)
    alias = arn.resource if arn is not None else key
    return alias.removeprefix("alias/aws/") if alias.startswith("alias/aws/") else None


def any_key(environment: Environment) -> str:
    """A glob for the ARN of any key in the environment's account and Region."""
    return _arn("key/*", environment)


def allowed_keys(environment: Environment) -> tuple[str, ...]:
    """Globs for the ARNs of the keys that `require_kms_keys` accepts.

    The environment's own key; without one, any key of the account. For a key known only by an
    alias, both: the key's ARN does not show its aliases.
    """
    own = own_key(environment)
    if own is None:
        return (any_key(environment),)
    arn = key_arn(own, environment)
    return (arn, any_key(environment)) if ":alias/" in arn else (arn,)


def key_arn(key: str, environment: Environment) -> str:
    """The ARN of a KMS key or alias, from its ID, alias or ARN."""
    if key.startswith("arn:") or has_reference(key):
        return key
    return _arn(key if key.startswith("alias/") else f"key/{key}", environment)


def _arn(resource: str, environment: Environment) -> str:
    return str(
        ARN(
            partition=partition(environment.region),
            service="kms",
            region=environment.region,
            account=environment.account,
            resource=resource,
        )
    )

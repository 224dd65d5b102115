"""KMS keys of an environment: their ARNs, and those that `require_kms_keys` takes.

The HPT811 rule and the launcher's IAM conditions both read these, so that they mean the same.
"""

from __future__ import annotations

from hptc.catalog.images import partition
from hptc.project.project_file import Environment
from hptc.project.references import has_reference


def own_key(environment: Environment) -> str | None:
    """The key that an environment fills into requests, as it stands there; None without one."""
    key = environment.variables.get("kms_key_arn")
    return key if isinstance(key, str) else None


def any_key(environment: Environment) -> str:
    """A glob for the ARN of any key of the environment's account and Region."""
    return _arn("key/*", environment)


def allowed_keys(environment: Environment) -> tuple[str, ...]:
    """Globs for the ARNs of the keys that `require_kms_keys` takes.

    The environment's own; without one, any of its account. Which key an alias means is told by no
    ARN, so with an alias it is both.
    """
    own = own_key(environment)
    if own is None:
        return (any_key(environment),)
    made = key_arn(own, environment)
    return (made, any_key(environment)) if ":alias/" in made else (made,)


def key_arn(key: str, environment: Environment) -> str:
    """The ARN of a KMS key or alias that is given by its id, its alias or its ARN."""
    if key.startswith("arn:") or has_reference(key):
        return key
    return _arn(key if key.startswith("alias/") else f"key/{key}", environment)


def _arn(name: str, environment: Environment) -> str:
    region, account = environment.region, environment.account
    return f"arn:{partition(region)}:kms:{region}:{account}:{name}"

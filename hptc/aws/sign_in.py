"""What to do about missing, expired or wrong credentials, which depends on where they come from.

The keys in environment variables come before AWS_PROFILE:
https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
"""

from __future__ import annotations

import os

_KEY = "AWS_ACCESS_KEY_ID"
_PROFILE = "AWS_PROFILE"


def sign_in(account: str = "") -> str:
    """How to get credentials, or those for an account."""
    profile = f"set {_PROFILE}" + (f" to a profile for account {account}" if account else "")
    if os.environ.get(_KEY):
        return (
            f"replace those in {_KEY}, or unset it, since it comes before {_PROFILE} and "
            f"`aws sso login`, and {profile}"
        )
    if used := os.environ.get(_PROFILE):
        log_in = f"run `aws sso login --profile {used}`, or {profile} to another"
        return profile if account else log_in
    keys = "" if account else f", or {_KEY} and AWS_SECRET_ACCESS_KEY"
    return f"run `aws sso login`, or {profile}{keys}"

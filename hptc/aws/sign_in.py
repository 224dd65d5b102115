"""What to do about missing, expired or other credentials: where they come from decides.

The keys in environment variables come before AWS_PROFILE:
https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
"""

from __future__ import annotations

import os

_KEY = "AWS_ACCESS_KEY_ID"


def sign_in(account: str = "") -> str:
    """How to get credentials, or those for an account."""
    profile = "set AWS_PROFILE" + (f" to a profile for account {account}" if account else "")
    if os.environ.get(_KEY):
        return (
            f"replace those in {_KEY}, or unset it, since it comes before AWS_PROFILE and "
            f"`aws sso login`, and {profile}"
        )
    keys = "" if account else f", or {_KEY} and AWS_SECRET_ACCESS_KEY"
    return f"run `aws sso login`, or {profile}{keys}"

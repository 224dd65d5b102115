"""The naming rules of Amazon S3 buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re

from hptc.frozen import frozen

LEGACY_REGION = "us-east-1"
"""Where buckets from before March 2018 can have names that the rules exclude today."""

_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_MAX_LENGTH, _MAX_LEGACY_LENGTH = 63, 255
_LEGACY_CHARACTER = r"[A-Za-z0-9._-]"
_PLACEHOLDER = r"[<>{}$\[\]]"
_IP_ADDRESS = r"\d{1,3}(\.\d{1,3}){3}"


@frozen
class BrokenRule:
    """A rule that a bucket's name breaks, as the end of a sentence about the name."""

    text: str
    is_placeholder: bool = False  # it was not replaced with a name
    is_legacy: bool = False  # a bucket in us-east-1 from before March 2018 can have the name


def broken_rule(name: str) -> BrokenRule | None:
    """The first rule that a name breaks. Names shorter than the minimum of 3 are not reported.

    Access point aliases (`…-s3alias`) and directory buckets (`…--x-s3`) stand for buckets in an S3
    URI, so the suffixes that S3 reserves for them are accepted.
    """
    if re.search(_PLACEHOLDER, name):
        return BrokenRule(text="is a placeholder", is_placeholder=True)
    for character in name:
        if re.match(_LEGACY_CHARACTER, character) is None:
            return BrokenRule(text=f"contains `{character}`")
    if len(name) > _MAX_LEGACY_LENGTH:
        return BrokenRule(text=f"has {len(name)} characters")
    for prefix in _RESERVED_PREFIXES:
        if name.startswith(prefix):
            return BrokenRule(text=f"starts with `{prefix}`, which S3 reserves")
    if re.fullmatch(_IP_ADDRESS, name):
        return BrokenRule(text="is an IP address")
    if len(name) > _MAX_LENGTH:
        return BrokenRule(text=f"has {len(name)} characters", is_legacy=True)
    if name != name.lower():
        return BrokenRule(text="contains uppercase letters", is_legacy=True)
    if "_" in name:
        return BrokenRule(text="contains `_`", is_legacy=True)
    if ".." in name:
        return BrokenRule(text="contains `..`", is_legacy=True)
    if not (name[:1] + name[-1:]).isalnum():
        return BrokenRule(text="does not start and end with a letter or digit", is_legacy=True)
    return None

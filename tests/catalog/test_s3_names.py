"""The names that a bucket can have."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.catalog.s3_names import broken_rule


@pytest.mark.parametrize(
    "name",
    ["bucket", "my.bucket-2", "0-0", "a" * 63, "models--use1-az4--x-s3", "point-abc-s3alias",
     "data-111122223333-us-east-1-an", "1.2.3.4.5", "b"],
)  # fmt: skip
def test_valid_names(name: str) -> None:
    assert broken_rule(name) is None


@pytest.mark.parametrize(
    ("name", "text", "is_legacy"),
    [
        ("<bucket>", "is a placeholder", False),
        ("my,bucket", "contains `,`", False),
        ("a b", "contains ` `", False),
        ("b\u00fccket", "contains `\u00fc`", False),
        ("192.168.5.4", "is an IP address", False),
        ("xn--x", "starts with `xn--`, which S3 reserves", False),
        ("amzn-s3-demo-bucket", "starts with `amzn-s3-demo-`, which S3 reserves", False),
        ("a" * 256, "has 256 characters", False),
        ("a" * 64, "has 64 characters", True),
        ("Bucket", "contains uppercase letters", True),
        ("my_bucket", "contains `_`", True),
        ("my..bucket", "contains `..`", True),
        ("bucket-", "does not start and end with a letter or digit", True),
    ],
)
def test_broken_rules(name: str, text: str, is_legacy: bool) -> None:
    broken = broken_rule(name)
    assert broken is not None
    assert (broken.text, broken.is_legacy) == (text, is_legacy)


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{1,40}[a-z0-9]", fullmatch=True))
def test_a_name_of_letters_digits_and_hyphens_is_valid(name: str) -> None:
    is_reserved = re.match("xn--|sthree-|amzn-s3-demo-", name) is not None
    assert (broken_rule(name) is not None) == is_reserved


@given(st.text(min_size=1, max_size=300))
def test_any_text_is_judged(name: str) -> None:
    broken = broken_rule(name)
    assert broken is None or broken.text

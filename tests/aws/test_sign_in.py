"""The advice about credentials works for where they come from."""

from __future__ import annotations

import pytest

from hptc.aws.sign_in import sign_in


def test_a_profile_comes_after_the_keys_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    assert sign_in("111122223333") == (
        "replace those in AWS_ACCESS_KEY_ID, or unset it, since it comes before AWS_PROFILE and "
        "`aws sso login`, and set AWS_PROFILE to a profile for account 111122223333"
    )
    assert sign_in().endswith("and set AWS_PROFILE")


def test_a_profile_that_is_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_PROFILE", "corp")
    assert sign_in("111122223333") == "set AWS_PROFILE to a profile for account 111122223333"
    assert sign_in() == "run `aws sso login --profile corp`, or set AWS_PROFILE to another"


def test_without_keys_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    assert sign_in("111122223333") == (
        "run `aws sso login`, or set AWS_PROFILE to a profile for account 111122223333"
    )
    assert sign_in() == (
        "run `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )

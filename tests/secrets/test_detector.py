"""A secret is known by its format, its name or what is next to it, not by looking random."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from hptc.secrets.detector import hide_secrets, secret_in
from hptc.secrets.formats import FORMATS, MAY_HAVE_FORMAT, SecretFormat

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("x", KEY_ID, "an AWS access key ID"),
        ("x", f'"{KEY_ID}"', "an AWS access key ID"),
        ("x", f"id={KEY_ID};", "an AWS access key ID"),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY, "an AWS secret access key"),
        ("x", "-----BEGIN PRIVATE KEY-----", "a private key"),
        ("x", "-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        ("x", "ghp_" + "a1" * 18, "a GitHub token"),
        ("x", "github_pat_" + "a1" * 41, "a GitHub token"),
        ("x", "hf_" + "a" * 34, "a Hugging Face token"),
        ("x", "xoxb-" + "1" * 12 + "-abc", "a Slack token"),
        ("x", "dapi" + "0a" * 16, "a Databricks token"),
        ("x", "eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + "." + "c" * 20, "a JSON web token"),
        ("x", "s3+https://me:hunter2@example.com/", "a password in a URL"),
        ("DB_PASSWORD", "correct-horse", "a password"),
        ("dbPassword", "correct-horse", "a password"),
        ("password", "h3llo!", "a password"),
        ("wandb-api-key", "0a" * 20, "a secret (its name is `wandb-api-key`)"),
        ("AWS_SECRET_ACCESS_KEY", "k3y-+q9z", "a secret (its name is `AWS_SECRET_ACCESS_KEY`)"),
        ("api_key", "12345678-90ab-cdef-1234-567890abcdef", "a secret (its name is `api_key`)"),
    ],
)
def test_is_a_secret(name: str, value: str, kind: str) -> None:
    assert secret_in(name, value) == kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commit", "0a" * 20),
        ("digest", "9f" * 32),
        ("model", SECRET_KEY),
        ("id", "AKIA"),
        ("id", KEY_ID.lower()),
        ("id", KEY_ID + "X"),
        ("endpoint", "https://example.com:8443/a@b"),
        ("proxy", "http://user:${PASSWORD}@example.com"),
        ("certificate", "-----BEGIN CERTIFICATE-----"),
        ("password", ""),
        ("password", "short"),
        ("password", "h3ll!"),
        ("password", "********"),
        ("password", "/training/db"),
        ("password", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"),
        ("password", "{{resolve:secretsmanager:db}}"),
        ("password_column", "customer-password"),
        ("api_key_name", "training-wandb"),
        ("pad_token", "<|endoftext|>"),
        ("bypass", "correct-horse"),
        ("api_key", "a1+b2 c3+d4"),
        ("api_key", "12345678"),
        ("api_key", "training-wandb-2"),
        ("password", "certificate.pem"),
        ("password", "DB_PASSWORD"),
        ("password", "your-password-here"),
        ("api_key", "YOUR-KEY-1"),
        ("encryption_key", "12345678-90ab-cdef-1234-567890abcdef"),
    ],
)
def test_is_not_a_secret(name: str, value: str) -> None:
    assert secret_in(name, value) is None


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        pytest.param("password", "a8 b7 c6 d5 e4 f3 g2 h1", True, id="a phrase of eight words"),
        pytest.param("password", "a8 b7 c6 d5 e4 f3 g2 h1 i0", False, id="a sentence"),
        pytest.param("api_key", "abcdefghij" * 2 + "+", True, id="a word of 20 letters"),
        pytest.param("api_key", "key+" + "abcdefghij" * 2, True, id="one long word of two"),
        pytest.param("api_key", "abcdefghijabcdefghi+", False, id="a word of 19 letters"),
        pytest.param("x", "a " * 4990 + KEY_ID, True, id="a secret in the first 10,000 characters"),
        pytest.param("x", "a " * 4990 + "." + KEY_ID, False, id="a secret that is cut"),
    ],
)
def test_long_and_short_values(name: str, value: str, is_secret: bool) -> None:
    assert (secret_in(name, value) is not None) is is_secret


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("passphrase=h3llo!", "passphrase=******"),
        ("passphrase=h3ll!", "passphrase=h3ll!"),
        ("passphrase h3llo! depth=6", "passphrase h3llo! depth=6"),
        (f"a {KEY_ID} b", f"a {'*' * 20} b"),
        (f"token={KEY_ID} and more", f"token={'*' * 20} and more"),
        (f"token={KEY_ID}x and more", f"token={'*' * 21} and more"),
        (f"token=x{KEY_ID}/x9 and more", f"token={'*' * 24} and more"),
    ],
)
def test_secrets_in_a_text_are_as_wide_as_before(text: str, hidden: str) -> None:
    assert hide_secrets(text) == hidden


def test_secret_access_key_next_to_its_id() -> None:
    assert secret_in("x", SECRET_KEY, beside=[KEY_ID]) == "an AWS secret access key"
    assert secret_in("commit", "0a" * 20, beside=[KEY_ID]) is None


@pytest.mark.parametrize(
    "text", ["a" * 2500, "eyJ" * 800, "a://" * 600, "sk-" + "T3Blbk" * 400, "AKIA" * 600]
)
def test_long_text_is_matched_quickly(text: str) -> None:
    start = time.perf_counter()
    for _ in range(20):
        secret_in("x", text)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.kind)
def test_the_first_test_of_a_text_lets_every_format_through(known: SecretFormat) -> None:
    texts = shortest_texts(re._parser.parse(known.pattern))  # type: ignore[attr-defined]
    assert texts
    for text in texts:
        assert MAY_HAVE_FORMAT.search(text), text


def shortest_texts(tokens: Any) -> list[str]:
    """The shortest text of each alternative of a parsed expression, without its assertions."""
    texts = [""]
    for operator, argument in tokens:
        match str(operator):
            case "LITERAL":
                parts = [chr(argument)]
            case "NOT_LITERAL":
                parts = ["x"]
            case "IN":
                parts = [member(argument)]
            case "BRANCH":
                parts = [text for inner in argument[1] for text in shortest_texts(inner)]
            case "SUBPATTERN":
                parts = shortest_texts(argument[3])
            case "MAX_REPEAT" | "POSSESSIVE_REPEAT":
                parts = [text * argument[0] for text in shortest_texts(argument[2])]
            case "AT" | "ASSERT" | "ASSERT_NOT":
                parts = [""]
            case other:
                raise NotImplementedError(other)
        texts = [text + part for text in texts for part in parts]
    return texts


def member(characters: Any) -> str:
    """One character of a set."""
    operator, argument = characters[0]
    match str(operator):
        case "LITERAL":
            return chr(argument)
        case "RANGE":
            return chr(argument[0])
        case "CATEGORY":
            return "0"
        case "NEGATE":
            return "x"
        case other:
            raise NotImplementedError(other)

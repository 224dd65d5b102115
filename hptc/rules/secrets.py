"""Detects secrets in values, and their kind.

A value is a secret because of its format (that of a key, the prefix of a token) or because of its
name. Randomness alone proves nothing: digests, ids and seeds look random too. Every expression is
bounded, so matching takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_ACCESS_KEY_ID = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_SECRET_ACCESS_KEY = re.compile(r"[A-Za-z0-9/+]{40}")
_HEX = re.compile(r"[0-9a-fA-F]+")

_FORMS: Mapping[str, tuple[str, str]] = {
    "a private key": (
        "PRIVATE KEY",
        r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
    ),
    "a GitHub token": (
        "_",
        r"\b(?:gh[opsur]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})",
    ),
    "a GitLab token": ("glpat-", r"\bglpat-[A-Za-z0-9_-]{20,255}"),
    "a Hugging Face token": ("hf_", r"\bhf_[A-Za-z0-9]{34}\b"),
    "a Slack token": ("xox", r"\bxox[abeoprs]-[0-9A-Za-z-]{10,255}"),
    "an OpenAI key": (
        "T3BlbkFJ",
        r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,255}T3BlbkFJ[A-Za-z0-9_-]{20}",
    ),
    "an Anthropic key": ("sk-ant-", r"\bsk-ant-[a-z0-9]{1,10}-[A-Za-z0-9_-]{32}"),
    "a Google API key": ("AIza", r"\bAIza[0-9A-Za-z_-]{35}"),
    "a Stripe key": ("k_live_", r"\b[rs]k_live_[0-9A-Za-z]{24}"),
    "an npm token": ("npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    "a PyPI token": ("pypi-AgE", r"\bpypi-AgE[A-Za-z0-9_-]{50}"),
    "a Databricks token": ("dapi", r"\bdapi[0-9a-f]{32}\b"),
    "a JSON web token": (
        "eyJ",
        r"\beyJ[A-Za-z0-9_-]{10,2500}\.eyJ[A-Za-z0-9_-]{10,2500}\.[A-Za-z0-9_-]{10}",
    ),
    "a password in a URL": (
        "://",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@]{1,128}:(?![$<{*%])[^/\s:@]{3,128}@",
    ),
}
"""For each kind, a substring that every secret of it contains, tested first, and its format."""

_SECRET_NAMES = (
    "access_token",
    "api_key",
    "apikey",
    "auth_token",
    "client_secret",
    "passwd",
    "password",
    "private_key",
    "secret_access_key",
    "secret_key",
)
_REFERENCE = re.compile(r"[/<{$*%]|arn:|https?:|s3:|ssm:|secretsmanager|vault:|env:")
"""How a value starts that refers to a secret, or is a placeholder for one."""
_MIN_LENGTH = 8


def secret_in(name: str, value: str, *, beside: Iterable[str] = ()) -> str | None:
    """The kind of secret that a value contains, or None.

    `beside` are the values next to it: a secret access key has no distinctive format and is
    recognized by the access key ID next to it.
    """
    text = value.strip().strip('"')
    if len(text) < _MIN_LENGTH:  # every format is longer, and most values are short
        return None
    if _ACCESS_KEY_ID.search(text):
        return "an AWS access key ID"
    for kind, (mark, form) in _FORMS.items():
        if mark in text and re.search(form, text):
            return kind
    if _is_secret_access_key(text) and (
        _words(name).endswith("secret_access_key")
        or any(_ACCESS_KEY_ID.search(other) for other in beside)
    ):
        return "an AWS secret access key"
    return _named_secret(name, text)


def _is_secret_access_key(text: str) -> bool:
    return bool(_SECRET_ACCESS_KEY.fullmatch(text)) and not _HEX.fullmatch(text)


def _named_secret(name: str, text: str) -> str | None:
    """A literal value whose name indicates a secret: `DB_PASSWORD`, `wandb-api-key`."""
    is_literal = (
        len(text) >= _MIN_LENGTH
        and _REFERENCE.match(text) is None
        and not any(character.isspace() for character in text)
        and len(set(text)) > 1
    )
    words = _words(name)
    called = next((known for known in _SECRET_NAMES if words.endswith(known)), None)
    if not is_literal or called is None:
        return None
    return "a password" if called.startswith("pass") else f"a secret (its name is `{name}`)"


def _words(name: str) -> str:
    """A name in snake case, the same for `wandbApiKey`, `WANDB_API_KEY` and `wandb-api-key`."""
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", spread).strip("_").lower()

"""Detects secrets in values and hides them in text that is shown.

A value is a secret because of its format (that of a key, the prefix of a token) or because of its
name. Randomness alone proves nothing: digests, IDs and seeds look random too. Every expression is
bounded, so matching takes linear time. formats.py has the formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from hptc.secrets.formats import FORMATS, MAY_HAVE_FORMAT

_ACCESS_KEY_ID = r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_SECRET_ACCESS_KEY = re.compile(r"[A-Za-z0-9/+]{40}")
_HEX = r"[0-9a-fA-F]+"

_SECRET_NAMES = re.compile(
    r"(?:^|_)(?:"
    r"(?:access|api|auth|account|app|client|consumer|deploy|encryption|license|master|private|rsa"
    r"|secret|secret_access|service|shared|signing|signature|ssh|storage|subscription|webhook|write"
    r"|wandb|openai|comet|neptune|datadog|sendgrid|kaggle|anthropic|cohere|mistral|groq|hf"
    r"|account_storage|fernet|session|cookie|jwt|hmac|aes|ingest|admin|gcp|azure|stripe)_?key"
    r"|apikey|passphrase|passcode|passw(?:or)?d|pass|pwd|passwd|credentials?|creds"
    r"|secret|client_secret|token|auth_?token|bearer|authorization|auth|pat|dsn"
    r"|webhook(?:_url)?|conn(?:ection)?_?str(?:ing)?|otp|pin_code|salt|sas"
    r")(?:_\d{1,2}|_(?:prod|dev|staging|test|old|new|v\d))?$"
)
_ML_TOKENS = (
    r"(?:^|_)(?:pad|unk|unknown|bos|eos|sep|cls|mask|special|start|end|stop|blank|image|begin|eot"
    r"|bot|additional|add|decoder_start|forced_bos|forced_eos|max|min|num|n|per|new|prompt|first"
    r"|last|trigger|target|instance|placeholder|concept|class|prefix|suffix|audio|video|next"
    r"|response|instruction|user|assistant|system|input|output)_token$"
)
"""Special tokens of language models, whose names end like those of secrets."""
_STRICT_NAMES = r"passw(?:or)?d|passphrase|passcode|pwd|_pass$|^pass$"
"""Names whose value may be an ordinary word, as passwords often are and tokens rarely."""
_REFERENCE = (
    r"[/<\[({$*%#@]|arn:|[a-z][a-z0-9+.]{1,10}://|ssm:|secretsmanager|vault:|env:|file:|op:"
    r"|projects/|alias/|resolve:|ref\+|!"
)
"""The start of a value that refers to a secret, or is a placeholder for one."""
_PLACEHOLDER = (
    r"(?i)^(?:changeme|changeit|replaceme|letmein)$|(?:^|[^a-z])(?:change|replace|insert|fill|todo|tbd|your|my|example|sample|dummy|fake"
    r"|placeholder|redacted|masked|hidden|none|null|unset|empty|default|disabled|enabled|xxx+"
    r"|test|foo|bar|undefined|n/a|not.?set|secret|password|passwd|token|credentials?|here|required"
    r"|optional|prompt|keyring|vault|managed|auto|false|true|yes|oauth2?|basic|bearer|iam|kerberos"
    r"|ldap|sso|saml|ntlm|digest|github|google|aws|local|prod|production|staging|dev)(?:$|[^a-z])"
)
_FILE = (
    r"(?i)[\w./~-]{1,200}\.(?:pem|key|crt|cer|json|ya?ml|txt|env|toml|ini|p12|pfx|jks|"
    r"csv|parquet|py|cfg|conf|pub|gpg|kdbx|sh|properties)"
)
_WORDS_AND_SEPARATORS = (
    r"(?:[A-Za-z]{1,30}\d{0,3})(?:[-_/.:@](?:[A-Za-z]{1,30}\d{0,3}|\d{1,4})){0,10}"
)
"""Words joined by separators: the name of a secret in a store, rather than a secret."""
_VARIABLE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
_NUMBER = r"[-+]?\d{1,15}(?:\.\d{1,15})?"
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_MIN_LENGTH = 6
_LONG_WORD = 20
_MAX_WORDS = 8
_MAX_NAMED_LENGTH = 64  # characters that decide whether a named value is a secret
_PAIR = (
    r"(?<![A-Za-z0-9_.])(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{1,80})[\"'`]?\s{0,3}[:=]\s{0,3}"
    r"(?=(?P<value>\"[^\"]{1,400}\"|'[^']{1,400}'|[^\s\"',{}\[\]][^\s,}\]]{0,400}))"
)
"""A name and its value, which may contain another pair: `args: --token=abc`."""
_MAX_LENGTH = 10_000  # characters; longer texts are cut, because no secret is as long


def secret_in(name: str, value: str, *, beside: Iterable[str] = ()) -> str | None:
    """The kind of secret that a value contains, or None.

    `beside` are the values next to it: a secret access key has no distinctive format and is
    recognized by the access key ID next to it.
    """
    text = value.strip().strip("\"'")[:_MAX_LENGTH]
    if len(text) < _MIN_LENGTH:  # every format is longer, and most values are short
        return None
    kind, _ = next(_formats_in(text), (None, (0, 0)))
    if kind is not None:
        return kind
    if _is_secret_access_key(text) and any(re.search(_ACCESS_KEY_ID, other) for other in beside):
        return "an AWS secret access key"
    return _secret_by_name(name, text)


def hide_secrets(text: str) -> str:
    """The text with each character of its secrets as `*`, so that columns keep their meaning.

    Secrets are known by their format, and by the name in front of `:` or `=`.
    """
    spans = [span for _, span in _formats_in(text)]
    for pair in re.finditer(_PAIR, text):
        value = pair["value"].strip("\"'")[:_MAX_NAMED_LENGTH]
        if len(value) >= _MIN_LENGTH and _secret_by_name(pair["name"], value) is not None:
            spans.append(pair.span("value"))
    parts: list[str] = []
    shown = 0
    for start, end in sorted(spans):
        parts += (text[shown:start], "*" * (end - max(start, shown)))
        shown = max(shown, end)
    return "".join(parts) + text[shown:]


def _formats_in(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The kind and span of each secret with a known format."""
    if MAY_HAVE_FORMAT.search(text) is None:
        return
    for match in re.finditer(_ACCESS_KEY_ID, text):
        yield "an AWS access key ID", match.span()
    for kind, mark, pattern in FORMATS:
        if mark in text:
            for match in re.finditer(pattern, text):
                yield kind, match.span()


def _is_secret_access_key(text: str) -> bool:
    return bool(_SECRET_ACCESS_KEY.fullmatch(text)) and not re.fullmatch(_HEX, text)


def _secret_by_name(name: str, text: str) -> str | None:
    """A literal value whose name indicates a secret: `DB_PASSWORD`, `wandb-api-key`."""
    words = _secret_words(name)
    if words is None:
        return None
    if words.endswith("secret_access_key") and _is_secret_access_key(text):
        return "an AWS secret access key"
    is_password = re.search(_STRICT_NAMES, words) is not None
    if not (_may_be_password(text) if is_password else _may_be_token(text, words)):
        return None
    return "a password" if is_password else f"a secret (its name is `{name}`)"


def _may_be_password(text: str) -> bool:
    return not _is_harmless(text) and len(text.split()) <= _MAX_WORDS


def _may_be_token(text: str, words: str) -> bool:
    """Whether a text is more than a name: it mixes letters and digits, or is a very long word."""
    if _is_harmless(text) or any(character.isspace() for character in text):
        return False
    if re.fullmatch(_NUMBER, text) or re.fullmatch(_WORDS_AND_SEPARATORS, text):
        return False
    if re.fullmatch(_UUID, text):
        return "encryption" not in words
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part]
    return not all(part.isalpha() for part in parts) or max(map(len, parts)) >= _LONG_WORD


def _is_harmless(text: str) -> bool:
    """Whether a text is a reference, a file, the name of a variable, or a placeholder."""
    return (
        len(set(text)) == 1
        or re.match(_REFERENCE, text) is not None
        or re.fullmatch(_FILE, text) is not None
        or re.fullmatch(_VARIABLE, text) is not None
        or (re.search(_PLACEHOLDER, text) is not None and _is_wordy(text))
    )


def _is_wordy(text: str) -> bool:
    """Whether a text consists of words, each with a short number at most."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part]
    return all(re.fullmatch(r"(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)\d{0,3}|\d{1,4}|v\d+", p) for p in parts)


@lru_cache(maxsize=1024)
def _secret_words(name: str) -> str | None:
    """The words of a name that is like that of a secret; None for other names, such as `depth`."""
    words = _words(name)
    is_secret = _SECRET_NAMES.search(words) is not None and re.search(_ML_TOKENS, words) is None
    return words if is_secret else None


def _words(name: str) -> str:
    """A name in snake case, the same for `wandbApiKey`, `WANDB_API_KEY` and `wandb-api-key`."""
    spread = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^A-Za-z0-9]+", "_", spread).strip("_").lower()

"""`${hptc:name}`: a reference in a request to a value that is not known when it is compiled.

Stacks provide values such as `${hptc:data_bucket}`. `${hptc:latest(churn)}` is the name of the
newest completed tuning job of the spec `churn`.

A reference is text, so a compiled request stays JSON that people and tools can read. It is the same
before and after a deployment, and so is the digest of a request that contains it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_LATEST = r"latest\([a-zA-Z0-9](?:-*[a-zA-Z0-9])*\)"
PATTERN = re.compile(r"\$\{hptc:([a-z][a-z0-9_]*|" + _LATEST + r")\}")

NAMES = (
    "artifact_bucket",
    "data_bucket",
    "execution_role_arn",
    "kms_key_arn",
    "security_group_id",
    *(f"security_group_id_{i}" for i in range(2, 6)),
    *(f"subnet_id_{i}" for i in range(1, 17)),
)
"""What stacks provide to requests, each as the output of the same name.

There are as many subnets and security groups as a VpcConfig accepts:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html
"""


def reference(name: str) -> str:
    """The text of a reference."""
    return f"${{hptc:{name}}}"


def latest(spec: str) -> str:
    """The name of the reference to the newest completed tuning job of a spec."""
    return f"latest({spec})"


def latest_spec(name: str) -> str | None:
    """The spec of `latest(SPEC)`, the name of a reference; None for any other name."""
    return name[len("latest(") : -1] if name.startswith("latest(") else None


def written_reference(text: str) -> str:
    """A text as an author writes it in a spec: `latest(SPEC)` instead of `${hptc:latest(SPEC)}`."""
    match = PATTERN.fullmatch(text) if text.startswith("${hptc:latest(") else None
    return match[1] if match is not None else text


def has_reference(text: str) -> bool:
    """Whether a text contains a reference, known or not."""
    return "${hptc:" in text and PATTERN.search(text) is not None


def names_in(value: object) -> set[str]:
    """The names of the references in plain data."""
    names: set[str] = set()
    _collect(value, names)
    return names


def _collect(value: object, names: set[str]) -> None:
    if isinstance(value, str):
        if "${hptc:" in value:
            names.update(PATTERN.findall(value))
    elif isinstance(value, dict):
        for inner in value.values():
            _collect(inner, names)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _collect(inner, names)


_EXAMPLES = {
    "artifact_bucket": "example-bucket",
    "data_bucket": "example-bucket",
    "execution_role_arn": "arn:aws:iam::111122223333:role/example",
    "kms_key_arn": "arn:aws:kms:us-east-1:111122223333:key/12345678-1234-1234-1234-123456789012",
    "security_group_id": "sg-0123456789abcdef0",
    "subnet_id": "subnet-0123456789abcdef0",
    "latest": "example-12345678",
}


@lru_cache(maxsize=1024)  # the specs of a project have the same key and network
def by_example(text: str) -> str | None:
    """A text of the form that its references give it; None if one of their names is unknown."""
    if not has_reference(text):
        return text
    examples = {name: _example(name) for name in names_in(text)}
    return substitute(text, examples.__getitem__) if all(examples.values()) else None


def _example(name: str) -> str:
    kind = "latest" if latest_spec(name) is not None else name.rstrip("_0123456789")
    return _EXAMPLES.get(kind, "")


def substitute(value: object, provide: Callable[[str], str]) -> Any:
    """Plain data with each reference replaced by `provide(name)`."""
    if isinstance(value, str):
        return PATTERN.sub(lambda match: provide(match[1]), value) if "${hptc:" in value else value
    if isinstance(value, dict):
        return {key: substitute(inner, provide) for key, inner in value.items()}
    if isinstance(value, list):
        return [substitute(inner, provide) for inner in value]
    return value

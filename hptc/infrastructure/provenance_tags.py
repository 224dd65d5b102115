"""The tags that record where a tuning job comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

TAG_PREFIX = "hptc:"
MAX_TAGS = 50
_MAX_TAG_VALUE = 256
_INVALID_CHARACTER = r"[^\w\s.:/=+\-@]"
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html"""


def provenance_tags(
    *, project: str = "", environment: str = "", spec: str, digest: str, commit: str | None = None
) -> dict[str, str]:
    """The tags of a job; unknown values get no tag. `spec` is the path of the spec's file."""
    values = {
        "project": project,
        "environment": environment,
        "spec": spec,
        "digest": digest,
        "commit": commit,
    }
    return {TAG_PREFIX + key: tag_value(value) for key, value in values.items() if value}


def tag_value(text: str) -> str:
    """A text as the value of a tag; if it is too long, only its end."""
    return re.sub(_INVALID_CHARACTER, "_", text)[-_MAX_TAG_VALUE:]


def merged_tags(request: Mapping[str, Any], tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The request's own tags, followed by `tags`, which replace those of the same key."""
    own = [tag for tag in request.get("Tags", ()) if tag["Key"] not in tags]
    return own + [{"Key": key, "Value": value} for key, value in tags.items()]

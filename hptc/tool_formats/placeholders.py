"""Requests with gaps that a person or a script fills in, such as `<account_id>` or `<<bucket>>`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hptc.diagnostics import Path
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion, Open, snake_case

_PLACEHOLDER = re.compile(r"<{1,2}([A-Za-z][A-Za-z0-9 _/.-]{0,60})>{1,2}")
_FREE_TEXT = frozenset({"StaticHyperParameters", "Environment", "Values", "Regex", "Tags"})
"""Members whose texts may contain anything, such as the token `<pad>`."""


def with_open_placeholders(job: ImportedJob) -> ImportedJob:
    """The job with an open value for each text with a placeholder."""
    if not _has_placeholder(job.request):
        return job
    conversion = Conversion(open_text=_template)
    request = conversion.request(job.request)
    return ImportedJob(
        request=request,
        form=job.form,
        notes=(*job.notes, *conversion.notes()),
        open_members=(*job.open_members, *conversion.open_members),
    )


def _has_placeholder(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_placeholder(item) for key, item in value.items() if key not in _FREE_TEXT)
    if isinstance(value, list):
        return any(map(_has_placeholder, value))
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None


def _template(text: str, path: Path) -> Open | None:
    if _FREE_TEXT.intersection(path) or _PLACEHOLDER.search(text) is None:
        return None
    return _PLACEHOLDER.sub(lambda match: "{{ " + _variable(match[1]) + " }}", text), text


def _variable(words: str) -> str:
    name = snake_case(words)
    return {"account_id": "account", "aws_account_id": "account", "aws_region": "region"}.get(
        name, name
    )  # what every environment has

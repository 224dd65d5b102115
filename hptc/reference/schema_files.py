"""The copies of the JSON Schemas in a project, and whether another hptc wrote them.

`hptc check` looks at them on every run, so this module does not build a schema.
"""

from __future__ import annotations

import re
from pathlib import Path

from hptc import __version__
from hptc.source.filesystem import DISK
from hptc.source.text_files import UnreadableFileError

SPEC_SCHEMA, PROJECT_SCHEMA = ".hptc/spec.schema.json", ".hptc/project.schema.json"
WRITTEN_BY = f"hptc {__version__}"
"""The `$comment` of a schema. A release always has the same schema for the same botocore."""

_COMMENT = r'"\$comment": "hptc ([0-9][0-9A-Za-z.+-]{0,40})"'
_HEAD = 1_000  # characters; the comment is one of the first members


def outdated_schema(root: Path) -> str:
    """Which schema of a project another version of hptc wrote, and what to do; "" if none is."""
    for name in (SPEC_SCHEMA, PROJECT_SCHEMA):
        path = root / name
        if not DISK.is_file(path):
            continue
        try:
            head = DISK.read(str(path))[:_HEAD]
        except UnreadableFileError:  # `check` needs no schema
            continue
        comment = re.search(_COMMENT, head)
        version = comment[1] if comment else ""
        if version == __version__:
            continue
        if version and _numbers(version) > _numbers(__version__):
            return (
                f"{name} is from hptc {version}, but this is hptc {__version__}: upgrade hptc, "
                "or run `hptc init --update`"
            )
        origin = f"hptc {version}" if version else "another version of hptc"
        return f"{name} is from {origin}, but this is hptc {__version__}: run `hptc init --update`"
    return ""


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", version)]

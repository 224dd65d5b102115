"""The managed prefix list of Amazon S3 in a Region, which its gateway endpoint routes to.

The table is data/prefix_lists.json. CloudFormation can't look up the ID, and synthesis does not
call AWS.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "prefix_lists.json"


def s3_prefix_list(region: str) -> str | None:
    """The ID of the prefix list of Amazon S3; None for a Region that is not in the table."""
    return _ids().get(region)


@functools.cache
def _ids() -> Mapping[str, str]:
    table: dict[str, dict[str, str]] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table["s3"]

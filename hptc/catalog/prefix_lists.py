"""S3's managed prefix list in each Region: the addresses that a gateway endpoint routes to.

The table is data/prefix_lists.json. CloudFormation can't look up the id, and synthesis makes no AWS
calls.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "prefix_lists.json"


def s3_prefix_list(region: str) -> str | None:
    """The id of S3's prefix list; None for a Region that is not in the table."""
    return _ids().get(region)


@functools.cache
def _ids() -> Mapping[str, str]:
    table: dict[str, dict[str, str]] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table["s3"]

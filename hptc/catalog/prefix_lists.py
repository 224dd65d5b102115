"""S3's prefix list in a Region: the addresses that its gateway endpoint leads to.

The table is data/prefix_lists.json. Neither CloudFormation nor a template can look the id up, and
synthesis asks AWS for nothing.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "prefix_lists.json"


def s3_prefix_list(region: str) -> str | None:
    """The id of S3's prefix list; None for a Region that the table does not know."""
    return _ids().get(region)


@functools.cache
def _ids() -> Mapping[str, str]:
    table: dict[str, dict[str, str]] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table["s3"]

"""A request to the text that `aws … --cli-input-json` or `--cli-input-yaml` takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render_request(request: Mapping[str, Any], form: str) -> str:
    """JSON, or YAML with every text quoted so that any YAML reader takes it as text."""
    if form == "json":
        return json.dumps(request, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return yaml.dump(
        dict(request), Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True, width=100
    )

"""A request as text for `aws … --cli-input-json` or `--cli-input-yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from hptc.source.hidden_text import escape_hidden, has_hidden


def render_request(request: Mapping[str, Any], form: str) -> str:
    """JSON, or YAML with every string quoted, since only some readers take `1e-4` as a number."""
    if form == "json":
        # The standard library writes indented JSON token by token, in Python.
        text = to_json(request, indent=2, inf_nan_mode="constants").decode()
        return escape_hidden(text) + "\n"
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes string values but not keys."""

        def ignore_aliases(self, _data: object) -> bool:
            return True

        def represent_mapping(self, tag: str, mapping: Any, flow_style: Any = None) -> Any:
            node = super().represent_mapping(tag, mapping, flow_style)
            for key, value in node.value:
                key.style = '"' if has_hidden(key.value) else None
                if isinstance(value, yaml.ScalarNode) and value.tag.endswith(":str"):
                    value.style = '"'
            return node

        def represent_sequence(self, tag: str, sequence: Any, flow_style: Any = None) -> Any:
            node = super().represent_sequence(tag, sequence, flow_style)
            for value in node.value:
                if isinstance(value, yaml.ScalarNode) and value.tag.endswith(":str"):
                    value.style = '"'
            return node

    text = yaml.dump(dict(request), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
    return escape_hidden(text)

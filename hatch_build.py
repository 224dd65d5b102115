"""Makes the README work on PyPI: its links are relative, which only GitHub resolves.

Hatchling runs this when it builds (https://hatch.pypa.io/latest/plugins/metadata-hook/custom/).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_REPOSITORY = "https://github.com/hptc/hptc"
_FILES = "https://raw.githubusercontent.com/hptc/hptc/main"
_RELATIVE = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Sets the long description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Read the README and make its links absolute."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": with_absolute_links(text)}


def with_absolute_links(text: str) -> str:
    """Markdown whose relative links and images are those of the repository's main branch."""

    def absolute(link: re.Match[str]) -> str:
        mark, words, target = link.groups()
        base = _FILES if mark else f"{_REPOSITORY}/blob/main"
        return f"{mark}[{words}]({base}/{target})"

    return _RELATIVE.sub(absolute, text)

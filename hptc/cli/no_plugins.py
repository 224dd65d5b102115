"""Pydantic without plugins, which would slow each command down.

To find plugins, Pydantic reads the metadata of every installed package. PYDANTIC_DISABLE_PLUGINS
prevents that, but Pydantic still imports importlib.metadata, with email, zipfile and socket, which
takes a tenth of the time of `hptc check one.yaml`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType

_LOADER = "pydantic.plugin._loader"


def disable_plugins() -> None:
    """Disable the plugins of Pydantic, unless the user has set which ones to disable."""
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        sys.modules.setdefault(_LOADER, _NoPlugins(_LOADER))


class _NoPlugins(ModuleType):
    """Takes the place of the module of Pydantic that finds plugins.

    Another version of Pydantic may need more of that module; then it is imported after all.
    """

    @staticmethod
    def get_plugins() -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # the import system looks for __path__
            raise AttributeError(name)
        del sys.modules[_LOADER]
        return getattr(import_module(_LOADER), name)

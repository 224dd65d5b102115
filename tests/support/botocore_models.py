"""botocore's models, read once for all sessions of a test process.

A session parses the JSON of each service that it calls, which is most of the time that a command
takes here. botocore shares the parsed model between the clients of one session, so no client
changes it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


def share_models() -> None:
    """Let every session of this process read each of botocore's files once."""
    reader: Any = JSONFileLoader
    loader: Any = Loader
    read_file, list_services = reader.load_file, loader.list_available_services

    @cache
    def file_contents(path: str) -> Any:
        return read_file(reader(), path)

    @cache
    def services(paths: tuple[str, ...], kind: str) -> list[str]:
        names: list[str] = list_services(
            loader(list(paths), include_default_search_paths=False), kind
        )
        return names

    def load_file(self: JSONFileLoader, file_path: str) -> Any:
        is_botocores = file_path.startswith(loader.BUILTIN_DATA_PATH)
        return file_contents(file_path) if is_botocores else read_file(self, file_path)

    def list_available_services(self: Any, type_name: str) -> list[str]:
        return list(services(tuple(self.search_paths), type_name))

    reader.load_file, loader.list_available_services = load_file, list_available_services

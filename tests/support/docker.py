"""Puts the fake docker on the PATH, and gives it images that are shell scripts."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from hptc.local.container_engine import _is_rootless, _version
from tests.support import fake_docker


class FakeDocker:
    """The fake docker of one test."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, program: str = "docker"
    ) -> None:
        for cached in (_is_rootless, _version):  # of a real docker, or another fake
            cached.cache_clear()
        self.state = folder / "docker-state"
        (self.state / "images").mkdir(parents=True)
        path = folder / "docker-bin" / program
        path.parent.mkdir()
        script = f'exec "{sys.executable}" -I -S "{fake_docker.__file__}" "$@"\n'
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv(fake_docker.STATE, str(self.state))
        monkeypatch.setenv(fake_docker.PROGRAM, program)

    def add_image(self, name: str, train: str | None, **programs: str) -> str:
        """Add an image whose program `train` is a shell script; its ID."""
        number = len(list((self.state / "images").glob("*.json")))
        folder = self.state / f"images/{number}"
        folder.mkdir()
        for program, script in {**({"train": train} if train else {}), **programs}.items():
            (folder / program).write_text(f"#!/bin/sh\n{script}\n")
            (folder / program).chmod(0o755)
        identifier = f"sha256:{number:064}"
        image = {"name": name, "id": identifier, "folder": str(folder)}
        (self.state / f"images/{number}.json").write_text(json.dumps(image))
        return identifier

    def calls(self, subcommand: str) -> list[list[str]]:
        """The arguments of all calls of a subcommand."""
        path = self.state / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [words for words in map(json.loads, lines) if words[0] == subcommand]

    def containers(self) -> list[str]:
        """The names of the containers that run."""
        folder = self.state / "containers"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    @property
    def stops_daemon(self) -> str:
        """The script of a training job that ends with the daemon, which stops its containers."""
        return f'touch "{self.state}/down"; exit 143'

    def stop_daemon(self) -> None:
        """Let no daemon answer."""
        (self.state / "down").touch()

    def start_daemon(self) -> None:
        """Let the daemon answer again."""
        (self.state / "down").unlink()

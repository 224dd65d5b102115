"""Real git repositories for tests, the same on every machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_NAME": "Test" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "test@example.com" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2026-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}


@dataclass(frozen=True)
class Repository:
    """A repository and its work tree."""

    root: Path

    @classmethod
    def create(cls, root: Path) -> Self:
        """Create an empty repository on the branch `main`."""
        root.mkdir(parents=True)
        repository = cls(root.resolve())
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str) -> str:
        """Run git in the repository and return its output."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**kept, **_ENVIRONMENT},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, text: str) -> Path:
        """Write a file in the work tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def commit(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit the work tree with these files and return the hash. None removes a file."""
        for name, text in files.items():
            if text is None:
                (self.root / name).unlink()
            else:
                self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def clone(self, into: Path, *options: str) -> Repository:
        """Clone the repository over the protocol that network clones use."""
        self.git("clone", "--quiet", *options, self.root.as_uri(), str(into))
        return Repository(into.resolve())

"""The example project that `hptc init` writes, and the schemas that `--update` rewrites.

Either all files of a project are written, or none if one of them exists.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hptc import __version__
from hptc.errors import UsageError
from hptc.files import write_all
from hptc.reference.schema import project_schema, spec_schema
from hptc.reference.schema_files import PROJECT_SCHEMA, SPEC_SCHEMA

_TEMPLATES = Path(__file__).parent / "scaffold_files"

_FILES: Mapping[str, str] = {
    "hptc.yaml": "hptc.yaml",
    "specs/direct-marketing-xgboost.yaml": "spec.yaml",
    "cdk/app.py": "app.py.txt",
    "cdk.json": "cdk.json",
    "requirements.txt": "requirements.txt",
    "package.json": "package.json",
    "package-lock.json": "package-lock.json.txt",
    ".gitignore": "gitignore",
    ".github/workflows/hptc.yml": "workflow.yml",
    ".vscode/settings.json": "vscode.json",
    ".vscode/extensions.json": "vscode-extensions.json",
    "README.md": "README.md",
}
"""The files of a project, and their templates, whose names no tool recognizes."""

_PROJECT, _VERSION = "__PROJECT__", "__VERSION__"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_MAX_NAME = 31


def write_project(folder: Path, *, name: str | None) -> list[Path]:
    """Write a project into a folder, which is created if necessary, and return the files.

    The project is called `name`, or after the folder when that is None. Raises UsageError for an
    invalid name and when one of the files exists.
    """
    project = _name_of(folder) if name is None else name
    if not _NAME.fullmatch(project):
        raise UsageError(
            f"`{project}` is not a valid project name",
            help=f"use at most {_MAX_NAME} lowercase letters, digits and hyphens, and start with a "
            "letter",
        )
    texts = {folder / path: text for path, text in _texts(project).items()}
    existing = [str(path) for path in texts if os.path.lexists(path)]
    if existing:
        raise UsageError(
            f"nothing was written, because these files already exist: {', '.join(existing)}",
            help="choose a new folder, or move these files away",
        )
    write_all(texts, folder=folder)
    return list(texts)


def update_schemas(root: Path) -> list[Path]:
    """Write the schemas of this version of hptc into a project, and return the changed files."""
    changed = {
        root / path: text for path, text in _schemas().items() if not _has_text(root / path, text)
    }
    write_all(changed, folder=root)
    return list(changed)


def _has_text(path: Path, text: str) -> bool:
    try:
        return path.is_file() and path.read_text(encoding="utf-8") == text
    except (OSError, ValueError):  # not UTF-8
        return False


def _texts(project: str) -> dict[str, str]:
    texts = {
        path: (_TEMPLATES / template)
        .read_text(encoding="utf-8")
        .replace(_PROJECT, project)
        .replace(_VERSION, __version__)
        for path, template in _FILES.items()
    }
    return {**texts, **_schemas()}


@cache
def _schemas() -> Mapping[str, str]:
    return {SPEC_SCHEMA: _json(spec_schema()), PROJECT_SCHEMA: _json(project_schema())}


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _name_of(folder: Path) -> str:
    """A valid project name derived from the name of a folder."""
    words = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower())
    return words.lstrip("-0123456789")[:_MAX_NAME].rstrip("-") or "tuning"

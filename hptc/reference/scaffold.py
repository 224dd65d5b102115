"""A project to start from: what `hptc init` writes.

A folder and a name in, whole files out. When one of the files is there, nothing is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptc.errors import UsageError
from hptc.files import write_all
from hptc.reference.schema import project_schema, spec_schema

_TEMPLATES = Path(__file__).parent / "scaffold_files"

_FILES: Mapping[str, str] = {
    "hptc.yaml": "hptc.yaml",
    "specs/direct-marketing-xgboost.yaml": "spec.yaml",
    "cdk/app.py": "app.py.txt",
    "cdk.json": "cdk.json",
    "requirements.txt": "requirements.txt",
    "package.json": "package.json",
    ".gitignore": "gitignore",
    ".github/workflows/hptc.yml": "workflow.yml",
    ".vscode/settings.json": "vscode.json",
    "README.md": "README.md",
}
"""The files of a project, and the template of each. Templates have no names that tools act on."""

_PROJECT = "__PROJECT__"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_LONGEST = 31


def write_project(folder: Path, *, name: str | None) -> list[Path]:
    """Write a project into a folder, made when it is missing, and return the files.

    `name` is the project's; the folder's own, as far as it can be one, when it is None. Raises
    UsageError for a name that no project can have, and when a file is there already.
    """
    project = _name_of(folder) if name is None else name
    if not _NAME.fullmatch(project):
        raise UsageError(
            f"`{project}` can't be a project's name",
            help=f"lower-case letters, digits and hyphens, a letter first, {_LONGEST} at most",
        )
    texts = {folder / path: text for path, text in _texts(project).items()}
    there = [str(path) for path in texts if path.exists() or path.is_symlink()]
    if there:
        raise UsageError(
            f"nothing was written, because there is already {', '.join(there)}",
            help="name a new folder, or move these files away",
        )
    write_all(texts)
    return list(texts)


def _texts(project: str) -> dict[str, str]:
    texts = {
        path: (_TEMPLATES / template).read_text(encoding="utf-8").replace(_PROJECT, project)
        for path, template in _FILES.items()
    }
    texts[".hptc/spec.schema.json"] = _json(spec_schema())
    texts[".hptc/project.schema.json"] = _json(project_schema())
    return texts


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _name_of(folder: Path) -> str:
    """A folder's name as a project's."""
    words = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower())
    return words.lstrip("-0123456789")[:_LONGEST].rstrip("-") or "tuning"

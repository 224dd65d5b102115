"""JSON documents of commands whose result is a file, or text that could be one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from hptc.render.documents.envelope import document

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.files import SpecTextData, WrittenFileData, WrittenFilesData
    from hptc.render.documents.findings import ExplanationData


def written_files_json(command: str, files: Sequence[str]) -> str:
    """The files that a command has written."""
    data: WrittenFilesData = {"files": list(files)}
    return document(command, data)


def written_file_json(command: str, file: str) -> str:
    """The only file that a command has written."""
    data: WrittenFileData = {"file": file}
    return document(command, data)


def spec_json(command: str, text: str, file: str | None) -> str:
    """A spec, and the file that it was written to, if any."""
    data: SpecTextData = {"file": file, "spec": text}
    return document(command, data)


def explanation_json(about: Literal["rule", "rules", "algorithm", "error"], text: str) -> str:
    """The document of `hptc explain`."""
    data: ExplanationData = {"about": about, "text": text}
    return document("explain", data)

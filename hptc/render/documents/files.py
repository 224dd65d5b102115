"""The JSON documents of commands that write files."""

from __future__ import annotations

from hptc.render.documents.members import Members


class WrittenFilesData(Members):
    """Files that were written."""

    files: list[str]


class WrittenFileData(Members):
    """A file that was written."""

    file: str


class SpecTextData(Members):
    """A spec, and the file that it was written to; null without `-o`."""

    file: str | None
    spec: str
    """The text of the spec, in YAML."""

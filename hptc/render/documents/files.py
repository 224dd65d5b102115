"""The JSON documents of commands that write files."""

from __future__ import annotations

from typing import Literal

from hptc.render.documents.members import Members


class WrittenFilesData(Members):
    """Files that were written."""

    files: list[str]


class WrittenFileData(Members):
    """A file that was written."""

    file: str


class CapturedFileData(Members):
    """A file with what a program sent: a spec, or the request itself if no spec can express it."""

    file: str
    is_spec: bool
    tuning_jobs: list[str]
    """The names of the tuning jobs with this request; the program may create one several times."""
    notes: list[str]


class CaptureData(Members):
    """The tuning jobs that a program created, and the files that were written."""

    exit_code: int
    """The program's exit code. Its own output goes to stderr."""
    refused_hosts: list[str]
    """Other hosts that the program tried to reach."""
    files: list[CapturedFileData]


class SandboxData(Members):
    """A sandbox that is listening: one line, printed when clients can connect."""

    endpoint_url: str
    port: int
    account: str
    region: str
    tuning_jobs: Literal["placeholder", "dry", "train"]
    """What tuning jobs do: nothing, made-up values, or training on this machine."""
    folder: str
    """The folder of its temporary files, which is deleted when it stops."""
    process_id: int
    """SIGTERM ends the process."""
    environment: dict[str, str]
    """The variables that make clients use the sandbox."""


class SpecTextData(Members):
    """A spec, and the file that it was written to; null without `-o`."""

    file: str | None
    spec: str
    """The text of the spec, in YAML."""

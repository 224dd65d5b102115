"""Packs a folder of training code into an archive that is named by its content.

The digest covers paths, modes and bytes, not the archive: another version of Python or zlib may
compress the same files to other bytes. SageMaker's containers unpack `sourcedir.tar.gz`:
https://github.com/aws/sagemaker-training-toolkit
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from hptc.frozen import frozen
from hptc.source.code_entries import CodeEntry, UnlistedError
from hptc.source.filesystem import Files
from hptc.source.text_files import UnreadableFileError
from hptc.text import code, data_size, distinct_texts, listed, printable

ARCHIVE = "sourcedir.tar.gz"
"""The name of the archive, as the SageMaker SDK has it."""
MAX_CODE_FILES = 5_000
MAX_CODE_BYTES = 25_000_000
"""Code is far smaller. Anything larger is data, which belongs in an input channel."""
_FORMAT = b"hptc training code 1\n"
_SHOWN = 3


@frozen
class CodeFile:
    """One file of the training code."""

    name: str
    content: bytes
    is_executable: bool = False

    @property
    def mode(self) -> int:
        """The file's permissions in the archive. Owners and times are always the same."""
        return 0o755 if self.is_executable else 0o644


class PackedCode:
    """The training code in one folder: its files in the order of their names, and their digest."""

    def __init__(self, files: Iterable[CodeFile]) -> None:
        self.files = {file.name: file for file in sorted(files, key=lambda file: file.name)}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the paths, modes and contents in hex."""
        digest = hashlib.sha256(_FORMAT)
        for file in self.files.values():
            name = file.name.encode()
            digest.update(b"%o %d %d " % (file.mode, len(name), len(file.content)))
            digest.update(name + hashlib.sha256(file.content).digest())
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(len(file.content) for file in self.files.values())


@frozen
class PackingProblem:
    """Why a folder can't be packed. `message` is about the folder."""

    message: str
    help: str = ""


def pack(folder: Path, files: Files) -> PackedCode | PackingProblem:
    """The code in a folder, whose path is in its canonical form."""
    try:
        entries = files.code_entries(folder, MAX_CODE_FILES)
    except UnlistedError as error:
        return PackingProblem(message=error.message, help=error.help)
    if not entries:
        return PackingProblem(
            message="has no files that git tracks, or that it doesn't ignore",
            help="add the training script, and `git add` it if hptc runs in CI",
        )
    if (problem := _problem(entries)) is not None:
        return problem
    packed = []
    try:
        for entry in entries:
            content = files.read_code(entry, entry.size + 1)
            if len(content) != entry.size:
                return PackingProblem(
                    message=f"changed while it was read: {code(printable(entry.name))}",
                    help="run the command again",
                )
            packed.append(
                CodeFile(name=entry.name, content=content, is_executable=entry.is_executable)
            )
    except UnreadableFileError as error:
        name = code(printable(error.file))
        return PackingProblem(message=f"contains {name}, which {error.problem}")
    return PackedCode(packed)


def _problem(entries: list[CodeEntry]) -> PackingProblem | None:
    for entry in entries:
        name = code(printable(entry.name))
        if entry.problem:
            return PackingProblem(
                message=f"contains {name}, which {entry.problem}",
                help="replace it with the files that the script needs, or move it elsewhere",
            )
        if not _is_portable(entry.name):
            return PackingProblem(
                message=f"contains {name}, whose name is not UTF-8 or not printable",
                help="rename the file",
            )
    if (size := sum(entry.size for entry in entries)) > MAX_CODE_BYTES:
        largest = sorted(entries, key=lambda entry: (-entry.size, entry.name))[:_SHOWN]
        shown = [f"{code(printable(entry.name))} ({data_size(entry.size)})" for entry in largest]
        has, maximum = distinct_texts(size / 1e6, MAX_CODE_BYTES / 1e6, places=1)
        return PackingProblem(
            message=f"has {has} MB, but the maximum is {maximum} MB; "
            f"the largest files are {listed(shown)}",
            help="move data to an input channel, or add what the script does not need to "
            ".gitignore",
        )
    return None


def _is_portable(name: str) -> bool:
    return name.isprintable()  # half of a surrogate pair, of a name that is not UTF-8, is not


def archive(packed: PackedCode) -> bytes:
    """The archive, sorted and without times and owners: the same code has the same content."""
    # Only an upload needs these.
    import gzip
    import io
    import tarfile

    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in packed.files.values():
            member = tarfile.TarInfo(file.name)
            member.size, member.mode = len(file.content), file.mode
            tar.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()

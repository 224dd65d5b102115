"""Uploads the training code of specs: once for each content, and before the job that needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.frozen import frozen
from hptc.project.references import reference, substitute
from hptc.service.interface import Progress, Tuning
from hptc.text import data_size, plural

if TYPE_CHECKING:
    from hptc.source.packing import PackedCode


@frozen
class CodeUpload:
    """One archive of training code and where it belongs."""

    directory: str
    bucket: str
    key: str
    kms_key_id: str | None
    packed: PackedCode

    @property
    def uri(self) -> str:
        """The S3 URI of the archive."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def contents(self) -> str:
        """The directory and its size, for people."""
        files = plural(len(self.packed.files), "file")
        return f"{self.directory} ({files}, {data_size(self.packed.size)})"


def code_locations(compiled: Compiled) -> list[dict[str, Any]]:
    """The buckets and keys of a spec's code, whose references a submission resolves too."""
    codes = compiled.codes.values() if isinstance(compiled, CompiledSpec) else ()
    return [{"bucket": code.bucket, "kms_key_id": code.kms_key_id} for code in codes]


def code_uploads(compiled: Compiled, values: Mapping[str, str]) -> tuple[CodeUpload, ...]:
    """The archives that a spec needs, each once. A reference without a value is kept."""
    if not isinstance(compiled, CompiledSpec):
        return ()
    uploads: dict[str, CodeUpload] = {}
    for code, location in zip(compiled.codes.values(), code_locations(compiled), strict=True):
        filled = substitute(location, lambda name: values.get(name, reference(name)))
        uploads[code.uri] = CodeUpload(
            directory=code.directory,
            bucket=filled["bucket"],
            key=code.key,
            kms_key_id=filled["kms_key_id"],
            packed=code.packed,
        )
    return tuple(uploads.values())


def upload_code(uploads: Iterable[CodeUpload], tuning: Tuning, progress: Progress) -> None:
    """Upload the archives that are not there yet. Raises AwsError if AWS rejects a call.

    An archive is whole or absent, and none is ever replaced: its name is that of its content.
    """
    for upload in uploads:
        from hptc.source.packing import archive  # only an upload compresses

        def content(packed: PackedCode = upload.packed) -> bytes:
            progress(f"uploading {upload.contents} to {upload.uri}")  # noqa: B023 - called at once
            return archive(packed)

        if not tuning.store(upload.bucket, upload.key, content, kms_key_id=upload.kms_key_id):
            progress(f"{upload.uri} already has the code in {upload.directory}")

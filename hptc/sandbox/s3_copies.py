"""Copies between the sandbox's S3 and files: the data and code that training jobs read, and the
models that they write.

The caller holds the lock of moto's state.
"""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from moto.s3.models import s3_backends

from hptc.local.input_data import local_path
from hptc.local.manifest_reader import (
    ManifestError,
    augmented_manifest_uris,
    manifest_uris,
)
from hptc.local.script_mode import submit_directory
from hptc.request.emission import Request

_READ = ("S3Prefix", "ManifestFile", "AugmentedManifestFile")


class MissingObjectsError(Exception):
    """S3 has no objects at a location that a request reads its data or code from."""


def copy_inputs(request: Request, folder: Path, account: str, partition: str) -> None:
    """Copy the objects that the training jobs of a request read to `folder`/bucket/key.

    Raises MissingObjectsError, and OSError for a key that can't be the name of a file.
    """
    for uri in dict.fromkeys(_read_locations(request)):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        folder_key = f"{key.rstrip('/')}/" if key else ""
        files = {
            name: content
            for name in _keys(bucket, account, partition)
            if (name == key or name.startswith(folder_key)) and not name.endswith("/")
            if (content := _read(bucket, name, account, partition)) is not None
        }
        if not files:
            raise MissingObjectsError(
                f'No S3 objects found under S3 URL "{uri}" given in input data source. Please '
                "ensure that the bucket exists, and that objects exist under that S3 prefix."
            )
        for name, content in files.items():
            _write(f"s3://{bucket}/{name}", content, folder)
    for uri in dict.fromkeys(_listed_objects(request, account, partition)):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        listed = _read(bucket, key, account, partition)
        if listed is not None:  # else the engine names the object that is missing
            _write(uri, listed, folder)


def _write(uri: str, content: bytes, folder: Path) -> None:
    path = local_path(uri, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _definitions(request: Request) -> Iterable[dict[str, Any]]:
    single = request.get("TrainingJobDefinition")
    return [single] if single else request.get("TrainingJobDefinitions") or ()


def _s3_sources(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for channel in definition.get("InputDataConfig") or ():
        source = channel.get("DataSource", {}).get("S3DataSource", {})
        if source.get("S3DataType") in _READ:
            yield source


def _listed_objects(request: Request, account: str, partition: str) -> Iterator[str]:
    """The objects that manifests list. One that can't be read is reported by the engine."""
    for definition in _definitions(request):
        for source in _s3_sources(definition):
            bucket, _, key = source["S3Uri"].removeprefix("s3://").partition("/")
            content = _read(bucket, key, account, partition) or b""
            with contextlib.suppress(ManifestError):
                if source["S3DataType"] == "ManifestFile":
                    yield from manifest_uris(content)
                elif source["S3DataType"] == "AugmentedManifestFile":
                    names = source.get("AttributeNames") or ()
                    yield from augmented_manifest_uris(content, names)


def _read_locations(request: Request) -> Iterator[str]:
    for definition in _definitions(request):
        for source in _s3_sources(definition):
            yield source["S3Uri"]
        code = submit_directory(
            definition.get("StaticHyperParameters") or {}, definition.get("Environment") or {}
        )
        if code is not None and code.startswith("s3://"):
            yield code


def _backend(bucket: str, account: str, partition: str) -> Any:
    """The backend of a bucket's owner, or of the account if there is no such bucket."""
    partition, owner = s3_backends.bucket_accounts.get(bucket, (partition, account))
    return s3_backends[owner][partition]


def _keys(bucket: str, account: str, partition: str) -> list[str]:
    """The keys in a bucket; none if there is no such bucket."""
    stored = _backend(bucket, account, partition).buckets.get(bucket)
    return [] if stored is None else list(stored.keys)


def _read(bucket: str, key: str, account: str, partition: str) -> bytes | None:
    """The content of an object; None if it is deleted."""
    stored = _backend(bucket, account, partition).get_object(bucket, key)
    return None if stored is None else bytes(stored.value)


def model_uri(output_path: str, training_job: str) -> str:
    """Where a training job stores its model.

    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
    """
    return f"{output_path.rstrip('/')}/{training_job}/output/model.tar.gz"


def pack_model(model: Path) -> bytes | None:
    """The archive of a model's folder; None if there is nothing in it."""
    if not model.is_dir() or not any(model.iterdir()):
        return None
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            for path in sorted(model.iterdir()):
                archive.add(path, arcname=path.name)
        file.seek(0)
        return file.read()


def store(uri: str, content: bytes, account: str, partition: str) -> None:
    """Store an object, if its bucket exists."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    backend = _backend(bucket, account, partition)
    if bucket in backend.buckets:
        backend.put_object(bucket, key, content)

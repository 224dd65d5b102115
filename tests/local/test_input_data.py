"""The data of input channels on this machine, and the faults of channels without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptc.local.input_data import find_channels, local_path
from hptc.request.reading import read_job
from tests.support.local_runs import tuning_request

PREFIX = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train"}}
MANIFEST = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://bucket/m.json"}}
LISTED = {"S3DataSource": {"S3DataType": "AugmentedManifestFile", "S3Uri": "s3://bucket/m.json"}}
FILES = {
    "FileSystemDataSource": {
        "FileSystemId": "fs-0a1b2c3d", "FileSystemType": "EFS", "FileSystemAccessMode": "ro",
        "DirectoryPath": "/data",
    }
}  # fmt: skip


def find_data(
    source: dict[str, Any], folder: Path | None, root: Path | None, *, name: str = "train"
) -> tuple[Path | None, str]:
    """The path of a channel's data, and why there is none."""
    request = tuning_request()
    channel = {"ChannelName": name, "DataSource": source}
    request["TrainingJobDefinition"]["InputDataConfig"] = [channel]
    (definition,) = read_job(request).definitions
    channels = find_channels(definition, {} if folder is None else {name: folder}, root)
    path = channels.data[name].path if name in channels.data else None
    return path, "".join(channels.faults)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "bucket/train").mkdir(parents=True)
    (tmp_path / "bucket/m.json").write_text('[{"prefix": "s3://bucket/"}, "train/a.csv"]')
    (tmp_path / "bucket/train/a.csv").write_text("1,2\n")
    return tmp_path


def test_the_data_of_a_channel(root: Path) -> None:
    folder = root / "bucket/train"
    assert find_data(PREFIX, None, root) == (folder, "")
    assert find_data(PREFIX, folder, None) == (folder, "")
    assert find_data(MANIFEST, None, root) == (root / "bucket/m.json", "")
    assert find_data(MANIFEST, folder, None) == (folder, "")
    assert find_data(FILES, folder, None) == (folder, "")


@pytest.mark.parametrize(
    ("source", "name", "reason"),
    [
        (PREFIX, "..", "can't be a folder"),
        (PREFIX, "train", "reads s3://bucket/train; name a folder with --channel train=DIR, or"),
        (MANIFEST, "train", "or name a folder with the data: --channel train=DIR"),
        (LISTED, "train", "reads the augmented manifest s3://bucket/m.json; use --s3-root for it"),
        (FILES, "train", "does not read from S3; name a folder with --channel train=DIR"),
    ],
)
def test_what_is_needed_without_any_option(source: Any, name: str, reason: str) -> None:
    path, text = find_data(source, None, None, name=name)
    assert path is None
    assert text.startswith(f"the input channel `{name}` ")
    assert reason in text
    assert (source is LISTED) is text.endswith("use --s3-root for it and its objects")


def test_what_is_missing(root: Path) -> None:
    assert "does not exist" in find_data(PREFIX, root / "nothing", None)[1]
    assert (
        "nothing does not exist"
        in find_data(
            {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/nothing"}}, None, root
        )[1]
    )
    assert "name the folder of its objects" in find_data(MANIFEST, root / "bucket/m.json", None)[1]
    assert "reads an augmented manifest, but" in find_data(LISTED, root / "bucket", root)[1]


def test_a_manifest_may_not_be_a_link_out_of_the_folder(root: Path, tmp_path: Path) -> None:
    inside = tmp_path / "s3"
    (inside / "bucket").mkdir(parents=True)
    (inside / "bucket/m.json").symlink_to(root / "bucket/m.json")
    assert "is a link out of" in find_data(MANIFEST, None, inside)[1]


@pytest.mark.parametrize(
    ("uri", "below"),
    [
        ("s3://bucket/a/b.csv", "bucket/a/b.csv"),
        ("s3://bucket/../..//./a", "bucket/a"),
        ("s3://${hptc:data_bucket}/a/", "data_bucket/a"),
    ],
)
def test_where_an_object_is(uri: str, below: str) -> None:
    assert local_path(uri, Path("/s3")) == Path("/s3", below)

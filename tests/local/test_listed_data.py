"""Input channels whose data a manifest lists, in training jobs on this machine."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from hptc.errors import UsageError
from hptc.local.launching import NotRunnableError
from hptc.local.run_differences import differences
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.request.reading import read_job
from tests.support.docker import FakeDocker
from tests.support.local_runs import IMAGE, local_tuning, run, tuning_request

SHOW = 'cd "$SAGEMAKER_BASE_DIR/input/data"; find -L . -type f | sort; echo loss=0.5'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that replaces S3, with more objects than its manifests list."""
    for name in ("b.csv", "a.csv", "sub/c.csv", "not-listed.csv"):
        path = tmp_path / "s3/bucket/some/prefix" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    keys = [{"prefix": "s3://bucket/some/prefix/"}, "sub/c.csv", "b.csv", "a.csv"]
    (tmp_path / "s3/bucket/m.json").write_text(json.dumps(keys))
    lines = [
        {"text-ref": f"s3://bucket/some/prefix/{name}", "label": label, "other": 1}
        for name, label in (("a.csv", 1), ("b.csv", [0.5, "x"]))
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "s3/bucket/augmented").write_text(text)
    return tmp_path / "s3"


def request(kind: str = "ManifestFile", key: str = "m.json", **members: Any) -> dict[str, Any]:
    body = tuning_request(jobs=members.pop("jobs", 1))
    s3 = {"S3DataType": kind, "S3Uri": f"s3://bucket/{key}", **members.pop("source", {})}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": s3}, **members}
    body["TrainingJobDefinition"]["InputDataConfig"] = [channel]
    return body


def augmented(**members: Any) -> dict[str, Any]:
    source = {"AttributeNames": ["label", "text-ref"]}
    channel = {"InputMode": "Pipe", "source": source, **members}
    return request("AugmentedManifestFile", "augmented", **channel)


def reasons(tuning: LocalTuning, body: dict[str, Any]) -> str:
    with pytest.raises(NotRunnableError) as raised:
        tuning.prepare(body)
    return "; ".join(raised.value.reasons)


def test_a_channel_has_the_objects_of_its_manifest(tmp_path: Path, root: Path) -> None:
    source = {"S3DataDistributionType": "ShardedByS3Key"}  # of one instance: all of them
    tuning = local_tuning(tmp_path, SHOW, s3_root=root)
    _, ended = run(tuning, request(jobs=2, source=source))
    for training_job in ended:
        assert training_job.last_lines == (
            "./train/some/prefix/a.csv",
            "./train/some/prefix/b.csv",
            "./train/some/prefix/sub/c.csv",
            "loss=0.5",
        )
    assert (root / "bucket/some/prefix/a.csv").read_text() == "a.csv\n"
    notes = "\n".join(differences(read_job(request()), tuning.launches("demo")))
    assert "the files in `train` are stored under the full keys of their manifest; AWS" in notes
    tuning.remove("demo")
    assert (root / "bucket/some/prefix/a.csv").exists()


def test_the_objects_that_are_laid_out_are_counted(tmp_path: Path, root: Path) -> None:
    counts: list[tuple[int, int]] = []
    tuning = local_tuning(tmp_path, SHOW, s3_root=root)
    tuning.prepare(request(), progress=lambda done, total: counts.append((done, total)))
    assert counts == [(0, 3), (1, 3), (2, 3)]


def test_a_resumed_tuning_job_has_the_data_of_its_start(tmp_path: Path, root: Path) -> None:
    tuning = local_tuning(tmp_path, SHOW, s3_root=root, max_training_jobs=1)
    run(tuning, request(jobs=2))
    (root / "bucket/m.json").unlink()
    again = local_tuning(tmp_path, SHOW, max_training_jobs=2)
    again.run("demo")
    logs = [path.read_text() for path in sorted(tmp_path.glob("jobs/demo/training-jobs/*/*/log"))]
    assert len(logs) == 2
    assert logs[0] == logs[1]
    assert "sub/c.csv" in logs[1]


def test_pipe_mode_streams_a_manifest_in_its_order(tmp_path: Path, root: Path) -> None:
    script = 'cd "$SAGEMAKER_BASE_DIR/input/data"; ls; cat train_0 train_1; echo loss=0.5'
    tuning = local_tuning(tmp_path, script, s3_root=root)
    _, ended = run(tuning, request(InputMode="Pipe"))
    epoch = ("sub/c.csv", "b.csv", "a.csv")
    assert ended[0].last_lines == ("train_0", *epoch, *epoch, "loss=0.5")
    notes = "\n".join(differences(read_job(request(InputMode="Pipe")), tuning.launches("demo")))
    assert "whole keys" not in notes


def test_pipe_mode_streams_the_attributes_of_an_augmented_manifest(
    tmp_path: Path, root: Path
) -> None:
    script = f'cat "$SAGEMAKER_BASE_DIR/input/data/train_0" >"{tmp_path}/stream"; echo loss=0.5'
    tuning = local_tuning(tmp_path, script, s3_root=root)
    run(tuning, augmented())
    assert (tmp_path / "stream").read_bytes() == b'1a.csv\n[0.5,"x"]b.csv\n'
    tuning.remove("demo")
    run(tuning, augmented(RecordWrapperType="RecordIO"))
    header = struct.pack("<I", 0xCED7230A)
    parts = [b"1", b"a.csv\n", b'[0.5,"x"]', b"b.csv\n"]
    assert (tmp_path / "stream").read_bytes() == b"".join(
        header + struct.pack("<I", len(part)) + part + bytes(-len(part) % 4) for part in parts
    )


def test_lines_of_an_augmented_manifest_are_shuffled_as_a_whole(tmp_path: Path, root: Path) -> None:
    lines = [{"text-ref": "s3://bucket/some/prefix/a.csv", "label": n} for n in range(9)]
    (root / "bucket/augmented").write_text("".join(json.dumps(line) + "\n" for line in lines))
    script = 'cd "$SAGEMAKER_BASE_DIR/input/data"; cat train_0; echo loss=0.5'
    tuning = local_tuning(tmp_path, script, s3_root=root)
    _, ended = run(tuning, augmented(ShuffleConfig={"Seed": 3}))
    *records, _ = ended[0].last_lines
    assert sorted(records) == [f"{n}a.csv" for n in range(9)]
    assert records != sorted(records)


def test_a_manifest_of_this_machine_lists_objects_in_the_folder(tmp_path: Path, root: Path) -> None:
    (root / "bucket/m.json").rename(tmp_path / "own.json")
    channels = {"train": tmp_path / "own.json"}
    _, ended = run(local_tuning(tmp_path, SHOW, s3_root=root, channels=channels), request())
    assert ended[0].last_lines[0] == "./train/some/prefix/a.csv"
    assert reasons(local_tuning(tmp_path / "2", channels=channels), request()) == (
        f"the input channel `train` reads the manifest {tmp_path}/own.json; name the folder of its "
        "objects with --s3-root"
    )


def test_a_folder_replaces_a_manifest(tmp_path: Path, root: Path) -> None:
    channels = {"train": root / "bucket/some"}
    _, ended = run(local_tuning(tmp_path, SHOW, channels=channels), request())
    assert "./train/prefix/not-listed.csv" in ended[0].last_lines
    assert reasons(local_tuning(tmp_path / "2", channels=channels), augmented()) == (
        f"the input channel `train` reads an augmented manifest, but {root}/bucket/some is a "
        "folder; name the manifest with --channel train=FILE, and the folder of its objects with "
        "--s3-root"
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            request(InputMode="FastFile"),
            "reads a manifest, which FastFile mode does not support; use `input_mode: File`",
        ),
        (
            augmented(InputMode="File"),
            "reads an augmented manifest in File mode; AWS supports only `input_mode: Pipe`",
        ),
        (
            request(key="none.json"),
            "reads s3://bucket/none.json, but {root}/bucket/none.json does not exist; use --chann",
        ),
        (request(key="some/prefix"), "is a folder, not a manifest; name the manifest, or use"),
        (
            request("Converse"),
            "reads data of the type Converse; name a folder with them: --channel",
        ),
    ],
)
def test_what_can_not_be_read_is_named(
    tmp_path: Path, root: Path, body: dict[str, Any], expected: str
) -> None:
    text = reasons(local_tuning(tmp_path, s3_root=root), body)
    assert text.startswith("the input channel `train`")
    assert expected.replace("{root}", str(root)) in text


def test_a_manifest_is_not_read_through_a_link_out_of_the_folder(
    tmp_path: Path, root: Path
) -> None:
    (root / "bucket/m.json").rename(tmp_path / "m.json")
    (root / "bucket/m.json").symlink_to(tmp_path / "m.json")
    text = reasons(local_tuning(tmp_path, s3_root=root), request())
    assert f"{root}/bucket/m.json is a link out of {root}; use --channel train=FILE" in text


def test_without_a_folder_of_s3_it_is_asked_for(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)
    assert reasons(tuning, request()) == (
        "the input channel `train` reads the manifest s3://bucket/m.json; use --s3-root for it and "
        "its objects, or name a folder with the data: --channel train=DIR"
    )
    assert reasons(tuning, augmented()) == (
        "the input channel `train` reads the augmented manifest s3://bucket/augmented; use "
        "--s3-root for it and its objects"
    )


def test_nothing_is_left_of_data_that_can_not_be_laid_out(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: str, path: str) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(os, "symlink", full)
    tuning = local_tuning(tmp_path, s3_root=root)
    with pytest.raises(UsageError, match=r"c\.csv: No space left on device"):
        tuning.prepare(request())
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [".gitignore"]


@pytest.mark.parametrize("is_on_another_disk", [False, True])
def test_a_container_sees_the_objects_and_nothing_else(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, is_on_another_disk: bool
) -> None:
    def refused(source: str, path: str) -> None:
        raise OSError(18, "Invalid cross-device link", path)

    if is_on_another_disk:
        monkeypatch.setattr(os, "link", refused)
    docker = FakeDocker(tmp_path, monkeypatch)
    docker.add_image(IMAGE, 'cat "$OPT_ML/input/data/train/some/prefix/b.csv"; echo loss=0.5')
    tuning = LocalTuning(tmp_path / "jobs", RunOptions(engine="docker", s3_root=root))
    _, ended = run(tuning, request())
    assert ended[0].last_lines == ("b.csv", "loss=0.5")
    data = tmp_path / "jobs/demo/data/_/train"
    mount = f"type=bind,source={data},target=/opt/ml/input/data/train,readonly"
    assert mount in docker.calls("run")[0]
    files = [path for path in data.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any(path.is_symlink() for path in files)

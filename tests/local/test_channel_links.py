"""Links in input channels that a container can't follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptc.local import channel_links
from hptc.local.channel_links import outside_links
from hptc.local.run_differences import differences
from hptc.local.run_options import Launch
from hptc.request.reading import read_job
from tests.support.local_runs import tuning_request


def linked(folder: Path) -> Path:
    """A folder with links that stay in it, and three that don't."""
    data = folder / "data"
    (data / "below").mkdir(parents=True)
    (data / "rows.csv").write_text("1,2\n")
    (folder / "elsewhere.csv").write_text("3,4\n")
    (data / "same.csv").symlink_to("rows.csv")
    (data / "below/up.csv").symlink_to("../rows.csv")
    (data / "below/out.csv").symlink_to("../../elsewhere.csv")
    (data / "absolute.csv").symlink_to(data / "rows.csv")
    (data / "folder").symlink_to(folder)
    return data


def notes(data: Path, mode: str = "File", **members: Any) -> str:
    request = tuning_request()
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}
    channel = {"ChannelName": "train", "InputMode": mode, "DataSource": {"S3DataSource": s3}}
    request["TrainingJobDefinition"]["InputDataConfig"] = [channel]
    launch = Launch(definition="", channels={"train": data}, **members)
    return "\n".join(differences(read_job(request), [launch]))


def test_links_that_lead_out_of_a_channel_are_found(tmp_path: Path) -> None:
    data = linked(tmp_path)
    assert outside_links(data) == ("absolute.csv", "below/out.csv", "folder")
    assert outside_links(data / "rows.csv") == ()
    assert outside_links(tmp_path / "nowhere") == ()


def test_the_first_20_000_entries_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large channel delays nothing."""
    data = linked(tmp_path)
    entries = [data / "rows.csv"] * 19_999 + [data / "absolute.csv", data / "folder"]
    monkeypatch.setattr(channel_links, "_entries", lambda folder: iter(entries))
    assert outside_links(data) == ("absolute.csv",)


def test_a_note_names_them_where_a_container_reads_the_channel(tmp_path: Path) -> None:
    data = linked(tmp_path)
    assert (
        "in the channel `train`, `absolute.csv` and 2 other links lead out of its folder, so a "
        "container finds no file there; copy what it needs into the folder"
    ) in notes(data, image="sha256:1")
    (data / "folder").unlink()
    (data / "below/out.csv").unlink()
    assert "the link `absolute.csv` leads out" in notes(data, image="sha256:1")
    assert "out of its folder" not in notes(data, mode="Pipe", image="sha256:1")
    assert "out of its folder" not in notes(data)

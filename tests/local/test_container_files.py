"""The folder that a container sees as /opt/ml."""

from __future__ import annotations

from pathlib import Path

from hptc.local.container_files import lay_out


def test_a_link_in_the_code_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "large").mkdir()
    (tmp_path / "src/data").symlink_to(tmp_path / "large")
    lay_out(
        tmp_path / "ml", hyperparameters={}, channels={}, resources={}, data={},
        code=tmp_path / "src",
    )  # fmt: skip
    assert (tmp_path / "ml/code/data").readlink() == tmp_path / "large"

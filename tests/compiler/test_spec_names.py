"""Which file or folder a path or the name of a spec means."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_paths
from hptc.compiler.spec_names import spec_path
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project with a spec named `churn` in `specs/trees.yaml`, in the current folder."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "hptc.yaml").write_text("project: example\n")
    (tmp_path / "specs" / "trees.yaml").write_text("name: churn\n")
    monkeypatch.chdir(tmp_path)
    return Workspace()


def test_a_name_is_the_file_of_its_spec(workspace: Workspace) -> None:
    assert spec_path("churn", workspace) == str(Path("specs", "trees.yaml"))


@pytest.mark.parametrize("path", ["specs", "specs/trees.yaml"])
def test_a_path_is_kept(workspace: Workspace, path: str) -> None:
    assert spec_path(path, workspace) == path


def test_a_folder_comes_before_a_spec_of_the_same_name(workspace: Workspace) -> None:
    Path("churn").mkdir()
    assert spec_path("churn", workspace) == "churn"


def test_a_path_of_nothing_is_left_to_the_reader_of_files(workspace: Workspace) -> None:
    assert spec_path("specs/churn.yaml", workspace) == "specs/churn.yaml"


def test_what_is_neither_a_name_nor_a_path_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="chrun: no such file or folder, and no spec") as raised:
        spec_path("chrun", workspace)
    assert raised.value.help == "did you mean `churn`?"


def test_the_name_of_an_environment_names_its_option(workspace: Workspace) -> None:
    text = "project: example\nenvironments: {prod: {account: '123456789012', region: us-east-1}}\n"
    Path("hptc.yaml").write_text(text)
    with pytest.raises(UsageError) as raised:
        spec_path("prod", workspace)
    assert raised.value.help == "`prod` is an environment: use `--env prod`"


@pytest.mark.parametrize(
    ("path", "help"),
    [
        pytest.param("trees.yaml", "did you mean `specs/trees.yaml`?", id="another folder"),
        pytest.param("specs/trees.yml", "did you mean `specs/trees.yaml`?", id="another suffix"),
        pytest.param("spec/tree.yaml", "did you mean `specs/trees.yaml`?", id="misspelled"),
        pytest.param("requests/a.json", "", id="nothing similar"),
    ],
)
def test_a_missing_file_names_a_similar_one(workspace: Workspace, path: str, help: str) -> None:
    Path("specs", "forest.yaml").write_text("name: forest\n")
    with pytest.raises(UsageError, match="no such file or folder") as raised:
        compile_paths([path], workspace)
    assert raised.value.help == help


def test_without_a_project_a_name_is_a_path(workspace: Workspace) -> None:
    Path("hptc.yaml").unlink()
    assert spec_path("churn", workspace) == "churn"


def test_the_name_of_several_specs_is_refused(workspace: Workspace) -> None:
    Path("specs", "other.yaml").write_text("name: churn\n")
    with pytest.raises(UsageError, match="`churn` is the name of 2 specs") as raised:
        spec_path("churn", workspace)
    assert "specs/other.yaml and specs/trees.yaml" in raised.value.message

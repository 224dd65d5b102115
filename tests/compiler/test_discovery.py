"""Which spec files an argument names: a file, a folder, or the folder of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.discovery import files_of, spec_files_by_name, spec_name, specs_of_projects
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.source.filesystem import DISK

FILES = {
    "hptc.yaml": (
        "project: demo\n"
        "specs: [specs, more/one.yaml, absent]\n"
        "environments: {dev: {account: '123456789012', region: us-east-1}}\n"
    ),
    "specs/b.yaml": "name: b\n",
    "specs/a.yml": "name: a\n",
    "specs/deep/c.json": '{"name": "a"}',
    "specs/deep/notes.txt": "name: notes\n",
    "specs/.hidden/d.yaml": "name: d\n",
    "specs/.e.yaml": "name: e\n",
    "specs/nameless.yaml": "strategy: Random\n",
    "more/one.yaml": "name: one\n",
    "more/two.yaml": "name: two\n",
    "empty/README.md": "",
}
OF_THE_PROJECT = [
    *("specs/a.yml", "specs/b.yaml", "specs/deep/c.json", "specs/nameless.yaml", "more/one.yaml"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        pytest.param(".", OF_THE_PROJECT, id="the project's folder"),
        pytest.param("specs", OF_THE_PROJECT[:4], id="a folder of the project"),
        pytest.param("specs/deep", ["specs/deep/c.json"], id="a folder below"),
        pytest.param("more", ["more/one.yaml", "more/two.yaml"], id="not only the project's"),
        pytest.param("more/two.yaml", ["more/two.yaml"], id="a file"),
        pytest.param("specs/.e.yaml", ["specs/.e.yaml"], id="a hidden file"),
        pytest.param("specs/deep/notes.txt", ["specs/deep/notes.txt"], id="any suffix"),
        pytest.param("absent.yaml", ["absent.yaml"], id="a file that does not exist"),
    ],
)
def test_files_of(root: Path, argument: str, expected: list[str]) -> None:
    paths = files_of(root / argument, Workspace())
    assert [path.relative_to(root).as_posix() for path in paths] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "project: UP\nspecs: [more]\n", ["more/one.yaml", "more/two.yaml"], id="listed"
        ),
        pytest.param("project: UP\n", OF_THE_PROJECT[:4], id="the default"),
        pytest.param("project: [\n", OF_THE_PROJECT[:4], id="not YAML"),
        pytest.param(
            "project: UP\nspecs: [absent, ../..]\n",
            [*("more/one.yaml", "more/two.yaml"), *OF_THE_PROJECT[:4]],
            id="nothing that exists inside",
        ),
        pytest.param(
            'project: UP\nspecs: ["a\\0b", more]\n',
            ["more/one.yaml", "more/two.yaml"],
            id="a name that no file can have",
        ),
    ],
)
def test_a_project_with_errors_has_the_specs_it_lists(
    root: Path, text: str, expected: list[str]
) -> None:
    """Not every YAML and JSON file of the folder, such as package.json."""
    (root / "hptc.yaml").write_text(text, encoding="utf-8")
    paths = files_of(root, Workspace())
    assert [path.relative_to(root).as_posix() for path in paths] == expected


def test_an_entry_that_no_file_can_have_is_skipped(root: Path) -> None:
    (root / "hptc.yaml").write_text('project: demo\nspecs: ["a\\0b", more]\n', encoding="utf-8")
    paths = files_of(root, Workspace())
    assert [path.relative_to(root).as_posix() for path in paths] == [
        "more/one.yaml",
        "more/two.yaml",
    ]


def test_hptc_yaml_is_not_a_spec(root: Path) -> None:
    (root / "nested").mkdir()
    (root / "nested" / "x.yaml").write_text("name: x\n", encoding="utf-8")
    (root / "nested" / "deep").mkdir()
    (root / "nested" / "deep" / "hptc.yaml").write_text("project: other\n", encoding="utf-8")
    paths = files_of(root / "nested", Workspace())
    assert [path.name for path in paths] == ["x.yaml"]


@pytest.mark.parametrize(
    ("argument", "looked_in"),
    [("empty", ""), (".", r" \(looked in absent, specs/\.hidden/none\)")],
)
def test_no_specs(root: Path, argument: str, looked_in: str) -> None:
    project = FILES["hptc.yaml"].replace(
        "[specs, more/one.yaml, absent]", "[absent, specs/.hidden/none]"
    )
    (root / "hptc.yaml").write_text(project, encoding="utf-8")
    with pytest.raises(UsageError, match=f"no specs found{looked_in}$"):
        files_of(root / argument, Workspace())


def test_the_first_spec_of_a_name_counts(root: Path) -> None:
    workspace = Workspace()
    project, faults = workspace.project_of(root)
    assert project is not None, faults
    paths = spec_files_by_name(project, workspace)
    assert {name: path.relative_to(root).as_posix() for name, path in paths.items()} == {
        "a": "specs/a.yml",
        "b": "specs/b.yaml",
        "one": "more/one.yaml",
    }


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        pytest.param("specs/a.yml", ["specs/a.yml"], id="a spec"),
        pytest.param("more/two.yaml", [], id="a file that the project doesn't list"),
        pytest.param("specs/deep/notes.txt", [], id="a text"),
        pytest.param("hptc.yaml", ["hptc.yaml"], id="all specs of the project"),
    ],
)
def test_only_specs_of_projects_are_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch, argument: str, expected: list[str]
) -> None:
    monkeypatch.chdir(root)
    assert specs_of_projects([argument], Workspace()) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("# trees\nname: trees\nx: [\n", "trees", id="plain"),
        pytest.param("x: [\r\nname: 'trees'  # why\r\n", "trees", id="quoted"),
        pytest.param("<<<<<<< HEAD\nname: trees\n=======\nname: shrubs\n", "trees", id="conflict"),
        pytest.param("training_job:\n  name: inner\nx: [\n", None, id="not-at-the-top"),
        pytest.param("name: 'trees\n", None, id="broken-in-the-line"),
        pytest.param("name: trees 2\nx: [\n", None, id="not-a-name"),
        pytest.param("- name: trees\n", None, id="valid-but-no-spec"),
    ],
)
def test_the_name_in_a_file_that_is_not_valid_yaml(
    text: str, name: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "trees.yaml"
    path.write_text(text, encoding="utf-8")
    assert spec_name(path, DISK) == name


def test_the_line_of_a_name_is_found_in_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "trees.yaml"
    path.write_text("x: [\n" + "name: " * 200_000 + "\n" + "name:" + " " * 400_000, "utf-8")
    assert spec_name(path, DISK) is None

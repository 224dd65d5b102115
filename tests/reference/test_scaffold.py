"""`hptc init` writes a project that compiles, and never overwrites files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hptc import __version__
from hptc.cli import run as hptc
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.reference.scaffold import update_schemas, write_project
from hptc.reference.schema_files import PROJECT_SCHEMA, SPEC_SCHEMA, outdated_schema
from hptc.request.emission import unwrapped
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from tests.support.paths import ROOT


def data_of(path: Path) -> Any:
    document, faults = parse_document(path.read_text(encoding="utf-8"), str(path))
    data, more = construct_data(document)
    assert faults + more == []
    return unwrapped(data)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path / "churn", name=None)
    return tmp_path / "churn"


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_writes_a_project(tmp_path: Path) -> None:
    written = write_project(tmp_path / "churn", name=None)
    assert sorted(str(path.relative_to(tmp_path / "churn")) for path in written) == [
        ".github/workflows/hptc.yml",
        ".gitignore",
        ".hptc/project.schema.json",
        ".hptc/spec.schema.json",
        ".vscode/extensions.json",
        ".vscode/settings.json",
        "README.md",
        "cdk.json",
        "cdk/app.py",
        "hptc.yaml",
        "package-lock.json",
        "package.json",
        "requirements.txt",
        "specs/direct-marketing-xgboost.yaml",
    ]
    assert files_in(tmp_path / "churn") == sorted(
        str(path.relative_to(tmp_path / "churn")) for path in written
    )


@pytest.mark.parametrize("folder", ["churn", "my first project", "été", "."])
def test_its_specs_compile_without_diagnostics(tmp_path: Path, folder: str) -> None:
    write_project(tmp_path / folder, name=None)
    (compiled,) = compile_paths([str(tmp_path / folder)], Workspace())
    assert compiled.diagnostics == ()
    assert isinstance(compiled, Compiled)
    assert compiled.environment is not None
    assert compiled.environment.name == "dev"


def test_its_files_match_its_schemas(project: Path) -> None:
    settings = json.loads((project / ".vscode/settings.json").read_text(encoding="utf-8"))
    for schema_path, patterns in settings["yaml.schemas"].items():
        schema = json.loads((project / schema_path).read_text(encoding="utf-8"))
        globs = [patterns] if isinstance(patterns, str) else patterns
        files = [path for glob in globs for path in project.glob(glob)]
        assert files != []
        for path in files:
            Draft202012Validator(schema).validate(data_of(path))
            first = path.read_text(encoding="utf-8").splitlines()[0]
            _, _, named = first.partition("$schema=")
            assert (path.parent / named).resolve() == (project / schema_path).resolve()


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("churn", None, "churn"),
        ("My First Project", None, "my-first-project"),
        ("2026-churn", None, "churn"),
        ("...", None, "tuning"),
        ("a" * 40, None, "a" * 31),
        ("churn", "other", "other"),
        ("churn", "null", "null"),
    ],
)
def test_names_the_project(tmp_path: Path, folder: str, name: str | None, expected: str) -> None:
    write_project(tmp_path / folder, name=name)
    assert data_of(tmp_path / folder / "hptc.yaml")["project"] == expected
    (compiled,) = compile_paths([str(tmp_path / folder)], Workspace())
    assert compiled.diagnostics == ()
    for path in files_in(tmp_path / folder):
        assert "__PROJECT__" not in (tmp_path / folder / path).read_text(encoding="utf-8"), path


@pytest.mark.parametrize("name", ["", "Churn", "1churn", "a b", "a" * 32, "churn\n"])
def test_an_invalid_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is not a valid project name"):
        write_project(tmp_path / "churn", name=name)
    assert files_in(tmp_path) == []


def test_an_existing_project_is_not_overwritten(project: Path) -> None:
    before = {path: (project / path).read_bytes() for path in files_in(project)}
    with pytest.raises(UsageError, match=r"hptc\.yaml"):
        write_project(project, name="other")
    assert {path: (project / path).read_bytes() for path in files_in(project)} == before


@pytest.mark.parametrize("path", ["README.md", "specs/direct-marketing-xgboost.yaml"])
def test_one_existing_file_prevents_all_writes(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=path) as refused:
        write_project(tmp_path, name="churn")
    assert refused.value.exit_code == 2
    assert files_in(tmp_path) == [path]
    assert (tmp_path / path).read_text(encoding="utf-8") == "mine"


def test_a_broken_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"cdk\.json"):
        write_project(tmp_path, name="churn")


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "churn").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="churn"):
        write_project(tmp_path / "churn", name=None)


def as_of(schema: Path, comment: str) -> None:
    """Change who wrote a schema."""
    text = schema.read_text(encoding="utf-8")
    assert f'"$comment": "hptc {__version__}"' in text
    schema.write_text(text.replace(f'"hptc {__version__}"', comment), encoding="utf-8")


@pytest.mark.parametrize("changed", [SPEC_SCHEMA, PROJECT_SCHEMA])
def test_an_update_rewrites_the_schemas_alone(project: Path, changed: str) -> None:
    before = {path: (project / path).read_bytes() for path in files_in(project)}
    assert update_schemas(project) == []
    as_of(project / changed, '"hptc 0.0.1"')
    (project / "README.md").write_text("mine", encoding="utf-8")
    assert update_schemas(project) == [project / changed]
    after = {path: (project / path).read_bytes() for path in files_in(project)}
    assert after == before | {"README.md": b"mine"}


def test_an_update_writes_missing_schemas_and_follows_no_link_out(
    project: Path, tmp_path: Path
) -> None:
    shutil.rmtree(project / ".hptc")
    assert update_schemas(project) == [project / SPEC_SCHEMA, project / PROJECT_SCHEMA]
    shutil.rmtree(project / ".hptc")
    (project / ".hptc").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="leads out of"):
        update_schemas(project)
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ('"hptc 0.0.9"', "is from hptc 0.0.9, but this is hptc"),
        ('"hptc 99.1"', "upgrade hptc, or run `hptc init --update`"),
        ('"mine"', "is from another version of hptc"),
        ('"hptc 1\\u001b[0m"', "is from another version of hptc"),
    ],
)
def test_notices_schemas_of_another_version(project: Path, comment: str, expected: str) -> None:
    assert outdated_schema(project) == ""
    as_of(project / PROJECT_SCHEMA, comment)
    note = outdated_schema(project)
    assert note.startswith(PROJECT_SCHEMA)
    assert expected in note
    assert "hptc init --update" in note
    assert "\n" not in note
    update_schemas(project)
    assert outdated_schema(project) == ""


def test_a_project_without_readable_schemas_is_not_outdated(project: Path) -> None:
    (project / SPEC_SCHEMA).unlink()
    (project / PROJECT_SCHEMA).unlink()
    assert outdated_schema(project) == ""
    os.mkfifo(project / SPEC_SCHEMA)
    (project / PROJECT_SCHEMA).symlink_to("/etc/hostname")
    assert outdated_schema(project) == ""


def test_init_updates_the_project_of_the_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_of(project / SPEC_SCHEMA, '"hptc 0.0.9"')
    monkeypatch.chdir(project / "specs")
    assert hptc(["check"]) == 0
    assert capsys.readouterr().err.count("hptc init --update") == 1
    assert hptc(["init", "--update"]) == 0
    assert capsys.readouterr().out == f"{project / SPEC_SCHEMA}\n"
    assert hptc(["init", "--update"]) == 0
    assert capsys.readouterr().err == "the schemas are up to date\n"
    assert hptc(["check"]) == 0
    assert "note:" not in capsys.readouterr().err
    assert hptc(["init"]) == hptc(["init", "--update", "--name", "x"]) == 2
    assert hptc(["init", "--update", str(project.parent)]) == 2


def test_cdk_json_runs_the_app_with_the_python_of_hptc(project: Path, tmp_path: Path) -> None:
    """As installed by `uv tool install` or pipx: only `hptc` is on PATH, its Python is not."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program = f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m hptc "$@"\n'
    for name, text in {"hptc": program, "python3": "#!/bin/sh\nexit 9\n"}.items():
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    app = "import os, sys; print(sys.executable, os.getcwd(), sys.path[0], sep='\\n'); sys.exit(3)"
    (project / "cdk/app.py").write_text(app, encoding="utf-8")
    command = json.loads((project / "cdk.json").read_text(encoding="utf-8"))["app"]
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=project,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    expected = [sys.executable, str(project), str(project / "cdk")]
    assert done.stdout.splitlines() == expected, done.stderr
    assert done.returncode == 3


def test_cdk_app_without_a_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    assert hptc(["cdk-app", "app.py"]) == 2
    assert "app.py: no such file" in capsys.readouterr().err


def test_the_workflow(project: Path) -> None:
    workflow = data_of(project / ".github/workflows/hptc.yml")
    assert set(workflow["on"]) == {"pull_request", "push"}
    runs = {
        name: [step["run"] for step in job["steps"] if "run" in step]
        for name, job in workflow["jobs"].items()
    }
    assert runs["check"][-2:] == ["hptc check --format github", "npx cdk synth --quiet"]
    # All environments: the merge changes those that are added later, too.
    assert "hptc diff --format markdown --against" in runs["review"][-2]
    assert runs["review"][-1].startswith("python -m hptc.github")
    review = workflow["jobs"]["review"]
    assert review["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert review["steps"][0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
    holding = [step for step in review["steps"] if "github.token" in str(step)]
    assert [step["run"] for step in holding] == [runs["review"][-1]]
    assert runs["deploy"][-2:] == ["hptc deploy --env dev --yes", "hptc submit --env dev --yes"]
    deploy = workflow["jobs"]["deploy"]
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    assert "push" in deploy["if"]
    text = (project / ".github/workflows/hptc.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "access-key" not in text


@pytest.mark.parametrize("path", ["cdk/app.py", "cdk.json"])
def test_the_app_equals_the_one_of_this_repository(
    project: Path, request: pytest.FixtureRequest, path: str
) -> None:
    ours = (ROOT / path).read_text(encoding="utf-8")
    if request.config.getoption("--update-golden"):
        template = "app.py.txt" if path.endswith(".py") else "cdk.json"
        (ROOT / "hptc/reference/scaffold_files" / template).write_text(ours, encoding="utf-8")
        return
    assert (project / path).read_text(encoding="utf-8") == ours, "`make golden`"


def test_pins_the_cdk_of_this_repository(project: Path) -> None:
    ours = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    theirs = json.loads((project / "package.json").read_text(encoding="utf-8"))
    assert set(theirs["devDependencies"]) == {"aws-cdk"}
    assert theirs["devDependencies"].items() <= ours["devDependencies"].items()


def test_pins_what_deploys(project: Path) -> None:
    pinned = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    ours, *theirs = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert ours == f"hptc[cdk]=={__version__}"
    assert [requirement.partition("==")[0] for requirement in theirs] == [
        "aws-cdk-lib",
        "constructs",
    ]
    assert all(f"\n{requirement} " in pinned for requirement in theirs)


def test_the_lock_file_is_a_part_of_the_one_of_this_repository(project: Path) -> None:
    ours = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    theirs = json.loads((project / "package-lock.json").read_text(encoding="utf-8"))
    manifest = json.loads((project / "package.json").read_text(encoding="utf-8"))
    assert theirs["name"] == theirs["packages"][""]["name"] == manifest["name"]
    assert theirs["packages"][""]["devDependencies"] == manifest["devDependencies"]
    assert theirs["packages"][""]["engines"] == manifest["engines"]
    del ours["packages"][""], theirs["packages"][""]
    assert "node_modules/aws-cdk" in theirs["packages"]
    assert theirs["packages"].items() <= ours["packages"].items()


def test_the_example_equals_the_spec_of_this_repository(project: Path) -> None:
    path = "specs/direct-marketing-xgboost.yaml"
    assert data_of(project / path) == data_of(ROOT / path)

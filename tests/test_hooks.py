"""The pre-commit hook: which files it checks, and that other files don't disturb it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from hptc.cli import run
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from tests.support.paths import ROOT
from tests.support.specs import PROJECT, SPEC

BROKEN = SPEC.replace("strategy: Bayesian", "strategy: Guess")
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a nested project, and YAML files that have nothing to do with hptc."""
    files = {
        "team/hptc.yaml": PROJECT + "specs: [searches]\n",
        "team/searches/churn.yaml": SPEC,
        "team/notes.yaml": "some: notes\n",
        "mkdocs.yml": "site_name: x\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_hook(*files: str) -> int:
    assert all(re.search(HOOK["files"], file) for file in files)
    assert (HOOK["id"], HOOK["language"], HOOK["pass_filenames"]) == ("hptc-check", "python", True)
    program, *arguments = HOOK["entry"].split()
    assert program == "hptc"
    return run([*arguments, *files])


def test_only_specs_of_a_project_are_checked(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("team/searches/churn.yaml", "team/notes.yaml", "mkdocs.yml", "deleted.yaml")
    assert run_hook(*files) == EXIT_OK
    assert capsys.readouterr().err == "checked 1 file in dev and prod: no errors\n"


def test_hptc_yaml_stands_for_all_specs_of_its_project(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "team/searches/broken.yaml").write_text(BROKEN, encoding="utf-8")
    assert run_hook("team/hptc.yaml") == EXIT_FINDINGS
    output = capsys.readouterr()
    assert "searches/broken.yaml" in output.out
    assert output.err.startswith("checked 2 files")


def test_an_invalid_hptc_yaml(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "team/hptc.yaml").write_text("project: [\n", encoding="utf-8")
    assert run_hook("team/hptc.yaml") == EXIT_FINDINGS
    assert "team/hptc.yaml:" in capsys.readouterr().out


def test_no_specs_among_the_files(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_hook("mkdocs.yml") == EXIT_OK
    assert capsys.readouterr().err == "no specs to check\n"
    assert not re.search(HOOK["files"], "docs/specs.md")

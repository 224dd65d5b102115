"""The options of every command: --quiet, --verbose, --color and -C, before and after its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.cli import console, run
from hptc.cli.inputs import print_findings
from hptc.diagnostics import Diagnostic, Severity, Span
from tests.support.specs import PROJECT, SPEC


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "specs").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "hptc.yaml").write_text(PROJECT, "utf-8")
    (folder / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["-C", "project", "check"], id="before"),
        pytest.param(["check", "-C", "project"], id="after"),
        pytest.param(["check", "--directory", "project"], id="long"),
        pytest.param(["-C", "project", "check", "-C", "specs", "churn.yaml"], id="relative"),
    ],
)
def test_a_command_runs_in_a_folder(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(arguments) == 0
    assert "checked 1 file" in capsys.readouterr().err
    assert Path.cwd() == project.parent


def test_a_folder_that_does_not_exist(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", f"{project}/nowhere", "check"]) == 2
    assert capsys.readouterr().err == f"error: -C {project}/nowhere: no such folder\n"


@pytest.mark.parametrize("arguments", [["-q", "check"], ["check", "--quiet"]])
def test_quiet_leaves_results(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (project / "specs" / "churn.yaml").write_text(SPEC.replace("Bayesian", "Bayes"), "utf-8")
    assert run([*arguments, "project"]) == 1
    printed = capsys.readouterr()
    assert "Bayes" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("arguments", [["-q", "-v", "check"], ["-v", "check", "-q"]])
def test_quiet_and_verbose(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err == "error: --quiet and --verbose can't be combined\n"


def test_quiet_leaves_errors(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "specs" / "churn.yaml").write_text(SPEC.replace("Bayesian", "Bayes"), "utf-8")
    assert run(["-q", "compile", "project/specs/churn.yaml"]) == 1
    assert "Bayes" in capsys.readouterr().err
    assert run(["-q", "compile", "nowhere.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error: nowhere.yaml")


def test_verbose_says_what_is_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "-v", "project/specs/churn.yaml", "--env", "dev"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)
    assert "debug: read project/specs/churn.yaml, environment dev" in printed.err
    assert run(["compile", "project/specs/churn.yaml", "--env", "dev"]) == 0
    assert capsys.readouterr().err == ""  # a run does not inherit the options of another


@pytest.mark.parametrize(
    ("arguments", "is_colored"),
    [
        (["--color", "always"], True),
        (["--color=never"], False),
        (["--color", "auto"], False),
        ([], False),
    ],
)
def test_color(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], is_colored: bool
) -> None:
    (project / "specs" / "churn.yaml").write_text(SPEC.replace("Bayesian", "Bayes"), "utf-8")
    assert run([*arguments, "check", "project"]) == 1
    assert ("\x1b[31;1m" in capsys.readouterr().out) is is_colored
    assert run(["check", "nowhere", *arguments]) == 2
    assert ("\x1b[" in capsys.readouterr().err) is is_colored


def finding(file: str, severity: Severity = Severity.WARNING) -> Diagnostic:
    span = Span(file=file, line=1, column=1, end_line=1, end_column=2)
    return Diagnostic(code="HPT401", severity=severity, message=f"in {file}", span=span)


FINDINGS = [finding("a.yaml"), finding("b.yaml"), finding("b.yaml"), finding("hptc.yaml")]


@pytest.mark.parametrize(
    ("named", "shown", "counted"),
    [
        pytest.param(None, "aabbh", "", id="everything"),
        pytest.param(["a.yaml"], "a", "3 warnings in 2 other files: run `hptc check`\n", id="one"),
        pytest.param([], "", "4 warnings in 3 other files: run `hptc check`\n", id="nothing"),
        pytest.param(["."], "abh", "", id="a folder"),
    ],
)
def test_warnings_about_other_files_are_counted(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    named: list[str] | None,
    shown: str,
    counted: str,
) -> None:
    monkeypatch.chdir(project)
    print_findings(FINDINGS, named)
    text = capsys.readouterr().err
    for file in ("a.yaml", "b.yaml", "hptc.yaml"):
        assert (f"in {file}" in text) is (file[0] in shown)
    assert text.endswith(counted)
    assert ("other file" in text) is bool(counted)


def test_errors_about_other_files_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([*FINDINGS, finding("c.yaml", Severity.ERROR)], [])
    text = capsys.readouterr().err
    assert "in c.yaml" in text
    assert text.endswith("4 warnings in 3 other files: run `hptc check`\n")


def test_quiet_hides_counts_but_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_quiet()
    print_findings([*FINDINGS, finding("c.yaml", Severity.ERROR)], [])
    console.reset_output()
    text = capsys.readouterr().err
    assert "in c.yaml" in text
    assert "other files" not in text

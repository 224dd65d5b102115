"""The policy holds for what is submitted: no option, comment or other folder avoids it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE
from tests.support.specs import EXPLICIT, PROJECT, SPEC

POLICY = "policy: {max_number_of_training_jobs: 2}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT + POLICY, encoding="utf-8")
    (tmp_path / "specs/churn.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ["submit", "plan"])
@pytest.mark.parametrize("option", ["--ignore=HPT8", "--ignore=HPT803", "--select=HPT2"])
def test_no_option_avoids_the_policy(
    project: Path, command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", option]) == EXIT_OK  # to look at something else
    capsys.readouterr()
    assert run([command, option]) == EXIT_FINDINGS
    assert "error[HPT803]" in capsys.readouterr().err


def test_a_deployment_says_that_it_did_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "node_modules/.bin").mkdir(parents=True)
    (project / "node_modules/.bin/cdk").touch(mode=0o755)
    assert run(["deploy", "--yes"]) == EXIT_FINDINGS
    err = capsys.readouterr().err
    assert "error[HPT803]" in err
    assert err.endswith("\n1 error: nothing was deployed\n")


def test_no_comment_avoids_the_policy(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "limits: {max_number_of_training_jobs: 4"
    text = SPEC.replace(line, f"# hptc: ignore[HPT803] urgent\n{line}")
    (project / "specs/churn.yaml").write_text(text, encoding="utf-8")
    assert run(["submit"]) == EXIT_FINDINGS
    assert "error[HPT803]" in capsys.readouterr().err


@pytest.fixture
def outside(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("elsewhere") / "explicit.yaml"
    file.write_text(EXPLICIT, encoding="utf-8")
    return file


def test_a_file_outside_of_a_project_says_so(
    outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["submit", str(outside)])
    assert f"note: {outside} is not in a project, so no policy applies" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["submit", "plan"])
def test_a_file_outside_of_a_project_can_be_forbidden(
    outside: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HPTC_REQUIRE_PROJECT", "1")
    assert run([command, str(outside)]) == EXIT_USAGE
    assert f"{outside} is not in a project, and HPTC_REQUIRE_PROJECT is set" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("command", ["submit", "plan"])
def test_stdin_outside_of_a_project_can_be_forbidden(
    outside: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(outside.parent)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(EXPLICIT.encode())))
    monkeypatch.setenv("HPTC_REQUIRE_PROJECT", "1")
    assert run([command, "-"]) == EXIT_USAGE
    assert "stdin is not in a project, and HPTC_REQUIRE_PROJECT is set" in capsys.readouterr().err

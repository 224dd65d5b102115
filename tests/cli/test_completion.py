"""What the shell offers when Tab is pressed, by click's own protocol."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.cli.program import COMMANDS
from tests.support.specs import PROJECT, SPEC

SPECS = ["churn", "other", "specs/churn.yaml", "specs/other.yaml"]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    for name in ("churn", "other"):
        text = SPEC.replace("name: churn", f"name: {name}")
        (tmp_path / "specs" / f"{name}.yaml").write_text(text, "utf-8")
    job = tmp_path / ".hptc" / "local" / "churn-12345678"
    job.mkdir(parents=True)
    (job / "tuning-job.json").write_text("{}", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    shell: str = "bash",
) -> list[str]:
    """The lines that a shell gets for a command line whose last word is being typed."""
    words = shlex.split(line)
    typed = "" if line.endswith(" ") else words[-1]
    monkeypatch.setenv("_HPTC_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", typed if shell == "fish" else str(len(words) - bool(typed)))
    with pytest.raises(SystemExit) as ended:
        run([])
    assert ended.value.code == 0
    return [line for line in capsys.readouterr().out.splitlines() if line]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("hptc ch", ["check"], id="a command"),
        pytest.param("hptc local st", ["status", "stop"], id="a command of a group"),
        pytest.param("hptc check ", SPECS, id="specs"),
        pytest.param("hptc submit churn.", None, id="another file"),
        pytest.param("hptc status ot", ["other"], id="the spec of a tuning job"),
        pytest.param("hptc list --spec ot", ["other"], id="the value of an option"),
        pytest.param("hptc deploy ", ["churn", "other"], id="names only"),
        pytest.param("hptc check --env ", ["dev", "prod"], id="environments"),
        pytest.param("hptc check --select HPT203", ["HPT203"], id="a code"),
        pytest.param("hptc check --ignore HPT203,hpt20", ["HPT203,HPT201"], id="several codes"),
        pytest.param("hptc explain kme", ["kmeans"], id="an algorithm"),
        pytest.param("hptc local stop churn-", ["churn-12345678"], id="a local job"),
        pytest.param("hptc local stop ", ["churn-12345678", *SPECS], id="a local job or a spec"),
        pytest.param("hptc check --fo", ["--format"], id="an option"),
        pytest.param("hptc check --format s", ["sarif"], id="a choice"),
        pytest.param("hptc -q check oth", ["other"], id="after a global option"),
    ],
)
def test_bash(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    expected: list[str] | None,
) -> None:
    words = completed(monkeypatch, capsys, line)
    if expected is None:
        assert words == [f"file,{shlex.split(line)[-1]}"]
    elif "--ignore" in line:
        assert f"plain,{expected[0]}" in words
    else:
        assert words == [f"plain,{value}" for value in expected]


def test_zsh_and_fish_show_what_is_behind_a_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = completed(monkeypatch, capsys, "hptc check oth", "zsh")
    assert words == ["plain", "other", "specs/other.yaml"]
    words = completed(monkeypatch, capsys, "hptc check oth", "fish")
    assert "\n".join(words).startswith("plain")
    assert any("other" in line and "specs/other.yaml" in line for line in ["\t".join(words)])


def test_another_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    monkeypatch.chdir("/")
    assert completed(monkeypatch, capsys, f"hptc -C {project} check oth") == ["plain,other"]


@pytest.mark.parametrize("text", ["", "a: [", "project: x\nspecs: 3\n", "environments: 7\n"])
def test_a_broken_project_has_no_names(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    project: Path,
    text: str,
) -> None:
    (project / "hptc.yaml").write_text(text, "utf-8")
    assert completed(monkeypatch, capsys, "hptc check ") == ["file,"]
    assert completed(monkeypatch, capsys, "hptc check --env ") == []


def test_names_that_a_shell_would_act_on_are_not_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    text = SPEC.replace("name: churn", 'name: "$(touch pwned)\\nplain,rm"')
    (project / "specs" / "$(touch pwned).yaml").write_text(text, "utf-8")
    assert completed(monkeypatch, capsys, "hptc check ") == [f"plain,{spec}" for spec in SPECS]


def answer(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hptc"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_commands_are_completed_without_importing_them() -> None:
    done = answer(_HPTC_COMPLETE="bash_complete", COMP_WORDS="hptc ", COMP_CWORD="1")
    assert done.stdout.split() == [f"plain,{command.name}" for command in COMMANDS]
    assert not [line for line in done.stderr.splitlines() if "pydantic" in line]


def test_completion_cannot_call_aws() -> None:
    done = answer(_HPTC_COMPLETE="bash_complete", COMP_WORDS="hptc status ", COMP_CWORD="2")
    assert "plain,churn" in done.stdout.split()
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "hptc.cli.completion" in imported
    assert not imported & {"boto3", "botocore.session", "numpy", "aws_cdk"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_of_bash(tmp_path: Path) -> None:
    """As a user's ~/.bashrc has it: the shell itself runs the completion."""
    program = tmp_path / "bin" / "hptc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hptc "$@"\n', "utf-8")
    program.chmod(0o755)
    script = (
        'eval "$(_HPTC_COMPLETE=bash_source hptc)"; COMP_WORDS=(hptc check oth); COMP_CWORD=2; '
        '_hptc_completion hptc; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["other"]

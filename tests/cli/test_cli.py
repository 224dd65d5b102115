"""The command line, in process and as a program: stdout, stderr and exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from hptc import __version__
from hptc.cli import run as hptc
from hptc.cli.program import cli
from tests.support.paths import ROOT

PROJECT = (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8")
PROJECT = PROJECT.replace("specs: [parents]", "specs: [specs]")
GOOD = "name: good\n"
BAD = "name: bad\nlimits: 3\n"
WARNED = (
    "name: warned\ntraining_job:\n  hyperparameters:\n"
    "    eta: {type: Continuous, min: 0.0001, max: 1, scaling: Linear}\n"
)
COMMANDS = sorted(cli.commands)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a valid spec, and defaults for everything except a spec's name."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "specs" / "good.yaml").write_text(GOOD, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# Help.


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(command: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc([command, flag]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: hptc {command} ")
    assert err == ""


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["--help"]) == 0
    out = capsys.readouterr().out
    for command in COMMANDS:
        assert f"\n  {command} " in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_help(command: str) -> None:
    def options(described: click.Command) -> list[click.Option]:
        inner = described.commands.values() if isinstance(described, click.Group) else ()
        own = [parameter for parameter in described.params if isinstance(parameter, click.Option)]
        return own + [option for subcommand in inner for option in options(subcommand)]

    loaded = cli.get_command(click.Context(cli), command)
    assert loaded is not None
    assert loaded.help
    undocumented = [
        option.name
        for option in options(loaded)
        if not option.help and not isinstance(option.type, click.Choice) and not option.show_default
    ]
    assert undocumented == []


# Usage.

MISUSE = {
    "an unknown command": (["chek"], "chek"),
    "an unknown option": (["check", "--formt", "json"], "--formt"),
    "an unknown format": (["check", "--format", "xml"], "xml"),
    "an unknown severity": (["check", "--fail-on", "never"], "never"),
    "an option without its value": (["check", "--env"], "--env"),
    "explain nothing": (
        ["explain"],
        "pass either a code, such as HPT203, an error",
    ),
    "explain two things": (["explain", "HPT203", "--all"], "pass either a code"),
    "explain what is not there": (["explain", "HPT2O3"], "`HPT2O3` is not a rule code"),
    "explain a hyperparameter": (
        ["explain", "eta"],
        "`eta` is a hyperparameter of `xgboost`, not a rule code\nhelp: `hptc explain xgboost`",
    ),
    "explain a hyperparameter of many algorithms": (
        ["explain", "mini_batch_size"],
        "`mini_batch_size` is a hyperparameter of 14 algorithms, not a rule code",
    ),
    "import nothing": (["import"], "pass either FILE"),
    "import two things": (["import", "x.json", "--job", "y"], "pass either FILE"),
    "import what is not there": (["import", "x.json"], "can't be read"),
    "status of nothing": (["status"], "NAME"),
    "a rerun without a number": (["submit", "--rerun", "x"], "x"),
    "several requests on stdout": (["compile", "specs", "specs/more.yaml"], "-o DIR"),
}


@pytest.mark.parametrize(("arguments", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (folder / "specs" / "more.yaml").write_text("name: more\n")
    before = files(folder)
    assert hptc(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert files(folder) == before


# check.

CHECKS: dict[str, tuple[dict[str, str], list[str], int, str]] = {
    "fine": ({}, [], 0, "checked 1 file: no errors"),
    "an error": ({"bad": BAD}, [], 1, "checked 2 files: 1 error"),
    "a warning": ({"warned": WARNED}, [], 0, "checked 2 files: 1 warning"),
    "a warning that fails": (
        {"warned": WARNED}, ["--fail-on", "warning"], 1, "checked 2 files: 1 warning"
    ),
    "ignored": ({"warned": WARNED}, ["--ignore", "HPT2"], 0, "checked 2 files: no errors"),
    "another selected": ({"warned": WARNED}, ["--select", "HPT3"], 0, "checked 2 files: no errors"),
    "selected": ({"warned": WARNED}, ["--select", "hpt208"], 0, "checked 2 files: 1 warning"),
    "suppressed": (
        {"warned": WARNED.rstrip() + " # hptc: ignore[HPT208] known\n"}, [], 0,
        "checked 2 files: no errors, 1 suppressed",
    ),
    "one file": ({"bad": BAD}, ["specs/good.yaml"], 0, "checked 1 file: no errors"),
    "a file twice": ({}, ["specs/good.yaml", "specs"], 0, "checked 1 file: no errors"),
    "an environment": ({}, ["--env", "test"], 0, "checked 1 file: no errors"),
    "two of one name": ({"twin": "name: GOOD\n"}, [], 1, "checked 2 files: 1 error"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "arguments", "exit_code", "message"), CHECKS.values(), ids=CHECKS)
def test_check(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, str],
    arguments: list[str],
    exit_code: int,
    message: str,
) -> None:
    for name, text in more.items():
        (folder / "specs" / f"{name}.yaml").write_text(text)
    assert hptc(["check", *arguments]) == exit_code
    out, err = capsys.readouterr()
    assert err == f"{message}\n"
    assert (out == "") == ("no errors" in message)


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_check_as_data_is_data_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    (folder / "specs" / "bad.yaml").write_text(BAD)
    assert hptc(["check", "--format", form]) == 1
    assert "HPT102" in str(json.loads(capsys.readouterr().out))


def given_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8"))


def test_check_fixes_what_was_meant_and_shows_the_rest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = folder / "specs" / "wrong.yaml"
    spec.write_text("name: wrong  # mine\nstrateg: Bayesian\nlimits: 3\n", "utf-8")
    assert hptc(["check", "--fix", "--format", "concise"]) == 1
    out, err = capsys.readouterr()
    assert [line.split(" ")[1] for line in out.splitlines()] == ["error[HPT102]"]
    assert "fixed 1 finding in specs/wrong.yaml\n" in err
    assert spec.read_text("utf-8") == "name: wrong  # mine\nstrategy: Bayesian\nlimits: 3\n"
    assert (folder / "specs" / "good.yaml").read_text("utf-8") == GOOD
    assert hptc(["check", "--fix", "-"]) == 2


def test_check_fixes_what_is_certain_and_no_decision(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ranges = (
        "training_job:\n  hyperparameters:\n"
        "    depth: {type: Integer, min: 1e1, max: 3}  # swapped\n"
        "    rate: {type: Continuous, min: 0, max: 1, scaling: Logarithmic}\n"
    )
    spec = folder / "specs" / "wrong.yaml"
    spec.write_text(f"name: wrong\n{ranges}", "utf-8")
    assert hptc(["check"]) == 1
    assert "\n2 of them can be fixed with --fix\n" in capsys.readouterr().err
    assert hptc(["check", "--fix", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert "fixed 2 findings in specs/wrong.yaml\n" in err
    right = ranges.replace("min: 1e1, max: 3", "min: 3, max: 10")
    assert spec.read_text("utf-8") == f"name: wrong\n{right}"
    [fix] = [fix for diagnostic in json.loads(out)["diagnostics"] for fix in diagnostic["fixes"]]
    assert fix == {
        "title": "Use `scaling: Linear`",
        "is_safe": False,
        "file": "specs/wrong.yaml",
        "edits": [{"line": 5, "column": 55, "end_line": 5, "end_column": 66, "text": "Linear"}],
    }


@pytest.mark.parametrize(("text", "exit_code"), [(GOOD, 0), (BAD, 1), ("", 1)], ids=repr)
def test_check_stdin(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    exit_code: int,
) -> None:
    given_stdin(monkeypatch, text)
    assert hptc(["check", "-"]) == exit_code
    assert ("--> stdin:" in capsys.readouterr().out) == bool(exit_code)


BROKEN_PROJECT = "project: UPPERCASE\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_check_stdin_in_a_broken_project_reports_the_project(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (folder / "hptc.yaml").write_text(BROKEN_PROJECT)
    given_stdin(monkeypatch, GOOD)
    assert hptc(["check", "-", "--format", form]) == 1
    of_stdin = capsys.readouterr().out
    assert "HPT106" in of_stdin
    assert "HPT103" not in of_stdin  # what the environment would provide is not missing
    assert "hptc.yaml" in of_stdin
    assert hptc(["check", "specs/good.yaml", "--format", form]) == 1
    assert capsys.readouterr().out == of_stdin.replace("stdin", "specs/good.yaml")


@pytest.mark.parametrize("command", ["compile", "cost", "preview", "submit"])
def test_stdin_in_a_broken_project_is_a_finding_to_every_command(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (folder / "hptc.yaml").write_text(BROKEN_PROJECT)
    given_stdin(monkeypatch, GOOD)
    assert hptc([command, "-"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[HPT106]" in err


@pytest.mark.parametrize("arguments", [["list"], ["stop", "x"], ["prices", "refresh"]])
def test_a_command_without_specs_names_the_fault_of_the_project(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (folder / "hptc.yaml").write_text(BROKEN_PROJECT)
    assert hptc(arguments) == 2
    assert "hptc.yaml: `project` has an invalid format" in capsys.readouterr().err


# compile, import, schema, explain.


def test_compile_prints_one_request_and_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hptc(["compile", "specs/good.yaml"]) == 0
    out, err = capsys.readouterr()
    request = json.loads(out)
    assert request["HyperParameterTuningJobName"].startswith("good-")
    assert err == ""
    assert hptc(["compile", "specs/good.yaml", "--format", "yaml"]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == request


def test_compile_into_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "more.yaml").write_text("name: more\n")
    assert hptc(["compile", "-o", "out/deep"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "wrote 2 requests to out/deep\n")
    assert {path.name for path in (folder / "out" / "deep").iterdir()} == {"good.json", "more.json"}


@pytest.mark.parametrize("job_name", ["pinned", "PINNED"], ids=["the same", "in capitals"])
def test_compile_rejects_two_requests_with_the_same_name(
    folder: Path, capsys: pytest.CaptureFixture[str], job_name: str
) -> None:
    """One file would replace the other, also on case-insensitive file systems."""
    hptc(["compile", "specs/good.yaml"])
    request = json.loads(capsys.readouterr().out)
    for file, name in (("one.json", "pinned"), ("two.json", job_name)):
        request["HyperParameterTuningJobName"] = name
        (folder / "specs" / file).write_text(json.dumps(request))
    before = files(folder)
    assert hptc(["compile", "-o", "out"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "specs/one.json" in err
    assert "specs/two.json" in err
    assert files(folder) == before


def test_compile_rejects_a_request_named_like_a_spec(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hptc(["compile", "specs/good.yaml"])
    request = json.loads(capsys.readouterr().out)
    (folder / "specs" / "request.json").write_text(
        json.dumps({**request, "HyperParameterTuningJobName": "good"})
    )
    assert hptc(["compile", "-o", "out"]) == 2
    assert "specs/good.yaml and specs/request.json" in capsys.readouterr().err


def test_compile_with_an_error_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "specs" / "bad.yaml").write_text(BAD)
    before = files(folder)
    assert hptc(["compile", "-o", "out"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("1 error: nothing was written or sent\n")
    assert files(folder) == before


def test_compile_prints_warnings_to_stderr(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "specs" / "warned.yaml").write_text(WARNED)
    assert hptc(["compile", "specs/warned.yaml"]) == 0
    out, err = capsys.readouterr()
    json.loads(out)
    assert "warning[HPT208]" in err


def test_the_skeleton_is_a_spec(capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["compile", "--skeleton"]) == 0
    assert "name:" in capsys.readouterr().out


def test_compile_inverts_import(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hptc(["compile", "specs/good.yaml"])
    request = capsys.readouterr().out
    (folder / "request.json").write_text(request)
    assert hptc(["import", "request.json", "-o", "specs/again.yaml"]) == 0
    assert capsys.readouterr().out == ""
    (folder / "hptc.yaml").unlink()
    assert hptc(["compile", "specs/again.yaml"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(request)
    given_stdin(monkeypatch, request)
    assert hptc(["import", "-"]) == 0
    assert capsys.readouterr().out.count("name: ") >= 1
    assert hptc(["import", "request.json", "-o", "specs/again.yaml"]) == 2
    assert "already exists" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--project"]], ids=["spec", "project"])
def test_schema(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["schema", *arguments]) == 0
    assert "$schema" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("code", ["HPT203", "hpt203", "HPT002"])
def test_explain(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["explain", code]) == 0
    assert capsys.readouterr().out.startswith(f"## {code.upper()}: ")


NO_OBJECTS = (
    "botocore.errorfactory.ValidationException: An error occurred (ValidationException) when "
    'calling the CreateHyperParameterTuningJob operation: No S3 objects found under S3\nURL "s3://'
    'example/train/" given in input data source. Please ensure that the bucket exists.'
)


@pytest.mark.parametrize("arguments", [[NO_OBJECTS], NO_OBJECTS.split(), ["-"]])
def test_explain_an_error_of_aws(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given_stdin(monkeypatch, NO_OBJECTS)
    assert hptc(["explain", *arguments]) == 0
    out = capsys.readouterr().out
    assert out.startswith("## No S3 objects found under S3 URL\n")
    assert "HPT922" in out
    for advice in ("hptc check --online", "hptc permissions", "hptc deploy"):
        assert advice in out


def test_explain_a_word_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["explain", "CapacityError"]) == 0
    assert "Unable to provision" in capsys.readouterr().out


def test_explain_an_unknown_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["explain", "The S3 objects were not found at the URL"]) == 1
    assert "No S3 objects found under S3 URL" in capsys.readouterr().err
    assert hptc(["explain", "The moon is full"]) == 1
    assert "similar" not in capsys.readouterr().err


def test_init_writes_a_project_that_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hptc(["init", str(tmp_path / "new")]) == 0
    capsys.readouterr()
    monkeypatch.chdir(tmp_path / "new")
    assert hptc(["check"]) == 0
    assert capsys.readouterr().out == ""


# As a program.


def program(
    *arguments: str, folder: Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "hptc", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
        timeout=120,
    )


def test_program(folder: Path) -> None:
    (folder / "specs" / "bad.yaml").write_text(BAD)
    done = program("check", folder=folder)
    assert done.returncode == 1
    assert b"error[HPT102]" in done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stderr == b"checked 2 files: 1 error\n"


def test_program_reads_stdin(folder: Path) -> None:
    assert program("check", "-", folder=folder, stdin=GOOD.encode()).returncode == 0
    done = program("check", "-", folder=folder, stdin=b"\xff")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"stdin: not UTF-8" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_program_prints_any_character_anywhere(folder: Path, encoding: str) -> None:
    (folder / "specs" / "bad.yaml").write_text("name: bad\n'é😀': 1\n", "utf-8")
    done = program("check", folder=folder, PYTHONIOENCODING=encoding)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_is_not_an_error(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "hptc", "explain", "--all"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        message = process.stderr.read()
        process.wait(60)
    assert (process.returncode, message) == (0, b"")

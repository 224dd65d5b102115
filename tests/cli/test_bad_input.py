"""Invalid input: a helpful message, the right exit code, no traceback, and nothing written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.cli import run as hptc
from tests.fuzzing.runs import run
from tests.support.paths import ROOT

PROJECT = (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8")
PROJECT = PROJECT.replace("specs: [parents]", "specs: [specs]")
GOOD = "name: good\n"

Make = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with defaults for everything except a spec's name."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


Seen = tuple[int, str, str]


def seen(capsys: pytest.CaptureFixture[str], *arguments: str) -> Seen:
    code = hptc(list(arguments))
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    for word in ("pydantic", "jinja", "botocore", "ValidationError", "yaml."):
        assert word not in (captured.out + captured.err).lower().replace("hptc.yaml", "")
    return code, captured.out, captured.err


@pytest.mark.parametrize("name", ["a\n::error::x.yaml", "a\r::error::x.yaml", "\x1b[31ma.yaml"])
@pytest.mark.parametrize("command", ["check", "compile", "diff"])
def test_a_file_name_cannot_add_lines_to_the_log(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    (folder / "specs" / name).write_bytes(b"\xff\xfe")
    code, out, err = seen(capsys, command)
    assert code != 0
    assert not any(line.startswith("::") for line in (out + err).splitlines())
    assert "\x1b[31ma" not in out + err


def test_the_base_of_these_tests_is_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "good.yaml").write_text(GOOD)
    assert seen(capsys, "check")[0] == 0
    assert seen(capsys, "compile", "specs/good.yaml", "-o", "out")[0] == 0
    assert (folder / "out").is_dir()


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join(lines)


JOB = f"{GOOD}training_job:\n  "

# The text of a file, the message, and the exit code.
TEXTS: dict[str, tuple[str | bytes, str, int]] = {
    "broken": ("name: [x\nb: 1\n", "HPT002", 1),
    "empty": ("", "HPT100", 1),
    "nothing but a comment": ("# x\n", "HPT100", 1),
    "a list": ("- name: x\n", "HPT100", 1),
    "a word": ("x\n", "HPT100", 1),
    "null": ("~\n", "HPT100", 1),
    "JSON cut short": ('{"HyperParameterTuningJobName": "x"', "HPT002", 1),
    "a JSON list": ("[]", "HPT100", 1),
    "huge": ("#" * 1_000_001, "larger than 1,000,000 bytes", 2),
    "not UTF-8": ("name: é".encode("latin-1"), "not UTF-8", 2),
    "UTF-16": ("name: x".encode("utf-16"), "not UTF-8", 2),
    "binary": (bytes(range(256)), "not UTF-8", 2),
    "NUL": ("name: \0\n", "HPT002", 1),
    "duplicate keys": ("name: a\nname: b\n", "HPT003", 1),
    "an alias bomb": (bomb(), "HPT004", 1),
    "an alias in itself": ("name: &a [*a]\n", "HPT004", 1),
    "nested deeply": ("name: " + "[" * 50_000, "HPT002", 1),
    "a tag that runs Python": ("name: !!python/object/apply:os.system [id]\n", "HPT005", 1),
    "a number without end": (f"random_seed: {'9' * 5000}\n{GOOD}", "HPT005", 1),
    "wrongly typed": (f"{GOOD}limits: 3\n", "HPT102", 1),
    "wrongly typed inside": (f"{JOB}inputs: [a]\n", "HPT102", 1),
    "a misspelled key": (f"{GOOD}limit: {{}}\n", "did you mean `limits`?", 1),
    "an undefined name": (f"{GOOD}description: '{{{{ artifct_bucket }}}}'\n", "HPT006", 1),
    "a way into Python": (f"{GOOD}description: \"{{{{ ''.__class__ }}}}\"\n", "HPT007", 1),
    "a call": (f"{GOOD}description: '{{{{ lipsum() }}}}'\n", "HPT007", 1),
    "a loop": (f"{GOOD}description: '{{% for x in [1] %}}x{{% endfor %}}'\n", "HPT007", 1),
    "a file of this machine": (
        f"{GOOD}description: \"{{% include '/etc/passwd' %}}\"\n", "HPT007", 1,
    ),
    "a power": (f"{GOOD}random_seed: '{{{{ 9 ** 999999999 }}}}'\n", "HPT007", 1),
    "a long text": (f"{GOOD}description: '{{{{ \"x\" * 999999999 }}}}'\n", "HPT007", 1),
    "an unknown reference": (f"{JOB}role_arn: ${{hptc:nothing}}\n", "HPT006", 1),
    "many unknown keys": (GOOD + "".join(f"k{n}: 1\n" for n in range(9000)), "HPT101", 1),
    "many duplicates": ("".join(f"k{n}: 1\n" for n in range(5000)) * 2, "HPT003", 1),
    "a terminal's commands": (f"{GOOD}\"\\e[2J\\e]0;x\\a\": 1\n", "HPT101", 1),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message", "exit_code"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("command", ["check", "compile", "submit"])
def test_a_bad_file(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    text: str | bytes,
    message: str,
    exit_code: int,
) -> None:
    file = folder / "specs" / "bad.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = files(folder)
    options = ["-o", "out"] if command == "compile" else []
    code, out, err = seen(capsys, command, "specs/bad.yaml", *options)
    assert code == exit_code, out + err
    assert message in out + err
    assert "bad.yaml" in out + err
    assert "\x1b[2J" not in out + err
    assert (out == "") == (command != "check" or exit_code == 2)
    assert files(folder) == before


def test_one_bad_file_stops_the_good_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "good.yaml").write_text(GOOD)
    (folder / "specs" / "bad.yaml").write_text("name: [\n")
    before = files(folder)
    code, out, err = seen(capsys, "compile", "specs", "-o", "out")
    assert (code, out) == (1, "")
    assert "nothing was written" in err
    assert files(folder) == before


def vanish(folder: Path) -> None:
    (folder / "specs" / "gone.yaml").symlink_to(folder / "nowhere.yaml")


def loop(folder: Path) -> None:
    (folder / "specs" / "a.yaml").symlink_to("b.yaml")
    (folder / "specs" / "b.yaml").symlink_to("a.yaml")


def loop_of_folders(folder: Path) -> None:
    (folder / "specs" / "again").symlink_to(folder / "specs")


PATHS: dict[str, tuple[Make, list[str], str]] = {
    "no file": (lambda _: None, ["specs/nothing.yaml"], "no such file or folder"),
    "no folder": (lambda _: None, ["nowhere/"], "no such file or folder"),
    "an empty folder": (lambda f: (f / "empty").mkdir(), ["empty"], "no specs found"),
    "an empty project": (lambda _: None, [], "no specs found"),
    "a folder of other things": (
        lambda f: (f / "specs" / "x.txt").write_text("x"), ["specs"], "no specs found"
    ),
    "hidden files only": (
        lambda f: (f / "specs" / ".x.yaml").write_text("x"), ["specs"], "no specs found"
    ),
    "a link to nothing": (vanish, ["specs/gone.yaml"], "no such file or folder"),
    "a loop of links": (loop, ["specs/a.yaml"], "specs/a.yaml"),
    "a loop of folders": (loop_of_folders, ["specs"], "no specs found"),
    "stdin and a file": (lambda _: None, ["-", "specs"], "`-` can't be combined with other paths"),
    "an environment that is not there": (
        lambda f: (f / "specs" / "x.yaml").write_text(GOOD),
        ["--env", "nope"],
        "no environment `nope`",
    ),
    "a rule that is not there": (
        lambda f: (f / "specs" / "x.yaml").write_text(GOOD), ["--select", "HPTX"], "`HPTX`"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "arguments", "message"), PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("command", ["check", "compile", "submit"])
def test_a_bad_path(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    make: Make,
    arguments: list[str],
    message: str,
) -> None:
    make(folder)
    code, out, err = seen(capsys, command, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(("error: ", "Usage"))
    assert message in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("place", ["specs/secret.yaml", "specs", "."])
def test_what_may_not_be_read(folder: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    (folder / "specs" / "secret.yaml").write_text(GOOD)
    mode = (folder / place).stat().st_mode
    (folder / place).chmod(0)
    try:
        code, out, err = seen(capsys, "check", "specs/secret.yaml")
    finally:
        (folder / place).chmod(mode)
    assert (code, out) == (2, "")
    assert "error: " in err


def test_a_file_that_is_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "x.yaml").mkdir()
    assert seen(capsys, "check", "specs/x.yaml")[0] == 2


PROJECTS: dict[str, tuple[str, str]] = {
    "broken": ("project: [\n", "HPT002"),
    "empty": ("", "hptc.yaml is empty"),
    "a list": ("- x\n", "hptc.yaml"),
    "an unknown key": ("project: x\nenvironment: {}\n", "did you mean `environments`?"),
    "no account": (
        "project: x\nenvironments: {dev: {region: us-east-1}}\n", "`account` is missing"
    ),
    "a bad name": ("project: X Y\n", "project"),
    "duplicate keys": ("project: x\nproject: y\n", "duplicate key `project`"),
    "wrong defaults": ("project: x\ndefaults: 3\n", "must be a mapping"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), PROJECTS.values(), ids=PROJECTS)
@pytest.mark.parametrize("command", ["check", "compile", "submit"])
def test_a_bad_project(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, text: str, message: str
) -> None:
    (folder / "hptc.yaml").write_text(text)
    (folder / "specs" / "x.yaml").write_text(GOOD)
    before = files(folder)
    code, out, err = seen(capsys, command, "specs/x.yaml")
    assert code == 1
    assert message in out + err
    assert (out == "") == (command != "check")
    assert files(folder) == before


def test_an_output_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "x.yaml").write_text(GOOD)
    (folder / "out").write_text("a file")
    code, out, err = seen(capsys, "compile", "specs/x.yaml", "-o", "out")
    assert (code, out) == (2, "")
    assert "out" in err
    assert "can't be written" in err


def test_three_hundred_hostile_inputs() -> None:
    outcome = run(7, range(300))
    assert [(finding.case, finding.problem) for finding in outcome.findings] == []
    assert outcome.compiled > 0
    assert outcome.refused > 0

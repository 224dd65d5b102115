"""Streams, terminals, file names and signals of every kind: a message or a result, no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hptc.cli import interrupts
from hptc.cli import run as hptc
from tests.support.hostile import GOOD

BAD = GOOD + "d\u00e9: 1\n"
FORMATS = ("text", "concise", "json", "github", "markdown", "sarif")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(line: str, **environment: str) -> tuple[int, str, str]:
    """Run a line of bash, in which `hptc` is this version."""
    done = subprocess.run(
        ["bash", "-c", f'hptc() {{ "{sys.executable}" -m hptc "$@"; }}; {line}'],
        capture_output=True, env={**os.environ, **environment}, check=False, timeout=60,
    )  # fmt: skip
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in out + err, err
    return done.returncode, out, err


STREAMS = {
    "stdout is full": ("hptc check bad.yaml >/dev/full", 2, "stdout: can't be written: No space"),
    "stdout is full, request": ("hptc compile good.yaml >/dev/full", 2, "stdout: can't be written"),
    "stdout is full, help": ("hptc --help >/dev/full", 2, "stdout: can't be written"),
    "stdout is closed": ("hptc check bad.yaml >&-", 2, "stdout: can't be written: Bad file"),
    "stdin is closed": ("hptc check - <&-", 2, "stdin: can't be read: Bad file"),
    "stderr is full": ("hptc check good.yaml 2>/dev/full", 0, ""),
    "stderr is closed": ("hptc check good.yaml 2>&-", 0, ""),
    "all are closed": ("hptc check good.yaml <&- >&- 2>&-", 0, ""),
    "the reader is gone": ("hptc compile good.yaml | true; exit ${PIPESTATUS[0]}", 0, ""),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize(("line", "code", "message"), STREAMS.values(), ids=STREAMS)
@pytest.mark.usefixtures("folder")
def test_streams(line: str, code: int, message: str) -> None:
    exit_code, _, err = shell(line)
    assert exit_code == code
    assert message in err


PIPES = {
    "process substitution": "hptc check <(cat bad.yaml)",
    "/dev/stdin": "cat bad.yaml | hptc check /dev/stdin",
    "a named pipe": "mkfifo p; (cat bad.yaml > p &); hptc check p",
}


@pytest.mark.parametrize("line", PIPES.values(), ids=PIPES)
@pytest.mark.usefixtures("folder")
def test_pipes_as_inputs(line: str) -> None:
    code, out, _ = shell(line)
    assert code == 1
    assert "unknown key `d\u00e9`" in out


def test_a_pipe_in_a_folder_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "p.yaml")
    assert shell("hptc check .")[0] == 1


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
@pytest.mark.usefixtures("folder")
def test_terminals_of_other_encodings(encoding: str) -> None:
    code, out, _ = shell("hptc check bad.yaml", PYTHONIOENCODING=encoding)
    assert code == 1
    assert "HPT101" in out


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems reject the name")
@pytest.mark.parametrize("form", FORMATS)
def test_a_file_name_that_is_not_utf8(
    folder: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    name = os.fsdecode(b"n\xff.yaml")
    (folder / name).write_text(BAD, "utf-8")
    assert hptc(["check", "--format", form, name]) == 1
    out = capsys.readouterr().out
    assert out.encode()
    if form in ("json", "sarif"):
        assert out.isascii()
        assert repr(json.loads(out)).encode()
    assert ("n%FF.yaml" if form == "sarif" else ".yaml") in out


def test_a_broken_file_hides_no_findings_of_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "hptc.yaml").write_bytes(b"project: \xff\n")
    (folder / "latin.yaml").write_bytes(b"name: \xff\n")
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    (folder / "out.yaml").symlink_to("/etc/hostname")
    (folder / "folder.yaml").mkdir()
    assert hptc(["check", "--format", "concise"]) == 1
    out = capsys.readouterr().out
    for place in ("hptc.yaml:1:10", "latin.yaml:1:7", "bad.yaml:"):
        assert place in out


def test_ctrl_c(folder: Path) -> None:
    (folder / "hptc.yaml").write_text("project: p\nspecs: [s]\n", "utf-8")
    (folder / "s").mkdir()
    for number in range(400):
        text = GOOD.replace("name: x", f"name: x{number}")
        (folder / "s" / f"{number}.yaml").write_text(text, "utf-8")
    for delay in (0.3, 0.6, 0.9):
        process = subprocess.Popen(
            [sys.executable, "-m", "hptc", "check"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        )  # fmt: skip
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        if "interrupted" in err:  # neither before Python had started nor after the end
            assert "Traceback" not in err
            assert process.returncode in (130, -signal.SIGINT)
            assert out == ""


def test_a_swallowed_ctrl_c_ends_the_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(interrupts, "is_interrupted", lambda: True)
    monkeypatch.setattr("hptc.cli.program.is_interrupted", lambda: True)
    assert hptc(["check", str(folder / "bad.yaml")]) == 130
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("folder")
def test_stdin_without_end() -> None:
    code, _, err = shell("hptc check - </dev/zero")
    assert (code, "larger than 1,000,000 bytes" in err) == (2, True)
    code, _, err = shell("hptc explain - </dev/zero")
    assert (code, len(err) < 20_000) == (2, True)


def test_a_long_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["check", "x" * 100_000]) == 2
    assert "Traceback" not in capsys.readouterr().err

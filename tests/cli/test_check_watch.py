"""`hptc check --watch`, with a clock that edits files instead of waiting."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.cli.check_watch import watch
from hptc.cli.watch_loop import Clock
from hptc.compiler.drafting import conform
from hptc.compiler.environments import compile_in_all_environments
from hptc.compiler.workspace import Workspace
from hptc.errors import EXIT_INTERRUPTED, UsageError
from hptc.files import write_whole
from hptc.rules import RULES
from tests.support.calls import calls_of
from tests.support.specs import PROJECT, SPEC
from tests.support.training_code import write_code_project

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
Edit = Callable[[], object]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    for name in ("a", "b", "c"):
        write(tmp_path / "specs" / f"{name}.yaml", spec(name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(name: str) -> str:
    return SPEC.replace("name: churn", f"name: {name}")


def write(path: Path, text: str) -> None:
    """Write a file as editors do: another file that takes its place."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def edited(name: str, change: tuple[str, str]) -> Edit:
    return lambda: write(Path(f"specs/{name}.yaml"), spec(name).replace(*change))


BROKEN = ("Bayesian", "Bayes")


def checks_of(*edits: Edit, paths: tuple[str, ...] = ("specs",)) -> list[tuple[int, set[str]]]:
    """How many compilations each check takes, and the files with errors after it."""
    checks: list[tuple[int, set[str]]] = []
    waiting = list(edits)

    def check(workspace: Workspace) -> None:
        outcomes = []

        def work() -> None:
            outcomes.extend(compile_in_all_environments(list(paths), workspace))

        count = calls_of(work, conform)["conform"]
        checks.append(
            (count, {Path(outcome.file).stem for outcome in outcomes if outcome.has_errors})
        )

    def sleep(_: float) -> None:
        if not waiting:
            raise KeyboardInterrupt
        waiting.pop(0)()

    with pytest.raises(KeyboardInterrupt):
        watch(
            check,
            environment=None,
            rules=RULES,
            rehearse=lambda *_: pytest.fail("no spec has a sample log"),
            clock=Clock(now=lambda: NOON, sleep=sleep),
        )
    assert not waiting
    return checks


def test_nothing_is_checked_again_without_a_change() -> None:
    assert checks_of(lambda: None, lambda: None) == [(6, set())]  # three specs, two environments


def test_only_a_changed_spec_is_compiled_again() -> None:
    checks = checks_of(edited("b", BROKEN), edited("b", ("max: 10}", "max: 12}")))
    assert checks == [(6, set()), (2, {"b"}), (2, set())]


def test_specs_with_errors_are_compiled_with_every_change() -> None:
    checks = checks_of(edited("b", BROKEN), edited("c", ("max: 10}", "max: 12}")))
    assert checks == [(6, set()), (2, {"b"}), (4, {"b"})]


def test_a_child_follows_its_parent(project: Path) -> None:
    warm = "warm_start: {type: TransferLearning, parents: [a]}\n"
    write(project / "specs" / "b.yaml", spec("b") + warm)
    (before, _), (after, _) = checks_of(edited("a", ("max: 10}", "max: 12}")))
    assert after < before
    assert after == 4


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda: write(Path("specs/d.yaml"), spec("d")), id="a new spec"),
        pytest.param(lambda: write(Path("hptc.yaml"), PROJECT + "\n"), id="hptc.yaml"),
    ],
)
def test_other_changes_compile_everything(edit: Edit) -> None:
    (_, errors), (count, _) = checks_of(edit)
    assert not errors
    assert count in (6, 8)


def test_a_removed_spec() -> None:
    first, second = checks_of(lambda: Path("specs/c.yaml").unlink())
    assert (first, second) == ((6, set()), (4, set()))


def test_training_code(project: Path) -> None:
    write_code_project(project)
    code = project / "src" / "churn"
    checks = checks_of(
        lambda: write(code / "lib" / "features.py", "COLUMNS = 4\n"),
        lambda: write(code / "lib" / "more.py", "print(3)\n"),
        lambda: write(code / "train.py", "import argparse\n"),
    )
    assert [count for count, _ in checks] == [8, 8, 8, 8]


def test_an_error_of_use_is_shown_and_may_be_corrected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def remove() -> None:
        Path("specs/a.yaml").unlink()

    def check(workspace: Workspace) -> None:
        compile_in_all_environments(["specs/a.yaml"], workspace)

    edits = [remove, edited("a", BROKEN)]

    def sleep(_: float) -> None:
        if not edits:
            raise KeyboardInterrupt
        edits.pop(0)()

    with pytest.raises(KeyboardInterrupt):
        watch(
            check,
            environment=None,
            rules=RULES,
            rehearse=lambda *_: pytest.fail("no sample log"),
            clock=Clock(now=lambda: NOON, sleep=sleep),
        )
    printed = capsys.readouterr().err
    assert "error: specs/a.yaml: no such file or folder" in printed
    assert printed.count("checked at ") == 3


def test_an_error_of_use_at_the_start_ends_it() -> None:
    with pytest.raises(UsageError, match="nowhere"):
        checks_of(paths=("nowhere",))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    checks_of(edited("b", BROKEN))
    assert stream.getvalue().count("\x1b[2J") == 2


@pytest.mark.parametrize("arguments", [["--online"], ["--fix"], ["-"]])
def test_what_cannot_be_watched(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(["check", "--watch", *arguments]) == 2
    assert "--watch can't be combined with" in capsys.readouterr().err


def test_the_real_command_ends_with_130_on_ctrl_c(project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hptc", "check", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stderr is not None
    assert process.stdout is not None
    with process:
        try:
            lines = [process.stderr.readline(), process.stderr.readline()]
            write_whole(project / "specs" / "b.yaml", spec("b").replace(*BROKEN))
            first_line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
        finally:
            process.kill()
    assert "Bayes" in first_line
    assert lines[0].startswith("checked 3 files in dev and prod")
    assert lines[1].startswith("checked at ")
    assert "\x1b" not in "".join(lines) + rest
    assert process.returncode == EXIT_INTERRUPTED

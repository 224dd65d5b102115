"""The table of commands: help lines, and the modules that a command imports."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from hptc.cli.lazy_group import CommandEntry
from hptc.cli.program import COMMANDS, cli
from tests.support.paths import ROOT

LONGEST_SUMMARY = 60
"""The space beside the longest command name in a terminal of 80 columns."""


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_summary_is_the_first_line_of_the_help(entry: CommandEntry) -> None:
    command = entry.load()
    assert command.name == entry.name
    first, *_ = (command.help or "").split("\n\n")
    assert " ".join(first.split()).startswith(f"{entry.summary}.")
    assert len(entry.summary) <= LONGEST_SUMMARY


def test_the_summaries_are_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["--help"], prog_name="hptc", standalone_mode=False, terminal_width=80)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for entry in COMMANDS:
        assert any(line.split(None, 1) == [entry.name, entry.summary] for line in lines if line)


def test_click_knows_the_names_for_its_suggestions() -> None:
    assert list(cli.commands) == [entry.name for entry in COMMANDS]
    assert cli.get_command(click.Context(cli), "chekc") is None


def imported(*arguments: str) -> set[str]:
    """Every module that a run of `hptc` imports."""
    program = (
        "import sys; from hptc.cli import run; code = run(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return set(ran.stderr.split())


def test_help_imports_no_command() -> None:
    found = imported("--help")
    assert not {entry.target.split(":")[0] for entry in COMMANDS} & found
    assert not {"pydantic", "yaml", "jinja2", "hptc.compiler"} & found


def test_check_imports_nothing_that_calls_aws_or_builds_stacks() -> None:
    found = imported("check", "specs/mnist-kmeans.yaml")
    assert "hptc.compiler.pipeline" in found
    folders = {".".join(module.split(".")[:2]) for module in found if module.startswith("hptc.")}
    assert folders <= {
        f"hptc.{name}"
        for name in (
            "catalog", "cli", "compiler", "cost", "diagnostics", "errors", "files", "frozen",
            "hidden_text", "infrastructure", "metrics", "project", "reference", "render", "request",
            "rules", "secret_formats", "secrets", "source", "spec", "text",
        )
    }  # fmt: skip
    assert {module for module in found if module.startswith("hptc.cli.")} == {
        f"hptc.cli.{name}"
        for name in ("check", "console", "inputs", "interrupts", "lazy_group", "options", "program")
    }

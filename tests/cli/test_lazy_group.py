"""The table of commands: help lines, and the modules that a command imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping

import click
import pytest

from hptc.cli.lazy_group import CommandEntry
from hptc.cli.local import COMMANDS as LOCAL
from hptc.cli.local import local
from hptc.cli.prices import COMMANDS as PRICES
from hptc.cli.prices import prices
from hptc.cli.program import COMMANDS, SECTIONS, cli
from tests.support.paths import ROOT

LONGEST_SUMMARY = 60
"""The space beside the longest command name in a terminal of 80 columns."""


@pytest.mark.parametrize(
    "entry",
    [*COMMANDS, *LOCAL, *PRICES],
    ids=lambda entry: entry.target,
)
def test_a_summary_is_the_first_line_of_the_help(entry: CommandEntry) -> None:
    command = entry.load()
    assert command.name == entry.name
    first, *_ = (command.help or "").split("\n\n")
    assert " ".join(first.split()).startswith(f"{entry.summary}.")
    assert len(entry.summary) <= LONGEST_SUMMARY


@pytest.mark.parametrize(
    ("arguments", "sections"),
    [
        pytest.param([], SECTIONS, id="hptc"),
        pytest.param(["local"], local.sections, id="hptc local"),
        pytest.param(["prices"], prices.sections, id="hptc prices"),
    ],
)
def test_the_commands_are_in_sections_and_not_cut(
    arguments: list[str],
    sections: Mapping[str, Iterable[CommandEntry]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    cli.main([*arguments, "--help"], standalone_mode=False, terminal_width=80)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    for title, entries in sections.items():
        start = lines.index(f"{title}:") + 1
        shown = lines[start : start + len(tuple(entries))]
        assert [line.split(None, 1) for line in shown] == [
            [entry.name, entry.summary] for entry in entries
        ]


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
    modules = imported("--help")
    assert not {entry.target.split(":")[0] for entry in COMMANDS} & modules
    assert not {"pydantic", "yaml", "jinja2", "hptc.compiler"} & modules


def test_check_imports_nothing_that_calls_aws_or_builds_stacks() -> None:
    modules = imported("check", "specs/mnist-kmeans.yaml")
    assert "hptc.compiler.pipeline" in modules
    folders = {".".join(module.split(".")[:2]) for module in modules if module.startswith("hptc.")}
    assert folders <= {
        f"hptc.{name}"
        for name in (
            "api", "catalog", "cli", "compiler", "cost", "diagnostics", "errors", "files", "frozen",
            "infrastructure", "metrics", "project", "reference", "render", "request",
            "rules", "secrets", "source", "spec", "text",
        )
    }  # fmt: skip
    assert {module for module in modules if module.startswith("hptc.cli.")} == {
        f"hptc.cli.{name}"
        for name in (
            "check",
            "console",
            "early_imports",
            "global_options",
            "inputs",
            "interrupts",
            "lazy_group",
            "no_plugins",
            "options",
            "program",
        )
    }

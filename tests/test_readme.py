"""What the README shows is what hptc does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from hatch_build import with_absolute_links
from hptc.cli.program import COMMANDS, SECTIONS, cli
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.project.project_file import load
from tests.support.paths import ROOT

README = ROOT / "README.md"
_HELP = re.compile(r"(<!-- help:.*?-->\n```\n)(.*?)(```\n<!-- /help -->)", re.DOTALL)


def help_text() -> str:
    """Each command and its one line, by what it is for."""
    width = max(len(entry.name) for entry in COMMANDS)
    sections = []
    for title, entries in SECTIONS.items():
        lines = [f"  hptc {entry.name.ljust(width)}  {entry.summary}\n" for entry in entries]
        sections.append("".join([f"{title}:\n", *lines]))
    return "\n".join(sections)


def test_the_commands_are_those_of_the_program(request: pytest.FixtureRequest) -> None:
    text = README.read_text("utf-8")
    written = _HELP.sub(lambda m: m[1] + help_text() + m[3], text)
    if request.config.getoption("--update-golden"):
        README.write_text(written, "utf-8")
    assert text == written, "README.md: `make golden`"


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "-h"])
    assert result.exit_code == 0
    assert "Usage: " in result.output


def test_the_spec_compiles() -> None:
    (spec,) = re.findall(r"```yaml\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    project, _ = load(ROOT / "hptc.yaml")
    compiled = compile_text(spec, "README.md", Workspace(), project)
    assert compiled.diagnostics == ()


def test_the_error_is_the_one_that_is_shown() -> None:
    from hptc.render.diagnostics import Format, render

    text = README.read_text("utf-8")
    (shown,) = re.findall(r"```\n(error\[.*?)```", text, re.DOTALL)
    (spec,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    spec = spec.replace("min: 1e-3", "min: 0")
    lines = spec.splitlines(keepends=True)
    # The picture shows line 12; the spec that is shown has the range elsewhere.
    index = next(i for i, line in enumerate(lines) if "eta:" in line)
    spec = "".join(lines[:index]) + "\n" * (11 - index) + "".join(lines[index:])
    project, _ = load(ROOT / "hptc.yaml")
    compiled = compile_text(spec, "specs/churn.yaml", Workspace(), project)
    assert render(compiled.diagnostics, Format.TEXT) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](docs/a.md)", "[a](https://github.com/hptc/hptc/blob/main/docs/a.md)"),
        ("[a](docs/a.md#b)", "[a](https://github.com/hptc/hptc/blob/main/docs/a.md#b)"),
        (
            "![a\nb](docs/a.png)",
            "![a\nb](https://raw.githubusercontent.com/hptc/hptc/main/docs/a.png)",
        ),
        ("[specs/](specs)", "[specs/](https://github.com/hptc/hptc/blob/main/specs)"),
        ("[a](https://b.c/d) [e](#f)", "[a](https://b.c/d) [e](#f)"),
    ],
)
def test_pypi_gets_absolute_links(text: str, expected: str) -> None:
    assert with_absolute_links(text) == expected


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (Path(ROOT) / target).exists()

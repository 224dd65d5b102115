"""docs/commands.md has every command and option of the program."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from hptc.cli.lazy_group import LazyGroup
from hptc.cli.program import cli
from hptc.reference.commands_page import commands_page
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "commands.md"


def commands(group: LazyGroup, title: str, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """The commands of a section with their full names, and those of its groups."""
    for entry in group.sections[title]:
        command = entry.load()
        yield f"{prefix}{entry.name}", command
        if isinstance(command, LazyGroup):
            for inner in command.sections:
                yield from commands(command, inner, f"{prefix}{entry.name} ")


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    assert isinstance(cli, LazyGroup)
    page = commands_page(cli, {title: list(commands(cli, title)) for title in cli.sections})
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, "docs/commands.md: `make golden`"


def test_the_page_fits() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    assert [line for line in lines if len(line) > 100 and "](" not in line] == []
    assert "### hptc local run" in lines
    assert sum(line.startswith("- `-C, --directory DIR`") for line in lines) == 1

"""A click group that imports a command's module when the command runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

import click


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command's name, where it is defined as `module:function`, and its line in `hptc --help`."""

    name: str
    target: str
    summary: str

    def load(self) -> click.Command:
        """The command, with its module imported."""
        module, function = self.target.split(":")
        command: click.Command = getattr(import_module(module), function)
        return command


class LazyGroup(click.Group):
    """Lists its commands in the order of the table. Their help lines need no import."""

    def __init__(self, *, entries: Iterable[CommandEntry], **options: object) -> None:
        self._entries = {entry.name: entry for entry in entries}
        # click reads `commands` for its suggestions after a misspelled name.
        names = {name: click.Command(name) for name in self._entries}
        super().__init__(commands=names, **options)  # type: ignore[arg-type]

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self._entries)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command; None when no command has this name."""
        entry = self._entries.get(name)
        return entry.load() if entry else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in self._entries.values()])

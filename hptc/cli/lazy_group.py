"""A click group that imports a command's module when the command runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import click

from hptc.cli.global_options import with_global_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class CommandEntry(NamedTuple):
    """A command's name, its target as `module:function`, and its line in `hptc --help`."""

    name: str
    target: str
    summary: str

    def load(self) -> click.Command:
        """Import the command."""
        module, function = self.target.split(":")
        command: click.Command = getattr(import_module(module), function)
        return with_global_options(command)


class LazyGroup(click.Group):
    """Lists commands in the order of their table, under its titles, without importing them."""

    def __init__(
        self, *, sections: Mapping[str, Iterable[CommandEntry]], **options: object
    ) -> None:
        self.sections = {title: tuple(entries) for title, entries in sections.items()}
        self._entries = {
            entry.name: entry for entries in self.sections.values() for entry in entries
        }
        # click suggests these names after a misspelled one.
        names = {name: click.Command(name) for name in self._entries}
        super().__init__(commands=names, **options)  # type: ignore[arg-type]

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(self._entries)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command; None if it does not exist."""
        entry = self._entries.get(name)
        return entry.load() if entry else None

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that start with `incomplete`, without importing them, and the options."""
        from click.shell_completion import CompletionItem  # only the shell asks

        return [
            *(
                CompletionItem(entry.name, help=entry.summary)
                for entry in self._entries.values()
                if entry.name.startswith(incomplete)
            ),
            *click.Command.shell_complete(self, context, incomplete),
        ]

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands and their summaries, one section for each title."""
        width = max(map(len, self._entries))
        for title, entries in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(entry.name.ljust(width), entry.summary) for entry in entries])

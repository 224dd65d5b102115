"""Selects the tuning job of a file: the only one, or that which `--resource` or `--state` names."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TypeVar

from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.text import code, listed_code

Entry = TypeVar("Entry")


@frozen
class Selection:
    """What creates tuning jobs in a format, and the option of `hptc import` that selects one."""

    noun: str  # a state, a step, a resource, an event
    option: str  # --state or --resource
    none: str  # the message if nothing creates a tuning job
    help: str = ""

    def select(self, entries: Sequence[tuple[str, Entry]], selected: str | None) -> Entry:
        """The only entry, or the one named `selected`. An entry is a pair of a name and a value.

        Raises UsageError if there is none, if there are several and `selected` is None, and if
        `selected` is the name of none or of several.
        """
        if not entries:
            raise UsageError(self.none, help=self.help)
        names = listed_code(name for name, _ in entries)
        if selected is None:
            (name, value), *others = entries
            if others:
                raise UsageError(
                    f"several {self.noun}s create a tuning job: {names}",
                    help=f"choose one, as in {self.option} {shlex.quote(name)}",
                )
            return value
        named = [value for name, value in entries if name == selected]
        match named:
            case [value]:
                return value
        raise UsageError(
            f"several {self.noun}s with the name {code(selected)} create a tuning job"
            if named
            else f"no {self.noun} with the name {code(selected)} creates a tuning job",
            help=f"{self.noun}s that create one: {names}",
        )

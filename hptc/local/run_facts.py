"""What an output must say about a tuning job on this machine: a dry run, stand-ins, its folder."""

from __future__ import annotations

from hptc.frozen import frozen
from hptc.local.available_stand_ins import stand_in_statement
from hptc.local.dry_values import STATED


@frozen
class RunFacts:
    """Where a tuning job is, and what its values are worth."""

    folder: str
    is_dry: bool = False  # its values are made up
    is_running: bool = False  # a process runs it
    stand_ins: tuple[str, ...] = ()  # the built-in algorithms that a stand-in replaces

    @property
    def statement(self) -> str:
        """What readers of its values must know; empty for the author's own code."""
        if self.is_dry:
            return STATED
        return stand_in_statement(self.stand_ins) if self.stand_ins else ""

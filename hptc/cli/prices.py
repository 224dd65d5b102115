"""`hptc prices`: the price table behind cost estimates."""

from __future__ import annotations

import click

from hptc.cli.lazy_group import CommandEntry, LazyGroup

COMMANDS = (
    CommandEntry(
        "refresh",
        "hptc.cli.prices_refresh:refresh",
        "Read current prices from the AWS Price List API",
    ),
)


@click.group(cls=LazyGroup, sections={"Commands": COMMANDS})
def prices() -> None:
    """Manage the price table behind cost estimates."""

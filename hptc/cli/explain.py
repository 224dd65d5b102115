"""`hptc explain`."""

from __future__ import annotations

import click

from hptc.cli.console import show
from hptc.errors import UsageError
from hptc.reference.rule_pages import page, pages


@click.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Every rule.")
def explain(code: str | None, everything: bool) -> None:
    """Explain a rule, with examples.

    It says what the rule finds, why it matters, and shows an example of each.
    """
    if everything == (code is not None):
        raise UsageError("say a code such as HPT203, or --all")
    show(pages() if everything else page(code or ""))

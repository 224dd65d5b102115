"""`hptc explain`."""

from __future__ import annotations

import click

from hptc.cli.console import print_result
from hptc.errors import UsageError
from hptc.reference.rule_pages import page, pages


@click.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Explain every rule.")
def explain(code: str | None, everything: bool) -> None:
    """Explain a rule, with examples.

    CODE is a rule's code, such as HPT203.
    """
    if everything == (code is not None):
        raise UsageError("pass either a code, such as HPT203, or --all")
    print_result(pages() if everything else page(code or ""))

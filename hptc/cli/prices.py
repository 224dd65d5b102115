"""`hptc prices`."""

from __future__ import annotations

from pathlib import Path

import click

from hptc.aws.price_list import fetch_prices, price_list
from hptc.aws.retry import Retry
from hptc.catalog.prices import FILE_NAME, own_prices, render_prices
from hptc.cli.console import say
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.files import write_whole
from hptc.project import project_file


@click.group()
def prices() -> None:
    """Manage the price table behind cost estimates."""


@prices.command()
@click.option("--region", "regions", multiple=True, help="A Region; the environments' if absent.")
def refresh(regions: tuple[str, ...]) -> None:
    """Read today's prices from the AWS Price List API into prices.json beside hptc.yaml."""
    path = project_file.find(Path.cwd())
    if path is None:
        raise UsageError("there is no hptc.yaml here or above, and prices.json stands beside it")
    found, _ = Workspace().project_of(path.parent)
    wanted = regions or tuple(
        dict.fromkeys(entry.region for entry in found.file.environments.values()) if found else ()
    )
    if not wanted:
        raise UsageError("no environment says a Region", help="say --region REGION")
    fetched = fetch_prices(price_list(wanted[0]), wanted, Retry(progress=say))
    write_whole(path.parent / FILE_NAME, render_prices(fetched.over(own_prices(path.parent))))
    say(f"wrote {path.parent / FILE_NAME}: review it like code, and commit it")

"""`hptc prices`."""

from __future__ import annotations

import click

from hptc.aws.price_list import fetch_prices, price_list
from hptc.aws.retry import Retry
from hptc.catalog.prices import FILE_NAME, own_prices, render_prices
from hptc.cli.console import say
from hptc.cli.inputs import current_project
from hptc.errors import UsageError
from hptc.files import write_whole


@click.group()
def prices() -> None:
    """Manage the price table behind cost estimates."""


@prices.command()
@click.option("--region", "regions", multiple=True, help="A Region; the environments' if absent.")
def refresh(regions: tuple[str, ...]) -> None:
    """Read today's prices from the AWS Price List API into prices.json beside hptc.yaml."""
    project = current_project()
    if project is None:
        raise UsageError("there is no hptc.yaml here or above, and prices.json stands beside it")
    wanted = regions or tuple(
        dict.fromkeys(entry.region for entry in project.file.environments.values())
    )
    if not wanted:
        raise UsageError("no environment says a Region", help="say --region REGION")
    fetched = fetch_prices(price_list(wanted[0]), wanted, Retry(progress=say))
    path = project.root / FILE_NAME
    write_whole(path, render_prices(fetched.over(own_prices(project.root))))
    say(f"wrote {path}: review it like code, and commit it")

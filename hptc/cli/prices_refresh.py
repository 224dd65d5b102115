"""`hptc prices refresh`."""

from __future__ import annotations

import click

from hptc.api.specs import NO_PROJECT, current_project
from hptc.aws.price_list import fetch_prices, price_list
from hptc.aws.retry import Retry
from hptc.catalog.prices import FILE_NAME, own_prices, render_prices
from hptc.cli.console import print_result, print_status
from hptc.cli.options import JSON, TEXT_OR_JSON
from hptc.errors import UsageError
from hptc.files import write_whole
from hptc.render.written_files import written_file_json


@click.command()
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="Region to read; by default, those of the environments.",
)
@TEXT_OR_JSON
def refresh(regions: tuple[str, ...], form: str) -> None:
    """Read current prices from the AWS Price List API.

    They are written to prices.json next to hptc.yaml.
    """
    project = current_project()
    if project is None:
        raise UsageError(NO_PROJECT, help="prices.json is written next to hptc.yaml")
    selected = regions or tuple(
        dict.fromkeys(entry.region for entry in project.file.environments.values())
    )
    if not selected:
        raise UsageError("hptc.yaml has no environments", help="use --region REGION")
    fetched = fetch_prices(price_list(selected[0]), selected, Retry(progress=print_status))
    path = project.root / FILE_NAME
    write_whole(path, render_prices(fetched.over(own_prices(project.root))))
    print_status(f"wrote {path}; review and commit it")
    if form == JSON:
        print_result(written_file_json("prices refresh", str(path)))

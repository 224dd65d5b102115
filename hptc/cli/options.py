"""The arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

STDIN = "-"

PATHS = click.argument("paths", nargs=-1, type=click.Path())
ENV = click.option(
    "--env", metavar="NAME", envvar="HPTC_ENV", help="The environment of hptc.yaml to work in."
)
REGION = click.option("--region", help="The Region, when it is not an environment's.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
TEXT_OR_JSON = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_SELECT = click.option(
    "--select", metavar="CODES", help="Run only rules whose codes begin so: HPT2,HPT301."
)
_IGNORE = click.option("--ignore", metavar="CODES", help="Leave out rules whose codes begin so.")


def spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that compiles specs."""
    return ENV(_SELECT(_IGNORE(function)))


def ignoring(codes: str, *, ignore: str | None, **options: Any) -> dict[str, Any]:
    """The options of a command, with more rules left out."""
    return {**options, "ignore": ",".join(part for part in (ignore, codes) if part)}

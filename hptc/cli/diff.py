"""`hptc diff`."""

from __future__ import annotations

import sys

import click

from hptc.cli.bounds import cost_bounds
from hptc.cli.console import in_color, show
from hptc.cli.options import PATHS, spec_options
from hptc.diff.review import with_costs
from hptc.diff.sides import review_refs
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.diff import Format, render_diff
from hptc.rules.engine import selected


@click.command()
@PATHS
@spec_options
@click.option(
    "--against", metavar="REF", help="The old side; where the branch left main if absent."
)
@click.option("--head", metavar="REF", help="The new side; the work tree if absent.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json", "github"]),
    default="text",
    show_default=True,
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something changed.")
def diff(
    paths: tuple[str, ...],
    against: str | None,
    head: str | None,
    form: str,
    exit_code: bool,
    env: str | None,
    select: str | None,
    ignore: str | None,
) -> int:
    """Compare two versions of the specs by meaning.

    It says what a change means: search, cost, permissions, security, a new job or not. Both sides
    are compiled; git is read, nothing is checked out.
    """
    found = review_refs(
        paths, against=against, head=head, environment=env, rules=selected(select, ignore)
    )
    found = with_costs(found, cost_bounds())
    show(render_diff(found, Format(form), color=in_color(sys.stdout)))
    return EXIT_FINDINGS if exit_code and not found.is_empty else EXIT_OK

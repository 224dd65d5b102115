"""`hptc diff`."""

from __future__ import annotations

import sys

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.offline import compare_versions
from hptc.cli.console import file_progress, print_result, use_color
from hptc.cli.options import PATHS, output_format, spec_options
from hptc.diff.changes import Impact
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.diff import Format, render_diff
from hptc.rules.engine import selected


@click.command()
@PATHS
@spec_options
@click.option(
    "--against",
    metavar="REF",
    help="Old version: a git ref; by default, where the branch left main.",
)
@click.option("--head", metavar="REF", help="New version: a git ref; by default, the working tree.")
@output_format(*(form.value for form in Format))
@click.option(
    "--fail-on",
    type=click.Choice([impact.value for impact in Impact]),
    metavar="VERDICT",
    help="Exit with 1 if the verdict is this or worse. Worst first: "
    + ", ".join(impact.value for impact in Impact)
    + ".",
)
@click.option(
    "--online",
    is_flag=True,
    help="Also show the result of each changed spec's last tuning job in AWS.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything changed.")
def diff(
    paths: tuple[str, ...],
    against: str | None,
    head: str | None,
    form: str,
    fail_on: str | None,
    online: bool,
    exit_code: bool,
    env: str | None,
    select: str | None,
    ignore: str | None,
) -> int:
    """Compare two versions of the specs by meaning.

    Shows what changes in the search space, cost, permissions and security, and which specs become
    new tuning jobs, in every environment unless you select one with --env. Both versions are
    compiled; git is only read, and nothing is checked out. AWS is only called with --online.
    """
    with file_progress("compared", is_shown=form == Format.TEXT) as progress:
        review = compare_versions(
            paths,
            against=against,
            head=head,
            environment=env,
            rules=selected(select, ignore),
            progress=progress,
        )
    if online:
        # A diff without --online starts faster without the code that calls AWS.
        from hptc.cli.diff_online import add_last_runs

        review = add_last_runs(review)
    print_result(render_diff(review, Format(form), color=use_color(sys.stdout)))
    is_failing = fail_on is not None and review.is_as_bad_as(Impact(fail_on))
    return EXIT_FINDINGS if is_failing or (exit_code and not review.is_empty) else EXIT_OK

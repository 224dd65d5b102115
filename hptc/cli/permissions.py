"""`hptc permissions`."""

from __future__ import annotations

import click

from hptc.cli.console import print_result
from hptc.cli.inputs import NO_PROJECT, compile_all, current_environment, without_errors
from hptc.cli.options import ENV, TEXT_OR_JSON
from hptc.compiler.outcome import Compiled
from hptc.compiler.permissions_report import permissions_report
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.infrastructure.owner_grants import owner_grants
from hptc.render.owners import owner_grants_json, render_owner_grants
from hptc.render.permissions import launcher_json, permissions_json, render_permissions


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@ENV
@TEXT_OR_JSON
@click.option(
    "--launcher", is_flag=True, help="Print the IAM policy for people who launch tuning jobs."
)
@click.option(
    "--owners",
    is_flag=True,
    help="Print the statements that owners of external resources must add.",
)
def permissions(
    paths: tuple[str, ...], env: str | None, form: str, launcher: bool, owners: bool
) -> int:
    """Show what each execution role allows, and why.

    Each statement comes with the line of the spec that requires it. --format json prints the
    policy document itself.
    """
    if launcher:
        environment = current_environment(env)
        if environment is None:
            raise UsageError(
                NO_PROJECT, help="the launcher policy is for an environment of hptc.yaml"
            )
        print_result(launcher_json(environment))
        return EXIT_OK
    compiled = without_errors(compile_all(paths, env))
    if compiled is None:
        return EXIT_FINDINGS
    if owners:
        print_result(_owners(compiled, form))
        return EXIT_OK
    if form == "json" and len(compiled) != 1:
        raise UsageError(f"--format json takes one spec, but found {len(compiled)}")
    reports = [permissions_report(one) for one in compiled]
    print_result(
        permissions_json(reports[0])
        if form == "json"
        else "\n".join(render_permissions(report) for report in reports)
    )
    return EXIT_OK


def _owners(compiled: list[Compiled], form: str) -> str:
    environment = next((one.environment for one in compiled if one.environment), None)
    if environment is None:
        raise UsageError("--owners needs an environment", help="add one to hptc.yaml")
    grants = owner_grants(environment, [(one.name, one.job) for one in compiled])
    return owner_grants_json(grants) if form == "json" else render_owner_grants(grants, environment)

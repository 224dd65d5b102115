"""`hptc permissions`."""

from __future__ import annotations

import click

from hptc.cli.console import show
from hptc.cli.inputs import compile_all, environment_here, without_errors
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
@click.option("--launcher", is_flag=True, help="The policy for those who may start searches.")
@click.option("--owners", is_flag=True, help="What owners in other accounts must add.")
def permissions(
    paths: tuple[str, ...], env: str | None, form: str, launcher: bool, owners: bool
) -> int:
    """Show what each execution role allows, and why.

    Each statement has the line of the spec that asks for it. --format json prints the policy
    itself.
    """
    if launcher:
        environment = environment_here(env)
        if environment is None:
            raise UsageError("the launcher policy needs an environment: there is none here")
        show(launcher_json(environment))
        return EXIT_OK
    compiled = without_errors(compile_all(paths, env))
    if compiled is None:
        return EXIT_FINDINGS
    if owners:
        show(_owners(compiled, form))
        return EXIT_OK
    if form == "json" and len(compiled) != 1:
        raise UsageError(f"--format json prints one spec's policy, and {len(compiled)} are named")
    reports = [permissions_report(one) for one in compiled]
    show(
        permissions_json(reports[0])
        if form == "json"
        else "\n".join(render_permissions(report) for report in reports)
    )
    return EXIT_OK


def _owners(compiled: list[Compiled], form: str) -> str:
    environment = next((one.environment for one in compiled if one.environment), None)
    if environment is None:
        raise UsageError("who owns what depends on the account, and no environment says one")
    grants = owner_grants(environment, [(one.name, one.job) for one in compiled])
    return owner_grants_json(grants) if form == "json" else render_owner_grants(grants, environment)

"""`hptc permissions`."""

from __future__ import annotations

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.specs import NO_PROJECT, current_environment
from hptc.cli.console import print_result
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import ENV, JSON, PATHS, TEXT_OR_JSON
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.outcome import Compiled
from hptc.compiler.permissions_report import permissions_report
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.infrastructure.deployer_policy import deployer_policies, deployer_statements
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.owner_grants import owner_grants
from hptc.project.references import has_reference
from hptc.render.owners import owner_grants_json, render_owner_grants
from hptc.render.permissions import (
    deployer_json,
    launcher_json,
    permissions_json,
    render_permissions,
)


@click.command()
@PATHS
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
@click.option(
    "--deployer",
    is_flag=True,
    help="Print the IAM policies that CloudFormation's execution role needs, by name.",
)
@click.option(
    "--boundary",
    metavar="ARN",
    help="With --deployer: the permissions boundary that every role must have. Default: the "
    "environment's.",
)
def permissions(
    paths: tuple[str, ...],
    env: str | None,
    form: str,
    launcher: bool,
    owners: bool,
    deployer: bool,
    boundary: str | None,
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
    if deployer and paths:
        raise UsageError(
            "--deployer takes no paths", help="the policies are for all stacks of an environment"
        )
    if boundary is not None and not deployer:
        raise UsageError("--boundary needs --deployer")
    compiled = without_errors(
        compile_all(paths, env), named=paths, instead="no permissions are shown"
    )
    if compiled is None:
        return EXIT_FINDINGS
    if deployer:
        print_result(_deployer(compiled, env, boundary))
        return EXIT_OK
    if owners:
        print_result(_owners(compiled, form))
        return EXIT_OK
    if form == JSON and len(compiled) != 1:
        raise UsageError(f"--format json takes one spec, but found {len(compiled)}")
    reports = [permissions_report(spec) for spec in compiled]
    print_result(
        permissions_json(reports[0])
        if form == JSON
        else "\n".join(render_permissions(report) for report in reports)
    )
    return EXIT_OK


def _deployer(compiled: list[Compiled], env: str | None, boundary: str | None) -> str:
    environment = current_environment(env)
    if environment is None:
        raise UsageError(NO_PROJECT, help="the policies are for an environment of hptc.yaml")
    own = environment.infrastructure.permissions_boundary
    if boundary is None and own is not None and has_reference(own):
        raise UsageError(
            "the permissions boundary is an SSM parameter, whose value hptc does not read here",
            help="pass its ARN with --boundary ARN",
        )
    stacks = environment_stacks(environment, deployable_specs(compiled))
    statements = deployer_statements(environment, stacks, boundary or own)
    return deployer_json(deployer_policies(environment, statements))


def _owners(compiled: list[Compiled], form: str) -> str:
    environment = next((spec.environment for spec in compiled if spec.environment), None)
    if environment is None:
        raise UsageError("--owners needs an environment", help="add one to hptc.yaml")
    grants = owner_grants(environment, [(spec.name, spec.job) for spec in compiled])
    return owner_grants_json(grants) if form == JSON else render_owner_grants(grants, environment)

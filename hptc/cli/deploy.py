"""`hptc deploy`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hptc.cli.console import is_interactive, print_prompt, print_result, print_status, use_color
from hptc.cli.extras import require
from hptc.cli.options import AS_JSON, ENV
from hptc.cli.stack_progress import print_progress
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.deployment import deployment_json, render_deployment, render_orphans
from hptc.render.diagnostics import Format, render
from hptc.stacks import deploy as deployment
from hptc.stacks.deploy import DeployCallbacks


@click.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask before broadening permissions.")
@AS_JSON
@click.argument("specs", nargs=-1)
def deploy(env: str | None, yes: bool, as_json: bool, specs: tuple[str, ...]) -> int:
    """Deploy an environment's stacks with the AWS CDK.

    Deploys the foundation stack and one stack for each spec, or only for the specs that SPECS
    names. Prints the outputs of the stacks.
    """
    require("aws_cdk", "cdk")
    color = use_color(sys.stderr)
    result = deployment.deploy(
        Path.cwd(),
        env,
        specs,
        is_approved=yes,
        callbacks=DeployCallbacks(
            print_status=print_status,
            progress=print_progress,
            findings=lambda found: print_status(render(found, Format.TEXT, color=color)),
            ask=print_prompt if is_interactive() else None,
        ),
    )
    if result is None:
        return EXIT_FINDINGS
    print_result(deployment_json(result) if as_json else render_deployment(result))
    if orphans := render_orphans(result):
        print_status(orphans)
    return EXIT_OK

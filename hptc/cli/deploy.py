"""`hptc deploy`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hptc.cli.console import can_ask, in_color, say, say_on, show
from hptc.cli.extras import require
from hptc.cli.options import AS_JSON, ENV
from hptc.cli.stack_progress import say_progress
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.deployment import deployment_json, render_deployment, render_orphans
from hptc.render.diagnostics import Format, render
from hptc.stacks import deploy as deployment
from hptc.stacks.deploy import DeployCallbacks


@click.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask before changes that broaden permissions.")
@AS_JSON
@click.argument("specs", nargs=-1)
def deploy(env: str | None, yes: bool, as_json: bool, specs: tuple[str, ...]) -> int:
    """Deploy an environment's stacks with the AWS CDK.

    These are the foundation, and one a spec. SPECS are names; they limit it to the foundation and
    these specs' stacks. The result is the outputs of the stacks.
    """
    require("aws_cdk", "cdk")
    color = in_color(sys.stderr)
    made = deployment.deploy(
        Path.cwd(),
        env,
        specs,
        is_approved=yes,
        callbacks=DeployCallbacks(
            print_status=say,
            progress=say_progress,
            findings=lambda found: say(render(found, Format.TEXT, color=color)),
            ask=say_on if can_ask() else None,
        ),
    )
    if made is None:
        return EXIT_FINDINGS
    show(deployment_json(made) if as_json else render_deployment(made))
    if orphans := render_orphans(made):
        say(orphans)
    return EXIT_OK

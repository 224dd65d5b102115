"""`hptc deploy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from hptc.api.extras import require
from hptc.cli.console import (
    is_interactive,
    print_needed,
    print_prompt,
    print_result,
    print_status,
)
from hptc.cli.inputs import print_findings, spec_files_named
from hptc.cli.options import ENV, JSON, TEXT_OR_JSON, completed
from hptc.cli.scheduled_code import specs_with_scheduled_code, upload_scheduled_code
from hptc.cli.stack_progress import print_progress
from hptc.diagnostics import Diagnostic
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.deployment import (
    deployment_json,
    render_deployment,
    render_orphans,
    render_uploads,
)
from hptc.render.diagnostics import tally
from hptc.service.losses import Loss
from hptc.stacks import deploy as deployment
from hptc.stacks.deploy import CONCURRENCY, DeployCallbacks, DeployConsent
from hptc.stacks.results import Deployment


@click.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask before broadening permissions.")
@click.option(
    "--adopt",
    multiple=True,
    metavar="STACK",
    help="Take over a stack of another project or repository. Can be repeated.",
)
@click.option(
    "--allow-destroy",
    multiple=True,
    metavar="NAME",
    help="Remove or replace this key, bucket or VPC. Can be repeated.",
)
@click.option(
    "--all",
    "is_complete",
    is_flag=True,
    help="Also deploy the stacks that are unchanged since their last deployment.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 100),
    default=CONCURRENCY,
    show_default=True,
    metavar="N",
    help="Deploy up to N stacks side by side; one at a time if you are asked about changes.",
)
@TEXT_OR_JSON
@click.argument("specs", nargs=-1, shell_complete=completed("spec names"))
def deploy(
    env: str | None,
    yes: bool,
    adopt: tuple[str, ...],
    allow_destroy: tuple[str, ...],
    is_complete: bool,
    concurrency: int,
    form: str,
    specs: tuple[str, ...],
) -> int:
    """Deploy an environment's stacks with the AWS CDK.

    Deploys the foundation stack and one stack for each spec, or only for the specs that SPECS
    names; stacks that are unchanged since their last deployment are left alone. Uploads the
    training code of scheduled specs. Prints the outputs of the stacks, and how to upload the data
    that the specs read.

    A stack of another project or repository is refused, and removing a key, a bucket or a VPC needs
    its name.
    """
    require("aws_cdk", "cdk")
    scheduled = specs_with_scheduled_code(env, specs)
    upload_scheduled_code(scheduled, is_deployed=False)
    named = spec_files_named(specs) if specs else None
    diagnostics: list[Diagnostic] = []

    def show(findings: Sequence[Diagnostic]) -> None:
        diagnostics.extend(findings)
        print_findings(findings, named)

    result = deployment.deploy(
        Path.cwd(),
        env,
        specs,
        consent=DeployConsent(is_approved=yes, adopted=adopt, destroyed=allow_destroy),
        callbacks=DeployCallbacks(
            print_status=print_status,
            progress=print_progress,
            findings=show,
            ask=print_prompt if is_interactive() else None,
            confirm=_confirm if is_interactive() and not yes else None,
        ),
        concurrency=concurrency,
        is_complete=is_complete,
    )
    if result is None:
        print_needed(f"{tally(diagnostics)}: nothing was deployed")
        return EXIT_FINDINGS
    upload_scheduled_code(scheduled, is_deployed=True)
    _print_deployment(result, form)
    return EXIT_OK


def _print_deployment(result: Deployment, form: str) -> None:
    """Print the outputs of the stacks, how to upload data, and which stacks are orphaned."""
    print_result(deployment_json(result) if form == JSON else render_deployment(result))
    for note in (render_uploads(result), render_orphans(result)):
        if note:
            print_status(note)


def _confirm(loss: Loss) -> bool:
    """Ask for the name of a resource that would be lost."""
    print_needed(f"this {loss.text}")
    question = f"Type `{loss.name}` to continue"
    typed: str = click.prompt(question, default="", show_default=False, err=True)
    return loss.is_named([typed])

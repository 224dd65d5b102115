"""Commands about a project and where it is deployed: init, deploy, sandbox."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hptc.cli.console import can_ask, in_color, say, say_on, show
from hptc.cli.inputs import AS_JSON, ENV, compile_project, environment_here, require, without_errors
from hptc.errors import EXIT_FINDINGS, EXIT_OK, EXIT_OPERATION, UsageError

if TYPE_CHECKING:
    from hptc.stacks.cdk_cli import Progress


@click.command()
@click.argument("folder", type=click.Path())
@click.option("--name", help="The project's name; the folder's when absent.")
def init(folder: str, name: str | None) -> None:
    """Write a project to start from: specs, CDK app, CI workflow, editor settings."""
    from hptc.reference.scaffold import write_project

    for path in write_project(Path(folder), name=name):
        show(str(path))
    say(f"next: cd {shlex.quote(folder)} && hptc check")


@click.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask before changes that broaden permissions.")
@AS_JSON
@click.argument("specs", nargs=-1)
def deploy(env: str | None, yes: bool, as_json: bool, specs: tuple[str, ...]) -> int:
    """Deploy the stacks of one environment with the AWS CDK: the foundation, and one a spec.

    SPECS are names; they limit it to the foundation and these specs' stacks. The result is the
    outputs of the stacks.
    """
    require("aws_cdk", "cdk")
    from hptc.render.deployment import deployment_json, render_deployment, render_orphans
    from hptc.render.diagnostics import Format, render
    from hptc.stacks.deploy import Audience
    from hptc.stacks.deploy import deploy as deploy_stacks

    color = in_color(sys.stderr)
    made = deploy_stacks(
        Path.cwd(),
        env,
        specs,
        is_approved=yes,
        audience=Audience(
            say=say,
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


@click.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask.")
@AS_JSON
@click.argument("stacks", nargs=-1, required=True, metavar="STACK...")
def destroy(env: str | None, yes: bool, as_json: bool, stacks: tuple[str, ...]) -> int:
    """Remove stacks that no spec needs any more: those that STACK names, and nothing else.

    `hptc plan` and `hptc deploy` name the orphaned ones.
    """
    from hptc.aws.client import connect
    from hptc.aws.retry import Retry
    from hptc.render.deployment import removed_json, render_removals, render_removed
    from hptc.stacks.destroy import needed_by, plan_removal, remove

    environment = environment_here(env)
    if environment is None:
        raise UsageError(
            "there is no hptc.yaml with an environment here or above",
            help="stand in the project whose stacks they are",
        )
    compiled = without_errors(compile_project(env))
    if compiled is None:
        return EXIT_FINDINGS
    aws = connect(environment, retry=Retry(progress=say))
    needed = needed_by(environment, compiled)
    planned = plan_removal(environment, stacks, needed, aws.stacks, aws.tuning)
    say(render_removals(planned))
    if not yes:
        if not can_ask():
            raise UsageError("there is no terminal to ask in", help="--yes removes without asking")
        if not click.confirm("Remove this?", err=True):
            say("nothing was removed")
            return EXIT_OPERATION
    removed = []
    try:
        for each in planned:
            removed.append(remove(each, aws.stacks, progress=say_progress))
            if not as_json:
                show(render_removed(removed[-1]))
    except KeyboardInterrupt:
        say(f"CloudFormation goes on by itself with `{planned[len(removed)].name}`")
        raise
    finally:
        if as_json:
            show(removed_json(removed))
    return EXIT_OK


def say_progress(progress: Progress) -> None:
    """Say what goes on with a stack."""
    from hptc.render.deployment import render_progress

    say(render_progress(progress, color=in_color(sys.stderr)))


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--account", default="123456789012", show_default=True, help="Its account id.")
@click.option("--region", default="us-east-1", show_default=True, help="Its Region.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(port: int, account: str, region: str, command: tuple[str, ...]) -> int:
    """Start the local AWS endpoint, or run one command against it: hptc sandbox -- CMD…

    It is moto behind one loopback port. cdk, the AWS CLI and boto3 work against it; it trains
    nothing, and says so.
    """
    require("moto", "sandbox")
    from hptc.sandbox.run import run, serve
    from hptc.sandbox.server import Sandbox

    with Sandbox(port=port, account=account, region=region) as endpoint:
        say(endpoint.describe())
        if command:
            return run(list(command), endpoint)

        def ready() -> None:
            for key, value in endpoint.environment().items():
                show(f"export {key}={shlex.quote(value)}")
            sys.stdout.flush()
            say("listening; press Ctrl-C to stop")

        serve(endpoint, ready)
    return EXIT_OK

"""`hptc destroy`."""

from __future__ import annotations

import click

from hptc.aws.client import connect
from hptc.aws.retry import Retry
from hptc.cli.console import can_ask, say, show
from hptc.cli.inputs import compile_project, environment_here, without_errors
from hptc.cli.options import AS_JSON, ENV
from hptc.cli.stack_progress import say_progress
from hptc.errors import EXIT_FINDINGS, EXIT_OK, EXIT_OPERATION, UsageError
from hptc.render.deployment import removed_json, render_removals, render_removed
from hptc.stacks.destroy import needed_by, plan_removal, remove


@click.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask.")
@AS_JSON
@click.argument("stacks", nargs=-1, required=True, metavar="STACK...")
def destroy(env: str | None, yes: bool, as_json: bool, stacks: tuple[str, ...]) -> int:
    """Delete stacks that no spec needs any more.

    Those that STACK names, and nothing else. `hptc plan` and `hptc deploy` name the orphaned ones.
    """
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
    planned = plan_removal(environment, stacks, needed, aws.stacks, aws.tuning, progress=say)
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
        say(f"CloudFormation is still deleting `{planned[len(removed)].name}`")
        raise
    finally:
        if as_json:
            show(removed_json(removed))
    return EXIT_OK

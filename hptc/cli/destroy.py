"""`hptc destroy`."""

from __future__ import annotations

import click

from hptc.api.specs import NO_PROJECT, current_environment
from hptc.cli.connection import connect_to_environment
from hptc.cli.console import is_interactive, print_needed, print_result, print_status
from hptc.cli.inputs import compile_project, without_errors
from hptc.cli.options import ENV, JSON, TEXT_OR_JSON, YES
from hptc.cli.stack_progress import print_progress
from hptc.errors import EXIT_FINDINGS, EXIT_OK, EXIT_OPERATION, UsageError
from hptc.render.deployment import removed_json, render_removals, render_removed
from hptc.stacks.destroy import needed_by, plan_removal, remove


@click.command()
@ENV
@YES
@TEXT_OR_JSON
@click.argument("stacks", nargs=-1, required=True, metavar="STACK...")
def destroy(env: str | None, yes: bool, form: str, stacks: tuple[str, ...]) -> int:
    """Delete stacks that no spec needs anymore.

    Only the stacks that you name are deleted. `hptc plan` and `hptc deploy` list orphaned stacks.
    """
    environment = current_environment(env)
    if environment is None:
        raise UsageError(
            NO_PROJECT, help="run this command in the project that the stacks belong to"
        )
    compiled = without_errors(compile_project(env), are_context=True)
    if compiled is None:
        return EXIT_FINDINGS
    aws = connect_to_environment(environment)
    needed = needed_by(environment, compiled)
    planned = plan_removal(
        environment, stacks, needed, aws.stacks, aws.tuning, progress=print_status
    )
    (print_status if yes else print_needed)(render_removals(planned))
    if not yes:
        if not is_interactive():
            raise UsageError(
                "no terminal to ask for confirmation", help="use --yes to delete without asking"
            )
        if not click.confirm("Delete these stacks?", err=True):
            print_status("nothing was deleted")
            return EXIT_OPERATION
    removed = []
    try:
        for removal in planned:
            removed.append(remove(removal, aws.stacks, progress=print_progress))
            if form != JSON:
                print_result(render_removed(removed[-1], environment.region))
    except KeyboardInterrupt:
        print_status(f"CloudFormation is still deleting `{planned[len(removed)].name}`")
        raise
    finally:
        if form == JSON:
            print_result(removed_json(removed))
    return EXIT_OK

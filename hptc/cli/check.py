"""`hptc check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hptc.cli.console import in_color, say, show
from hptc.cli.inputs import all_diagnostics, compile_all
from hptc.cli.options import PATHS, spec_options
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.diagnostics import Format, render, tally
from hptc.request.tuning_job import Definition

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse
    from hptc.metrics.rehearsal import Rehearsal


@click.command()
@PATHS
@spec_options
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    default="text",
    show_default=True,
    help="How findings are shown.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option(
    "--online",
    is_flag=True,
    help="Ask the environment's account too: names, parents, quotas, data, image, role, keys, "
    "network. Reads only; what AWS does not answer is skipped with a word.",
)
def check(paths: tuple[str, ...], form: str, fail_on: str, online: bool, **options: Any) -> int:
    """Check specs for everything AWS would reject. Quiet when there is nothing to say."""
    compiled = compile_all(paths, **options, rehearse=_rehearsing())
    if online:
        # The code that calls AWS: a check without --online starts faster without it.
        from hptc.cli.check_online import checked_online

        compiled = checked_online(compiled, **options)
    diagnostics = all_diagnostics(compiled)
    show(render(diagnostics, Format(form), color=in_color(sys.stdout)))
    files = f"{len(compiled)} file{'s' if len(compiled) != 1 else ''}"
    suppressed = sum(len(one.suppressed) for one in compiled)
    more = f", {suppressed} suppressed" if suppressed else ""
    say(f"checked {files}: {tally(diagnostics)}{more}")
    failing = diagnostics if fail_on == "warning" else [d for d in diagnostics if d.is_error]
    return EXIT_FINDINGS if failing else EXIT_OK


def _rehearsing() -> Rehearse:
    """What proves metric definitions on sample logs, loaded when a spec names one."""
    found: list[Rehearse] = []

    def rehearse(definition: Definition, sample: str, root: Path) -> Rehearsal:
        from hptc.metrics.rehearsal import SECONDS_OF_A_RUN, rehearse_samples

        if not found:
            found.append(rehearse_samples(SECONDS_OF_A_RUN))
        return found[0](definition, sample, root)

    return rehearse

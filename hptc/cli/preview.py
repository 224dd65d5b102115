"""`hptc preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.cli.console import print_result, print_status
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import JSON, PATHS, TEXT_OR_JSON, ignoring, spec_options
from hptc.compiler.outcome import Compiled
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.preview import outline
from hptc.preview.plot import draw_search_space
from hptc.render.preview import previews_json, render_preview

_PREVIEWABLE = "HPT2,HPT4,HPT8"
"""Rules about the search space, limits and policy: a job that breaks them has a preview too."""


@click.command()
@PATHS
@spec_options
@TEXT_OR_JSON
@click.option("--plot", metavar="FILE.svg|png", help="Draw the search space.")
def preview(paths: tuple[str, ...], form: str, plot: str | None, **options: Any) -> int:
    """Preview grids, brackets and the first configurations.

    Nothing is sent to AWS.
    """
    outcomes = compile_all(paths, **options)
    compiled = without_errors(outcomes, named=paths, instead="nothing was previewed")
    is_refused = compiled is None
    if compiled is None:
        # A grid that is too large can still be previewed.
        outcomes = compile_all(paths, **ignoring(_PREVIEWABLE, **options))
        compiled = [spec for spec in outcomes if isinstance(spec, Compiled)]
        if len(compiled) < len(outcomes):
            return EXIT_FINDINGS
    previews = [(spec.name, outline.preview(spec.job)) for spec in compiled]
    if plot is not None:
        if len(previews) != 1:
            raise UsageError(f"--plot takes one spec, but found {len(previews)}")
        draw_search_space(Path(plot), *previews[0])
        print_status(f"wrote {plot}")
    print_result(
        previews_json(previews)
        if form == JSON
        else "\n".join(render_preview(name, shown) for name, shown in previews)
    )
    return EXIT_FINDINGS if is_refused else EXIT_OK

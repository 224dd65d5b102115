"""`hptc cost`."""

from __future__ import annotations

from typing import Any

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.offline import costs_of
from hptc.api.online import expected_costs, only_environment
from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_result, print_status
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import JSON, PATHS, TEXT_OR_JSON, ignoring, spec_options
from hptc.compiler.outcome import Compiled
from hptc.cost.forecast import ExpectedCost
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.render.cost import costs_json, render_costs


@click.command()
@PATHS
@spec_options
@click.option(
    "--online", is_flag=True, help="Also estimate the expected cost from past runs in AWS."
)
@TEXT_OR_JSON
def cost(paths: tuple[str, ...], online: bool, form: str, **options: Any) -> int:
    """Estimate the maximum cost of tuning jobs.

    The maximum follows from the limits in the spec and a dated price table. With --online, past
    runs of the same specs add an expected cost.
    """
    # A job over its budget has a cost too; `check` enforces the policy.
    compiled = without_errors(
        compile_all(paths, **ignoring("HPT8", **options)),
        named=paths,
        instead="no cost was estimated",
    )
    if compiled is None:
        return EXIT_FINDINGS
    costs = costs_of(compiled, _expected(compiled) if online else ())
    print_result(costs_json(costs) if form == JSON else render_costs(costs))
    return EXIT_OK


def _expected(compiled: list[Compiled]) -> list[ExpectedCost]:
    tuning = connect_to_environment(only_environment(compiled)).tuning
    return expected_costs(compiled, tuning, progress=print_status)

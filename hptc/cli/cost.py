"""`hptc cost`."""

from __future__ import annotations

from typing import Any

import click

from hptc.cli.bounds import cost_bounds
from hptc.cli.connection import connect_to_environment
from hptc.cli.console import print_result, print_status
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import JSON, PATHS, TEXT_OR_JSON, ignoring, spec_options
from hptc.compiler.outcome import Compiled
from hptc.cost.bound import CostBound
from hptc.cost.forecast import ExpectedCost, expected_cost
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.jobs.history import listed_jobs
from hptc.jobs.past_runs import past_runs
from hptc.jobs.snapshot import JobSnapshot
from hptc.render.cost import SpecCost, costs_json, render_costs


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
    bounds = list(map(cost_bounds(), compiled))
    forecasts = _expected(compiled, bounds) if online else [None] * len(compiled)
    costs = [
        SpecCost(one.name, bound, expected)
        for one, bound, expected in zip(compiled, bounds, forecasts, strict=True)
    ]
    print_result(costs_json(costs) if form == JSON else render_costs(costs))
    return EXIT_OK


def _expected(compiled: list[Compiled], bounds: list[CostBound]) -> list[ExpectedCost]:
    environment = next((one.environment for one in compiled), None)
    if any(one.environment != environment for one in compiled):
        raise UsageError(
            "--online requires specs of a single environment",
            help="run `hptc cost --online` for each environment",
        )
    tuning = connect_to_environment(environment).tuning
    jobs = JobSnapshot(tuning=tuning, listed=listed_jobs(tuning, compiled, all_jobs=False))
    runs = past_runs(compiled, jobs, progress=print_status)
    return [expected_cost(*pair) for pair in zip(bounds, runs, strict=True)]

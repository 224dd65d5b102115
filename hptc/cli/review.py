"""Commands for those who decide: what a change means, what would happen, what it may cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hptc.cli.console import in_color, say, show
from hptc.cli.inputs import (
    AS_JSON,
    ENV,
    PATHS,
    STDIN,
    compile_all,
    environment_here,
    spec_options,
    without_errors,
)
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError

if TYPE_CHECKING:
    from hptc.compiler.outcome import Compiled
    from hptc.cost.bound import CostBound
    from hptc.cost.forecast import ExpectedCost

TEXT_OR_JSON = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.command()
@PATHS
@spec_options
@click.option(
    "--against", metavar="REF", help="The old side; where the branch left main if absent."
)
@click.option("--head", metavar="REF", help="The new side; the work tree if absent.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json", "github"]),
    default="text",
    show_default=True,
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when something changed.")
def diff(
    paths: tuple[str, ...],
    against: str | None,
    head: str | None,
    form: str,
    exit_code: bool,
    env: str | None,
    select: str | None,
    ignore: str | None,
) -> int:
    """Say what a change of specs means: search, cost, permissions, security, a new job or not.

    Both sides are compiled; git is read, nothing is checked out.
    """
    from hptc.diff.review import with_costs
    from hptc.diff.sides import review_refs
    from hptc.render.diff import Format, render_diff
    from hptc.rules.engine import selected

    found = review_refs(
        paths, against=against, head=head, environment=env, rules=selected(select, ignore)
    )
    found = with_costs(found, _bound)
    show(render_diff(found, Format(form), color=in_color(sys.stdout)))
    return EXIT_FINDINGS if exit_code and not found.is_empty else EXIT_OK


@click.command()
@PATHS
@spec_options
@click.option("--online", is_flag=True, help="Ask AWS for earlier runs: what to expect.")
@TEXT_OR_JSON
def cost(paths: tuple[str, ...], online: bool, form: str, **options: Any) -> int:
    """Bound what searches can cost: the most, and what that assumes.

    --online adds what to expect by earlier runs of the same specs.
    """
    from hptc.render.cost import SpecCost, costs_json, render_costs

    # A search over its budget has a cost too: policy is `check`'s to hold.
    compiled = without_errors(compile_all(paths, **_without("HPT8", **options)))
    if compiled is None:
        return EXIT_FINDINGS
    bounds = [_bound(one) for one in compiled]
    forecasts = _expected(compiled, bounds) if online else [None] * len(compiled)
    costs = [
        SpecCost(one.name, bound, expected)
        for one, bound, expected in zip(compiled, bounds, forecasts, strict=True)
    ]
    show(costs_json(costs) if form == "json" else render_costs(costs))
    return EXIT_OK


def _expected(compiled: list[Compiled], bounds: list[CostBound]) -> list[ExpectedCost]:
    from hptc.aws.client import connect
    from hptc.aws.retry import Retry
    from hptc.cost.forecast import expected_cost
    from hptc.jobs.history import listed
    from hptc.jobs.past_runs import earlier_runs
    from hptc.jobs.read_only import ReadOnlyTuning

    environment = next((one.environment for one in compiled), None)
    if any(one.environment != environment for one in compiled):
        raise UsageError(
            "the specs belong to several environments", help="ask for each by itself with --online"
        )
    tuning = connect(environment, retry=Retry(progress=say)).tuning
    read_only = ReadOnlyTuning(tuning=tuning, listed=listed(tuning, compiled, all_jobs=False))
    runs = earlier_runs(compiled, read_only)
    return [expected_cost(*pair) for pair in zip(bounds, runs, strict=True)]


_OF_THE_SEARCH = "HPT2,HPT4,HPT8"
"""The rules of the search space, the limits and the policy."""


def _without(codes: str, *, ignore: str | None, **options: Any) -> dict[str, Any]:
    return {**options, "ignore": ",".join(part for part in (ignore, codes) if part)}


def _bound(one: Compiled) -> CostBound:
    from hptc.catalog.prices import load_prices
    from hptc.cost.bound import cost_bound, job_region
    from hptc.project import project_file

    job = one.job
    found = project_file.find(Path(one.file).resolve().parent)
    prices = load_prices(found.parent if found else None)
    return cost_bound(job, job_region(job, one.environment), prices)


@click.group()
def prices() -> None:
    """The prices that costs are bounded with."""


@prices.command()
@click.option("--region", "regions", multiple=True, help="A Region; the environments' if absent.")
def refresh(regions: tuple[str, ...]) -> None:
    """Read today's prices from the AWS Price List API into prices.json beside hptc.yaml."""
    from hptc.aws.price_list import fetch_prices, price_list
    from hptc.aws.retry import Retry
    from hptc.catalog.prices import FILE_NAME, own_prices, render_prices
    from hptc.compiler.workspace import Workspace
    from hptc.files import write_whole
    from hptc.project import project_file

    path = project_file.find(Path.cwd())
    if path is None:
        raise UsageError("there is no hptc.yaml here or above, and prices.json stands beside it")
    found, _ = Workspace().project_of(path.parent)
    wanted = regions or tuple(
        dict.fromkeys(entry.region for entry in found.file.environments.values()) if found else ()
    )
    if not wanted:
        raise UsageError("no environment says a Region", help="say --region REGION")
    fetched = fetch_prices(price_list(wanted[0]), wanted, Retry(progress=say))
    write_whole(path.parent / FILE_NAME, render_prices(fetched.over(own_prices(path.parent))))
    say(f"wrote {path.parent / FILE_NAME}: review it like code, and commit it")


@click.command()
@PATHS
@spec_options
@TEXT_OR_JSON
@click.option("--plot", metavar="FILE.svg|png", help="Draw the search space into a file.")
def preview(paths: tuple[str, ...], form: str, plot: str | None, **options: Any) -> int:
    """Show what a search would do: its grid, brackets, waves, and first configurations."""
    from hptc.compiler.outcome import Compiled
    from hptc.preview.outline import preview as preview_of
    from hptc.render.preview import previews_json, render_preview

    outcomes = compile_all(paths, **options)
    compiled = without_errors(outcomes)
    is_refused = compiled is None
    if compiled is None:
        # A grid that is too large can be previewed all the same.
        outcomes = compile_all(paths, **_without(_OF_THE_SEARCH, **options))
        compiled = [one for one in outcomes if isinstance(one, Compiled)]
        if len(compiled) < len(outcomes):
            return EXIT_FINDINGS
    found = [(one.name, preview_of(one.job)) for one in compiled]
    if plot is not None:
        if len(found) != 1:
            raise UsageError(f"--plot draws one search, and {len(found)} are named")
        from hptc.preview.plot import draw_search_space

        draw_search_space(Path(plot), *found[0])
        say(f"wrote {plot}")
    show(
        previews_json(found)
        if form == "json"
        else "\n".join(render_preview(name, each) for name, each in found)
    )
    return EXIT_FINDINGS if is_refused else EXIT_OK


@click.command()
@click.argument("path", type=click.Path())
@ENV
@click.option("--log", required=True, type=click.Path(), help="A training job's log; - is stdin.")
@click.option("--training-job", metavar="NAME", help="One of several `training_jobs` only.")
@TEXT_OR_JSON
def metrics(path: str, env: str | None, log: str, training_job: str | None, form: str) -> int:
    """Prove every metric definition on a real log: lines, numbers, the objective found or not."""
    from hptc.metrics.rehearsal import read_log, read_log_file, rehearse
    from hptc.render.metrics import rehearsals_json, render_rehearsals

    compiled = without_errors(compile_all((path,), env))
    if compiled is None:
        return EXIT_FINDINGS
    if len(compiled) != 1:
        raise UsageError(f"a log is of one spec, and {len(compiled)} are named")
    one = compiled[0]
    text = read_log(sys.stdin.buffer, "stdin") if log == STDIN else read_log_file(Path(log))
    name = "stdin" if log == STDIN else log
    found = rehearse(one.job, text, name, definition=training_job)
    show(rehearsals_json(one.name, found) if form == "json" else render_rehearsals(one.name, found))
    return EXIT_OK if all(each.is_objective_found for each in found) else EXIT_FINDINGS


@click.command()
@click.argument("paths", nargs=-1, type=click.Path())
@ENV
@TEXT_OR_JSON
@click.option("--launcher", is_flag=True, help="The policy for those who may start searches.")
@click.option("--owners", is_flag=True, help="What owners in other accounts must add.")
def permissions(
    paths: tuple[str, ...], env: str | None, form: str, launcher: bool, owners: bool
) -> int:
    """Show what a spec's training jobs may do: each statement, why, and the line that asks for it.

    --format json prints the policy itself.
    """
    from hptc.render.permissions import launcher_json, permissions_json, render_permissions

    if launcher:
        environment = environment_here(env)
        if environment is None:
            raise UsageError("the launcher policy needs an environment: there is none here")
        show(launcher_json(environment))
        return EXIT_OK
    compiled = without_errors(compile_all(paths, env))
    if compiled is None:
        return EXIT_FINDINGS
    if owners:
        show(_owners(compiled, form))
        return EXIT_OK
    from hptc.compiler.permissions_report import permissions_report

    if form == "json" and len(compiled) != 1:
        raise UsageError(f"--format json prints one spec's policy, and {len(compiled)} are named")
    reports = [permissions_report(one) for one in compiled]
    show(
        permissions_json(reports[0])
        if form == "json"
        else "\n".join(render_permissions(report) for report in reports)
    )
    return EXIT_OK


def _owners(compiled: list[Compiled], form: str) -> str:
    from hptc.infrastructure.owner_grants import owner_grants
    from hptc.render.owners import owner_grants_json, render_owner_grants

    environment = next((one.environment for one in compiled if one.environment), None)
    if environment is None:
        raise UsageError("who owns what depends on the account, and no environment says one")
    grants = owner_grants(environment, [(one.name, one.job) for one in compiled])
    return owner_grants_json(grants) if form == "json" else render_owner_grants(grants, environment)


@click.command()
@PATHS
@spec_options
@click.option("--out", metavar="FILE", help="Save the plan; `hptc submit FILE` does exactly that.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is something to do.")
@AS_JSON
def plan(
    paths: tuple[str, ...], out: str | None, exit_code: bool, as_json: bool, **options: Any
) -> int:
    """Compare specs with what AWS has: to submit, unchanged, blocked, orphaned. Writes nothing."""
    from hptc.aws.client import connect
    from hptc.aws.retry import Retry
    from hptc.files import write_whole
    from hptc.jobs.plan import is_whole_project
    from hptc.jobs.plan import plan as make_plan
    from hptc.jobs.plan_file import plan_text, read_plan
    from hptc.jobs.provenance import provenance_of
    from hptc.render.plan import render_plan

    compiled = without_errors(compile_all(paths, **options))
    if compiled is None:
        return EXIT_FINDINGS
    environment = next((one.environment for one in compiled if one.environment), None)
    aws = connect(environment, retry=Retry(progress=say))
    made = make_plan(
        compiled,
        aws.tuning,
        aws.stacks,
        provenance=lambda one: provenance_of(Path(one.file)),
        is_whole_project=is_whole_project(compiled),
        bound_of=_bound,
    )
    if out is not None:
        read_plan(plan_text(made), out)  # what could not be applied is not saved
        write_whole(Path(out), plan_text(made))
        say(f"wrote {out}; `hptc submit {out}` does exactly this, or refuses with what moved")
    show(plan_text(made) if as_json else render_plan(made, color=in_color(sys.stdout)))
    return EXIT_FINDINGS if exit_code and made.has_changes else EXIT_OK

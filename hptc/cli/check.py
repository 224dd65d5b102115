"""`hptc check`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.api.answers import findings_of
from hptc.api.specs import sample_log_tests
from hptc.cli.console import file_progress, print_result, print_status, use_color
from hptc.cli.inputs import all_diagnostics, compile_all
from hptc.cli.options import PATHS, STDIN, output_format, spec_options
from hptc.compiler.discovery import specs_of_projects
from hptc.compiler.outcome import Compiled, CompiledSpec, Outcome
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.reference.schema_files import outdated_schema
from hptc.render.diagnostics import Format, render
from hptc.rules.engine import selected
from hptc.source.text_fixes import FixesOf
from hptc.text import plural, printable

if TYPE_CHECKING:
    from hptc.render.sarif import RuleHelp

SARIF = "sarif"


@click.command()
@PATHS
@spec_options
@output_format(*(form.value for form in Format), SARIF)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="Lowest severity that exits with 1.",
)
@click.option(
    "--online",
    is_flag=True,
    help="Also check against the AWS account (read-only). What it may not read is skipped with "
    "a note.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Write the safe fixes of findings into the files, and show the rest.",
)
@click.option(
    "--project-specs",
    is_flag=True,
    help="Skip PATHS that are not specs of a project; hptc.yaml stands for all of its specs.",
)
@click.option(
    "--watch",
    "is_watching",
    is_flag=True,
    help="Check again when a spec, hptc.yaml or training code changes, until Ctrl-C.",
)
def check(
    paths: tuple[str, ...],
    form: str,
    fail_on: str,
    online: bool,
    fix: bool,
    project_specs: bool,
    is_watching: bool,
    **options: Any,
) -> int:
    """Check specs for everything AWS would reject.

    PATHS are files and folders, or `-` for stdin; the default is the current project. Findings go
    to stdout, a summary to stderr. Specs are checked in every environment of hptc.yaml unless you
    select one with --env; --online checks the default one.
    """
    if project_specs:
        paths = tuple(specs_of_projects(paths, Workspace()))
        if not paths:
            print_status("no specs to check")
            return EXIT_OK
    if fix and STDIN in paths:
        raise UsageError("--fix changes files, so it can't be combined with `-`")
    if is_watching:
        _watch(paths, form, online=online, fix=fix, **options)
    outcomes = _compile(paths, form, online=online, fix=fix, **options)
    unreachable = None
    if online:
        # A check without --online starts faster without the code that calls AWS.
        from hptc.cli.check_online import add_online_findings

        outcomes, unreachable = add_online_findings(outcomes, **options)
    diagnostics = _print(outcomes, form)
    is_for_people = form in (Format.TEXT, Format.CONCISE)
    if is_for_people and STDIN not in paths and (count := _fixable(outcomes, diagnostics)):
        print_status(f"{count} of them can be fixed with --fix")
    if form == Format.TEXT and sys.stderr.isatty():  # nobody rehearses in CI
        _suggest_rehearsal(outcomes)
    failing = (
        diagnostics
        if fail_on == "warning"
        else [diagnostic for diagnostic in diagnostics if diagnostic.is_error]
    )
    if unreachable is not None and not failing:
        raise unreachable
    if unreachable is not None:
        print_status(unreachable.message)
    return EXIT_FINDINGS if failing else EXIT_OK


def _compile(
    paths: tuple[str, ...],
    form: str,
    *,
    online: bool = False,
    fix: bool = False,
    workspace: Workspace | None = None,
    **options: Any,
) -> list[Outcome]:
    with file_progress("checked", is_shown=form in (Format.TEXT, Format.CONCISE)) as progress:

        def compiled() -> list[Outcome]:
            return compile_all(
                paths,
                **options,
                in_all_environments=not online,
                rehearse=sample_log_tests(),
                progress=progress,
                workspace=workspace,
            )

        if not fix:
            return compiled()
        from hptc.cli.fixing import fix_all  # most checks fix nothing

        outcomes, fixed = fix_all(compiled)
    for file, count in fixed.items():
        print_status(f"fixed {plural(count, 'finding')} in {printable(file)}")
    return outcomes


def _print(outcomes: Sequence[Outcome], form: str) -> list[Diagnostic]:
    """Print the findings and a summary. Returns the findings."""
    diagnostics = all_diagnostics(outcomes)
    print_result(_rendered(diagnostics, form, outcomes))
    for note in _outdated_schemas(outcomes):
        print_status(note)
    print_status(findings_of(outcomes, diagnostics).summary)
    return diagnostics


def _fixable(outcomes: Sequence[Outcome], diagnostics: Sequence[Diagnostic]) -> int:
    """How many findings have a safe fix that can be written."""
    safe = [
        diagnostic for diagnostic in diagnostics if any(fix.is_safe for fix in diagnostic.fixes)
    ]
    if not safe:
        return 0
    fixes_of = _fixes_of(outcomes)
    return sum(any(fix.is_safe for fix in fixes_of(finding)) for finding in safe)


def _watch(
    paths: tuple[str, ...], form: str, *, online: bool, fix: bool, **options: Any
) -> NoReturn:
    """Check again and again. Ends with KeyboardInterrupt."""
    if online:
        raise UsageError("--watch can't be combined with --online, which calls AWS each time")
    if fix:
        raise UsageError("--watch can't be combined with --fix, which changes files while you edit")
    if STDIN in paths:
        raise UsageError("--watch can't be combined with `-`: stdin is read once")
    # A check without --watch starts faster without it.
    from hptc.cli.check_watch import watch

    watch(
        lambda workspace: _print(_compile(paths, form, workspace=workspace, **options), form),
        environment=options["env"],
        rules=selected(options["select"], options["ignore"]),
        rehearse=sample_log_tests(),
    )


def _suggest_rehearsal(outcomes: Sequence[Outcome]) -> None:
    """Name a spec without errors whose script has never run on this machine."""
    compiled = [
        outcome for outcome in outcomes if isinstance(outcome, Compiled) and not outcome.has_errors
    ]
    if any(isinstance(outcome, CompiledSpec) and outcome.codes for outcome in compiled):
        # Other specs don't need the code that knows where tuning jobs are on this machine.
        from hptc.cli.rehearsal_note import rehearsal_note

        note = rehearsal_note(compiled)
        if note:
            print_status(note)


def _outdated_schemas(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each project whose schemas, which editors use, another hptc wrote."""
    roots = dict.fromkeys(
        outcome.project.root for outcome in outcomes if outcome.project is not None
    )
    return [f"note: {text}" for root in roots if (text := outdated_schema(root))]


def _rendered(diagnostics: Sequence[Diagnostic], form: str, outcomes: Sequence[Outcome]) -> str:
    if form == SARIF:
        from hptc.render.sarif import render_sarif  # the other formats start faster without it

        return render_sarif(diagnostics, rule_help(diagnostics), _fixes_of(outcomes))
    if form == Format.JSON:
        return render(diagnostics, Format.JSON, fixes_of=_fixes_of(outcomes))
    return render(diagnostics, Format(form), color=use_color(sys.stdout))


def _fixes_of(outcomes: Sequence[Outcome]) -> FixesOf:
    """The fixes of findings in the texts that were checked."""
    from hptc.source.fixes import text_fixes  # the other formats don't show fixes

    documents = {outcome.file: outcome.document for outcome in outcomes}
    projects = [outcome.project.document for outcome in outcomes if outcome.project is not None]
    documents |= {document.file: document for document in projects}
    return lambda finding: text_fixes(finding, documents.get)


def rule_help(diagnostics: Iterable[Diagnostic]) -> list[RuleHelp]:
    """The help of every rule that the diagnostics are about, which only SARIF contains."""
    from hptc.reference.rule_pages import page, summary
    from hptc.render.sarif import RuleHelp

    codes = sorted({diagnostic.code for diagnostic in diagnostics})
    return [RuleHelp(code=code, summary=summary(code), page=page(code)) for code in codes]

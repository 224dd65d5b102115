"""Commands that read specs and write text. None of them calls AWS, unless a flag says so."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hptc.cli.console import in_color, say, show
from hptc.cli.inputs import (
    PATHS,
    REGION,
    STDIN,
    all_diagnostics,
    compile_all,
    read_input,
    spec_options,
    without_errors,
)
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.render.diagnostics import Format

if TYPE_CHECKING:
    from hptc.compiler.outcome import Compiled, Outcome
    from hptc.compiler.workspace import Rehearse
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.request.tuning_job import Definition


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
    """Find what AWS would refuse, before it does. Quiet when there is nothing to say."""
    from hptc.render.diagnostics import render, tally

    compiled = compile_all(paths, **options, rehearse=_rehearsing())
    if online:
        compiled = _checked_online(compiled, **options)
    diagnostics = all_diagnostics(compiled)
    show(render(diagnostics, Format(form), color=in_color(sys.stdout)))
    files = f"{len(compiled)} file{'s' if len(compiled) != 1 else ''}"
    suppressed = sum(len(one.suppressed) for one in compiled)
    more = f", {suppressed} suppressed" if suppressed else ""
    say(f"checked {files}: {tally(diagnostics)}{more}")
    failing = diagnostics if fail_on == "warning" else [d for d in diagnostics if d.is_error]
    return EXIT_FINDINGS if failing else EXIT_OK


def _checked_online(
    outcomes: list[Outcome], select: str | None, ignore: str | None, **_: Any
) -> list[Outcome]:
    from hptc.account_checks.checks import check_online
    from hptc.aws.account import connect
    from hptc.rules.codes import ONLINE
    from hptc.rules.engine import is_selected, selected

    def kept(one: Outcome) -> Outcome:
        diagnostics = tuple(
            each
            for each in one.diagnostics
            if each.code not in ONLINE or is_selected(each.code, select, ignore)
        )
        return replace(one, diagnostics=diagnostics)

    rules = selected(select, ignore)
    return [kept(one) for one in check_online(outcomes, connect, rules=rules, progress=say)]


def _rehearsing() -> Rehearse:
    """What proves metric definitions on sample logs, loaded when a spec names one."""
    found: list[Rehearse] = []

    def rehearse(definition: Definition, sample: str, root: Path) -> Rehearsal:
        from hptc.metrics.rehearsal import SECONDS_OF_A_RUN, rehearse_samples

        if not found:
            found.append(rehearse_samples(SECONDS_OF_A_RUN))
        return found[0](definition, sample, root)

    return rehearse


@click.command("compile")
@PATHS
@spec_options
@click.option("-o", "--output", metavar="DIR", help="Write one file a spec into this folder.")
@click.option(
    "--format", "form", type=click.Choice(["json", "yaml"]), default="json", show_default=True
)
@click.option("--resolve", is_flag=True, help="Fill in what the deployed stacks provide.")
@click.option("--skeleton", is_flag=True, help="Print a commented spec with every key instead.")
def compile_command(
    paths: tuple[str, ...],
    output: str | None,
    form: str,
    resolve: bool,
    skeleton: bool,
    **options: Any,
) -> int:
    """Compile specs into CreateHyperParameterTuningJob requests.

    One spec goes to stdout, ready for `aws sagemaker create-hyper-parameter-tuning-job
    --cli-input-json file://…`; several go into a folder. What only a deployment can tell stands as
    ${hptc:name} until --resolve.
    """
    if skeleton:
        from hptc.reference.skeleton import skeleton as skeleton_text

        show(skeleton_text())
        return EXIT_OK
    from hptc.files import write_all
    from hptc.render.requests import render_request

    compiled = without_errors(compile_all(paths, **options))
    if compiled is None:
        return EXIT_FINDINGS
    if len(compiled) > 1 and output is None:
        raise UsageError(
            f"{len(compiled)} specs don't fit into one request", help="say -o DIR: one file each"
        )
    texts = {
        one.name: render_request(_resolved(one) if resolve else one.request, form)
        for one in compiled
    }
    if output is None:
        show("".join(texts.values()))
        return EXIT_OK
    write_all({Path(output, f"{name}.{form}"): text for name, text in texts.items()})
    say(f"wrote {len(texts)} request{'s' if len(texts) != 1 else ''} to {output}")
    return EXIT_OK


def _resolved(one: Compiled) -> dict[str, Any]:
    from hptc.aws.client import connect
    from hptc.jobs.submission import resolve_references

    return resolve_references(one, connect(one.environment).stacks)


@click.command("import")
@click.argument("file", required=False)
@click.option("--job", metavar="NAME", help="Import a tuning job of AWS by its name.")
@REGION
@click.option("--name", metavar="NAME", help="The spec's name; made from the job's when absent.")
@click.option("-o", "--output", metavar="FILE", help="Write the spec to a file.")
def import_command(
    file: str | None, job: str | None, region: str | None, name: str | None, output: str | None
) -> int:
    """Turn a request, a Describe response or a job in AWS into a spec whose compile equals it."""
    from hptc.compiler.importing import read_request, write_spec

    if (file is None) == (job is None):
        raise UsageError("say what to import: a FILE, `-` for stdin, or --job NAME")
    if job is not None:
        from hptc.aws.client import connect
        from hptc.service.responses import described_request

        request: Any = described_request(connect(region=region).tuning, job)
        origin = f"the tuning job {job}"
    else:
        text, origin = read_input(file or STDIN)
        request = read_request(text, origin)
    spec = write_spec(request, name=name, origin=Path(origin).name)
    if output is None:
        show(spec)
        return EXIT_OK
    from hptc.files import write_whole

    if Path(output).exists():
        raise UsageError(f"{output}: is there already", help="remove it, or choose another name")
    write_whole(Path(output), spec)
    say(f"wrote {output}")
    return EXIT_OK


@click.command()
@click.option("--project", is_flag=True, help="The schema of hptc.yaml instead.")
def schema(project: bool) -> None:
    """Write the JSON Schema of specs, for editors and other tools."""
    import json

    from hptc.reference.schema import project_schema, spec_schema

    show(json.dumps(project_schema() if project else spec_schema(), indent=2, ensure_ascii=False))


@click.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Every rule.")
def explain(code: str | None, everything: bool) -> None:
    """Explain a rule: what it finds, why it matters, and an example of each."""
    from hptc.reference.rule_pages import page, pages

    if everything == (code is not None):
        raise UsageError("say a code such as HPT203, or --all")
    show(pages() if everything else page(code or ""))

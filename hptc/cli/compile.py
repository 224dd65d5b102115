"""`hptc compile`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import hptc.cli.early_imports  # noqa: F401
from hptc.aws.client import connect
from hptc.cli.console import file_progress, print_result, print_status
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import JSON, PATHS, output_format, spec_options
from hptc.compiler.outcome import Compiled
from hptc.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from hptc.files import write_all
from hptc.jobs.resolution import resolve_references
from hptc.reference.skeleton import skeleton as skeleton_text
from hptc.render.requests import render_request
from hptc.text import plural


@click.command("compile")
@PATHS
@spec_options
@click.option("-o", "--output", metavar="DIR", help="Write one file for each spec to DIR.")
@output_format(JSON, "yaml")
@click.option(
    "--resolve", is_flag=True, help="Replace references with the outputs of the deployed stacks."
)
@click.option("--skeleton", is_flag=True, help="Print a commented spec with every key, and exit.")
def compile_command(
    paths: tuple[str, ...],
    output: str | None,
    form: str,
    resolve: bool,
    skeleton: bool,
    **options: Any,
) -> int:
    """Compile specs into CreateHyperParameterTuningJob requests.

    The request of one spec is printed to stdout, ready for `aws sagemaker
    create-hyper-parameter-tuning-job --cli-input-json file://…`; several need -o. Values that are
    only known after deployment, and parents latest(SPEC), are printed as references, ${hptc:name},
    unless you use --resolve.
    """
    if skeleton:
        print_result(skeleton_text())
        return EXIT_OK
    with file_progress("compiled") as progress:
        outcomes = compile_all(paths, **options, progress=progress)
    compiled = without_errors(outcomes, named=paths)
    if compiled is None:
        return EXIT_FINDINGS
    if len(compiled) > 1 and output is None:
        raise UsageError(
            f"cannot write {len(compiled):,} requests to stdout",
            help="use -o DIR to write one file for each",
        )
    if output is not None:
        _require_unique_names(compiled)
    texts = [
        render_request(_resolved(spec) if resolve else spec.request, form) for spec in compiled
    ]
    if output is None:
        print_result("".join(texts))
        return EXIT_OK
    names = [Path(output, f"{spec.name}.{form}") for spec in compiled]
    write_all(dict(zip(names, texts, strict=True)), folder=Path(output))
    print_status(f"wrote {plural(len(texts), 'request')} to {output}")
    return EXIT_OK


def _require_unique_names(compiled: Sequence[Compiled]) -> None:
    """Raise UsageError if two requests would be written to the same file.

    Case is ignored, as it is by some file systems and in the names of tuning jobs.
    """
    first: dict[str, Compiled] = {}
    for spec in compiled:
        earlier = first.setdefault(spec.name.lower(), spec)
        if earlier is not spec:
            raise UsageError(
                f"{earlier.file} and {spec.file} would both be written to `{spec.name}`",
                help="rename one of them, or compile each into its own folder",
            )


def _resolved(compiled: Compiled) -> dict[str, Any]:
    aws = connect(compiled.environment)
    return resolve_references(compiled, aws.tuning, aws.stacks)

"""`hptc compile`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hptc.aws.client import connect
from hptc.cli.console import say, show
from hptc.cli.inputs import compile_all, without_errors
from hptc.cli.options import PATHS, spec_options
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
        show(skeleton_text())
        return EXIT_OK
    compiled = without_errors(compile_all(paths, **options))
    if compiled is None:
        return EXIT_FINDINGS
    if len(compiled) > 1 and output is None:
        raise UsageError(
            f"{len(compiled)} specs don't fit into one request", help="say -o DIR: one file each"
        )
    if output is not None:
        _require_unique_names(compiled)
    texts = [render_request(_resolved(one) if resolve else one.request, form) for one in compiled]
    if output is None:
        show("".join(texts))
        return EXIT_OK
    names = [Path(output, f"{one.name}.{form}") for one in compiled]
    write_all(dict(zip(names, texts, strict=True)))
    say(f"wrote {plural(len(texts), 'request')} to {output}")
    return EXIT_OK


def _require_unique_names(compiled: Sequence[Compiled]) -> None:
    """Raise UsageError when two requests would be written to one file.

    Case doesn't count: some file systems ignore it, as SageMaker does in the names of tuning jobs.
    """
    first: dict[str, Compiled] = {}
    for one in compiled:
        earlier = first.setdefault(one.name.lower(), one)
        if earlier is not one:
            raise UsageError(
                f"{earlier.file} and {one.file} would both be written to `{one.name}`",
                help="rename one of them, or compile them into different folders",
            )


def _resolved(one: Compiled) -> dict[str, Any]:
    return resolve_references(one, connect(one.environment).stacks)

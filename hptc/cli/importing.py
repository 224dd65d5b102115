"""`hptc import`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from hptc.cli.console import print_result, print_status
from hptc.cli.inputs import read_input
from hptc.cli.options import ENV, REGION, STDIN
from hptc.cli.targets import connect_to_target, find_job, read_target
from hptc.compiler.importing import read_request, write_spec
from hptc.errors import EXIT_OK, UsageError
from hptc.files import write_whole
from hptc.service.lookup import described_request


@click.command("import")
@click.argument("file", required=False)
@click.option(
    "--job", metavar="NAME", help="Import this tuning job from AWS, or the newest one of a spec."
)
@ENV
@REGION
@click.option(
    "--name", metavar="NAME", help="Name of the spec; by default, derived from the job's name."
)
@click.option("-o", "--output", metavar="FILE", help="Write the spec to FILE.")
def import_command(
    file: str | None,
    job: str | None,
    env: str | None,
    region: str | None,
    name: str | None,
    output: str | None,
) -> int:
    """Convert a request or an existing tuning job to a spec.

    FILE is a CreateHyperParameterTuningJob request or a DescribeHyperParameterTuningJob response
    in JSON or YAML, or `-` for stdin. The spec compiles to the same request.
    """
    if (file is None) == (job is None):
        raise UsageError("pass either FILE (`-` for stdin) or --job NAME")
    if job is not None:
        target = read_target(job, env, region)
        tuning = connect_to_target(target).tuning
        job = find_job(target, tuning)
        request: Any = described_request(tuning, job)
        origin = f"the tuning job {job}"
    else:
        text, origin = read_input(file or STDIN)
        request = read_request(text, origin)
    spec = write_spec(request, name=name, origin=Path(origin).name)
    if output is None:
        print_result(spec)
        return EXIT_OK
    if os.path.lexists(output):
        raise UsageError(f"{output} already exists", help="remove it, or choose another name")
    write_whole(Path(output), spec)
    print_status(f"wrote {output}")
    return EXIT_OK

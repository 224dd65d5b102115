"""`hptc import`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from hptc.api.targets import find_job, read_target
from hptc.cli.connection import connect_to_target
from hptc.cli.console import print_result, print_status
from hptc.cli.inputs import read_input
from hptc.cli.options import ENV, JSON, REGION, SPEC_OUTPUT, STDIN, TEXT_OR_JSON
from hptc.compiler.importing import write_spec
from hptc.errors import EXIT_OK, UsageError
from hptc.files import write_whole
from hptc.render.written_files import spec_json
from hptc.service.lookup import described_request
from hptc.text import listed_code, plural, printable
from hptc.tool_formats.detection import read_job
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.samples import with_samples


@click.command("import")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--job", metavar="NAME", help="Import this tuning job from AWS, or the newest one of a spec."
)
@click.option(
    "--state",
    "--resource",
    "selected",
    metavar="NAME",
    help="Import this state or step, or this Terraform, Kubernetes or CloudFormation resource.",
)
@ENV
@REGION
@click.option(
    "--name", metavar="NAME", help="Name of the spec; by default, derived from the job's name."
)
@SPEC_OUTPUT
@TEXT_OR_JSON
def import_command(
    files: tuple[str, ...],
    job: str | None,
    selected: str | None,
    env: str | None,
    region: str | None,
    name: str | None,
    output: str | None,
    form: str,
) -> int:
    """Convert a request or an existing tuning job to a spec.

    FILE is a CreateHyperParameterTuningJob request or a DescribeHyperParameterTuningJob response
    in JSON or YAML, or `-` for stdin. It may also be a Step Functions state machine, the definition
    of a SageMaker pipeline, a CloudFormation template, a CloudTrail event, the configuration of
    an Airflow operator, a Kubernetes resource, or the output of `terraform show -json`. Pass
    several files if each is the value of an option of the AWS CLI. The spec compiles to the same
    request.
    """
    if bool(files) == (job is not None):
        raise UsageError("pass either FILE (`-` for stdin) or --job NAME")
    if len(files) > 1 and STDIN in files:
        raise UsageError("`-` can't be combined with other files")
    imported, origin = (
        _read_files(files, selected) if job is None else _read_tuning_job(job, env, region)
    )
    if output is not None and os.path.lexists(output):
        raise UsageError(f"{output} already exists", help="remove it, or choose another name")
    if (
        output is not None
        and name is None
        and "HyperParameterTuningJobName" not in imported.request
    ):
        name = Path(output).stem
    spec = write_spec(
        imported.request,
        name=name,
        origin=origin,
        open_members=imported.open_members,
    )
    if output is not None:
        write_whole(Path(output), spec)
        print_status(f"wrote {output}")
    if form == JSON:
        print_result(spec_json("import", spec, output))
    elif output is None:
        print_result(spec)
    _print_notes(imported)
    return EXIT_OK


def _read_files(files: Sequence[str], selected: str | None) -> tuple[ImportedJob, str]:
    """The tuning job of files, and where it comes from, in words."""
    texts = [read_input(file) for file in files]
    imported = read_job(texts, selected=selected)
    names = ", ".join(Path(file).name for _, file in texts)
    return imported, f"{names} ({imported.form})" if imported.form else names


def _read_tuning_job(name: str, env: str | None, region: str | None) -> tuple[ImportedJob, str]:
    """A tuning job in AWS, and where it comes from, in words."""
    target = read_target(name, env, region)
    tuning = connect_to_target(target).tuning
    job = find_job(target, tuning)
    request = dict(described_request(tuning, job))
    return ImportedJob(request=request, form=""), f"the tuning job {job}"


def _print_notes(imported: ImportedJob) -> None:
    for note in imported.notes:
        print_status(f"note: {printable(note)}")
    members = imported.open_members
    _, missing = with_samples(imported.request)
    absent = [path for path in missing if path not in {member.place for member in members}]
    if absent:
        print_status(f"note: required, but missing: {listed_code(absent)}")
    if not members:
        return
    print_status(f"{plural(len(members), 'value')} to fill in:")
    for member in members:
        print_status(
            printable(f"  {member.template or 'left out'}: {member.expression} ({member.place})")
        )
    print_status(
        "Define the variables in an environment of hptc.yaml, or replace them in the spec; "
        "`hptc check` reports what is missing."
    )

"""`hptc capture`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hptc.api.extras import require
from hptc.aws.regions import configured_region
from hptc.cli.console import print_error, print_result, print_status
from hptc.cli.options import JSON, TEXT_OR_JSON
from hptc.compiler.importing import write_spec
from hptc.errors import EXIT_OK, HptcError, UsageError
from hptc.files import write_all
from hptc.render.documents.envelope import document
from hptc.request.identity import digest
from hptc.text import json_text, listed, plural, printable
from hptc.tool_formats.captured import captured_job, spec_name

if TYPE_CHECKING:
    from hptc.render.documents.files import CaptureData, CapturedFileData
    from hptc.sandbox.capture import Captured, LocalEndpoint

_STDERR = 2
_ACCOUNT = "000000000000"
"""An account that nobody has, so that a value with it can only come from the local endpoint."""


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("-o", "--output", "folder", metavar="DIR", default=".", help="Write specs to DIR.")
@click.option("--region", metavar="REGION", help="Region of the local endpoint.")
@TEXT_OR_JSON
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def capture(folder: str, region: str | None, form: str, command: tuple[str, ...]) -> int:
    """Run a program and write specs of the tuning jobs it creates.

    The program runs against a local AWS endpoint, so nothing reaches AWS: `hptc capture -- python
    train.py`. It may be a script or a notebook with the SageMaker SDK or boto3, the AWS CLI, or
    anything else that calls the API. With --json, the program's output goes to stderr.
    """
    require("moto", "sandbox")
    if os.path.lexists(folder) and not Path(folder).is_dir():
        raise UsageError(f"{folder} is not a folder", help="pass a folder with -o DIR")
    # moto is optional; without it, `hptc capture --help` still works.
    from hptc.sandbox.capture import capture as run_and_capture

    chosen = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    result = run_and_capture(
        list(command),
        # Image URIs and default buckets contain the Region.
        region=chosen or configured_region() or "us-east-1",
        account=_ACCOUNT,
        is_for_all_profiles=bool(chosen),
        announce=lambda endpoint: print_status(_announcement(endpoint)),
        output=_STDERR if form == JSON else None,
    )
    if result.refused_hosts:
        hosts = printable(listed(result.refused_hosts))
        print_status(f"note: the command also tried to reach {hosts}, which was refused")
    if not result.requests:
        return _without_tuning_jobs(command[0], result.exit_code)
    if result.exit_code:
        print_status(
            f"note: {command[0]} failed with exit code {result.exit_code} after it created "
            f"{plural(len(result.requests), 'tuning job')}"
        )
    written, exit_code = _write(result, Path(folder), _program(command))
    files = shlex.join(entry["file"] for entry in written)
    if form == JSON:
        data: CaptureData = {
            "exit_code": result.exit_code,
            "refused_hosts": list(result.refused_hosts),
            "files": written,
        }
        print_result(document("capture", data))
    print_status(f"next: hptc check {files}")
    return exit_code


def _without_tuning_jobs(program: str, exit_code: int) -> int:
    """Say that a program created no tuning job, and return its exit code.

    Raises UsageError if it has not failed.
    """
    if not exit_code:
        raise UsageError(
            f"{program} created no tuning job",
            help="check that it calls fit(), tune() or create_hyper_parameter_tuning_job()",
        )
    print_error(
        f"{program} failed with exit code {exit_code} before it created a tuning job",
        "its own message is above; data and jobs of your account don't exist here, so skip what "
        "needs them",
    )
    return exit_code


def _program(command: tuple[str, ...]) -> str:
    """The name of what ran. Other arguments may be secrets."""
    files = [argument for argument in command[1:] if Path(argument).is_file()]
    return Path(files[0] if files else command[0]).name


def _announcement(endpoint: LocalEndpoint) -> str:
    return (
        f"hptc capture: running against a local AWS endpoint at {endpoint.endpoint_url}\n"
        f"  Account {endpoint.account}, Region {endpoint.region}, role {endpoint.role_arn}.\n"
        "  Tuning jobs are Completed immediately and train nothing. Buckets are empty, and are "
        "created when they are used.\n"
        "  Nothing reaches AWS: its hosts are answered here, other hosts are refused, and the "
        "credentials are not yours."
    )


def _write(captured: Captured, folder: Path, origin: str) -> tuple[list[CapturedFileData], int]:
    """Write a spec for each different request, and JSON for a request that no spec can express.

    Returns what was written, and the exit code.
    """
    contents: dict[Path, str | bytes] = {}
    files: dict[str, CapturedFileData] = {}
    exit_code = EXIT_OK
    for request in captured.requests:
        tuning_job = str(request.get("HyperParameterTuningJobName", ""))
        if digest(request) in files:
            files[digest(request)]["tuning_jobs"].append(tuning_job)
            continue
        job = captured_job(
            request, account=captured.endpoint.account, role_arn=captured.endpoint.role_arn
        )
        path = _free_path(folder, spec_name(request), contents)
        try:
            contents[path] = write_spec(job.request, name=path.stem, origin=f"a run of {origin}")
            notes = list(job.notes)
        except HptcError as error:
            path = path.with_suffix(".json")
            contents[path] = json_text(request)
            notes = [error.message]
            exit_code = error.exit_code
        files[digest(request)] = {
            "file": str(path),
            "is_spec": path.suffix != ".json",
            "tuning_jobs": [tuning_job],
            "notes": notes,
        }
    write_all(contents, folder=folder)
    for file in files.values():
        kind = "" if file["is_spec"] else ", the request as it was sent"
        for note in (f"wrote {file['file']}{kind}", *(f"  {note}" for note in file["notes"])):
            print_status(printable(note))
    return list(files.values()), exit_code


def _free_path(folder: Path, name: str, taken: dict[Path, str | bytes]) -> Path:
    """A path that no file has yet, and no other spec of this run; nor the same with `.json`."""
    path, number = folder / f"{name}.yaml", 2
    while any(
        candidate in taken or os.path.lexists(candidate)
        for candidate in (path, path.with_suffix(".json"))
    ):
        path, number = folder / f"{name}-{number}.yaml", number + 1
    return path

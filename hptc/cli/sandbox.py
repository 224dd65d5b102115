"""`hptc sandbox`."""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from typing import TYPE_CHECKING, Literal

import click

from hptc.api.extras import require
from hptc.cli.console import print_result, print_status
from hptc.cli.options import IMAGES, JSON, PYTHON, TEXT_OR_JSON, image_and_command
from hptc.errors import EXIT_OK, UsageError
from hptc.render.documents.envelope import document_line

if TYPE_CHECKING:
    from hptc.render.documents.files import SandboxData
    from hptc.sandbox.server import Sandbox

TuningChoice = Literal["placeholder", "dry", "train"]
"""What users can choose that tuning jobs do."""


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on; 0 picks a free port.",
)
@click.option(
    "--account", default="123456789012", show_default=True, help="Account ID of the sandbox."
)
@click.option("--region", default="us-east-1", show_default=True, help="Region of the sandbox.")
@click.option("--dry", is_flag=True, help="Run tuning jobs with made-up values.")
@click.option("--train", is_flag=True, help="Run training jobs on this machine.")
@IMAGES
@PYTHON
@click.option(
    "--fault",
    "faults",
    metavar="KIND[=N]",
    multiple=True,
    help="Make operations of tuning jobs fail: throttle, internal, latency.",
)
@TEXT_OR_JSON
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(
    port: int,
    account: str,
    region: str,
    dry: bool,
    train: bool,
    images: tuple[str, ...],
    python: str,
    faults: tuple[str, ...],
    form: str,
    command: tuple[str, ...],
) -> int:
    """Run a local AWS endpoint, or a command against it.

    The endpoint is moto on a loopback port. The CDK, the AWS CLI and boto3 work against it.
    `hptc sandbox -- CMD…` runs one command with the right environment.

    A tuning job is Completed immediately, with one placeholder training job. With --dry, all of its
    training jobs complete with made-up values. With --train, they run as `hptc local run` runs
    them, with code and data from the sandbox's S3.

    With --json, one line of JSON has the endpoint, the process and the variables of clients. It is
    printed as soon as the endpoint listens.
    """
    require("moto", "sandbox")
    if dry and train:
        raise UsageError("--dry and --train can't be combined")
    if form == JSON and command:
        raise UsageError(
            "--json can't be combined with a command, whose output is the result",
            help="start the sandbox alone, and run commands with its `environment`",
        )
    if (images or python) and not train:
        raise UsageError("--image and --python say how training jobs run: add --train")
    # moto is optional; without it, `hptc sandbox --help` still works.
    from hptc.local.run_options import RunOptions
    from hptc.sandbox.faults import read_fault
    from hptc.sandbox.run import adopt, run, serve
    from hptc.sandbox.server import Sandbox

    options = RunOptions(images=tuple(map(image_and_command, images)), python=python)
    tuning: TuningChoice = "train" if train else "dry" if dry else "placeholder"
    with Sandbox(
        port=port,
        account=account,
        region=region,
        tuning=tuning,
        options=options,
        faults=tuple(map(read_fault, faults)),
    ) as endpoint:
        if train:
            adopt(endpoint)
        print_status(endpoint.describe())
        if command:
            return run(list(command), endpoint)
        serve(endpoint, partial(_print_ready, endpoint, tuning, form))
    return EXIT_OK


def _print_ready(endpoint: Sandbox, tuning: TuningChoice, form: str) -> None:
    """Print what clients need, when they can connect."""
    if form == JSON:
        data: SandboxData = {
            "endpoint_url": endpoint.endpoint_url,
            "port": endpoint.port,
            "account": endpoint.account,
            "region": endpoint.region,
            "tuning_jobs": tuning,
            "folder": endpoint.folder,
            "process_id": os.getpid(),
            "environment": endpoint.environment(),
        }
        print_result(document_line("sandbox", data))
    else:
        for key, value in endpoint.environment().items():
            print_result(f"export {key}={shlex.quote(value)}")
        sys.stdout.flush()
    print_status("listening; press Ctrl-C to stop")

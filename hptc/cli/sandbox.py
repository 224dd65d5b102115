"""`hptc sandbox`."""

from __future__ import annotations

import shlex
import sys

import click

from hptc.cli.console import print_result, print_status
from hptc.cli.extras import require
from hptc.errors import EXIT_OK


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
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(port: int, account: str, region: str, command: tuple[str, ...]) -> int:
    """Run a local AWS endpoint, or a command against it.

    The endpoint is moto on a loopback port. The CDK, the AWS CLI and boto3 work against it, but no
    training takes place. `hptc sandbox -- CMD…` runs one command with the right environment.
    """
    require("moto", "sandbox")
    # moto is optional; without it, `hptc sandbox --help` still works.
    from hptc.sandbox.run import run, serve
    from hptc.sandbox.server import Sandbox

    with Sandbox(port=port, account=account, region=region) as endpoint:
        print_status(endpoint.describe())
        if command:
            return run(list(command), endpoint)

        def ready() -> None:
            for key, value in endpoint.environment().items():
                print_result(f"export {key}={shlex.quote(value)}")
            sys.stdout.flush()
            print_status("listening; press Ctrl-C to stop")

        serve(endpoint, ready)
    return EXIT_OK

"""`hptc sandbox`."""

from __future__ import annotations

import shlex
import sys

import click

from hptc.cli.console import say, show
from hptc.cli.extras import require
from hptc.errors import EXIT_OK


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--account", default="123456789012", show_default=True, help="Its account id.")
@click.option("--region", default="us-east-1", show_default=True, help="Its Region.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(port: int, account: str, region: str, command: tuple[str, ...]) -> int:
    """Run a local AWS endpoint, or a command against it.

    `hptc sandbox -- CMD…` runs one command. The endpoint is moto behind one loopback port. cdk,
    the AWS CLI and boto3 work against it; it trains nothing, and says so.
    """
    require("moto", "sandbox")
    # moto is an extra: without it, this command still has its help.
    from hptc.sandbox.run import run, serve
    from hptc.sandbox.server import Sandbox

    with Sandbox(port=port, account=account, region=region) as endpoint:
        say(endpoint.describe())
        if command:
            return run(list(command), endpoint)

        def ready() -> None:
            for key, value in endpoint.environment().items():
                show(f"export {key}={shlex.quote(value)}")
            sys.stdout.flush()
            say("listening; press Ctrl-C to stop")

        serve(endpoint, ready)
    return EXIT_OK

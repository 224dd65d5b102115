"""`hptc cdk-app`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from hptc.api.extras import require
from hptc.errors import UsageError


@click.command("cdk-app")
@click.argument("file", type=click.Path())
def cdk_app(file: str) -> int:
    """Run the CDK app with the Python that hptc is installed in.

    The CDK CLI runs this, because it is the `app` in cdk.json: another Python, such as the first
    one on PATH, may not have hptc. FILE is the app, usually cdk/app.py. Exits as the app does.
    """
    if not Path(file).is_file():
        help = "name the app relative to the folder of cdk.json"
        raise UsageError(f"{file}: no such file", help=help)
    require("aws_cdk", "cdk")
    code = subprocess.run([sys.executable, file], check=False).returncode
    return code if code >= 0 else 128 - code

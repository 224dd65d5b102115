"""`hptc init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from hptc.cli.console import print_result, print_status
from hptc.errors import UsageError
from hptc.reference.scaffold import write_project


@click.command()
@click.argument("folder", type=click.Path())
@click.option("--name", help="Name of the project; by default, the folder's.")
def init(folder: str, name: str | None) -> None:
    """Create a project with example specs, a CDK app and CI.

    FOLDER is created if it does not exist. Existing files are never overwritten.
    """
    if not folder:
        raise UsageError("FOLDER is empty", help="use `hptc init .` for the current folder")
    for path in write_project(Path(folder), name=name):
        print_result(str(path))
    print_status(f"next: cd {shlex.quote(folder)} && hptc check")

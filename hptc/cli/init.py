"""`hptc init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from hptc.cli.console import say, show
from hptc.reference.scaffold import write_project


@click.command()
@click.argument("folder", type=click.Path())
@click.option("--name", help="The project's name; the folder's when absent.")
def init(folder: str, name: str | None) -> None:
    """Create a project with example specs, a CDK app and CI.

    It also has settings for editors.
    """
    for path in write_project(Path(folder), name=name):
        show(str(path))
    say(f"next: cd {shlex.quote(folder)} && hptc check")

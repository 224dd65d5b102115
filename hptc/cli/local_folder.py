"""The option for the folder of the tuning jobs on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from hptc.local.job_folder import DEFAULT_FOLDER

FOLDER = click.option(
    "--folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Where tuning jobs are kept; by default {DEFAULT_FOLDER} in the project.",
)

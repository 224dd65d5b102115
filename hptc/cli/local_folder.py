"""The folder of the tuning jobs on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from hptc.local.job_folder import DEFAULT_FOLDER
from hptc.project import project_file

FOLDER = click.option(
    "--folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Where tuning jobs are kept; by default {DEFAULT_FOLDER} in the project.",
)


def jobs_folder(folder: Path | None) -> Path:
    """The folder that the user names, else the one in the project or the current folder."""
    if folder is not None:
        return folder
    found = project_file.find(Path.cwd())
    return (found.parent if found is not None else Path.cwd()) / DEFAULT_FOLDER

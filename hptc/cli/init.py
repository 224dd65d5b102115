"""`hptc init`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from hptc.cli.console import print_result, print_status
from hptc.cli.options import JSON, TEXT_OR_JSON
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.reference.scaffold import update_schemas, write_project
from hptc.render.written_files import written_files_json


@click.command()
@click.argument("folder", type=click.Path(), required=False)
@click.option("--name", help="Name of the project; by default, the folder's.")
@click.option(
    "--update",
    is_flag=True,
    help="Rewrite the JSON Schemas in .hptc/ of an existing project, and nothing else.",
)
@TEXT_OR_JSON
def init(folder: str | None, name: str | None, update: bool, form: str) -> None:
    """Create a project with example specs, a CDK app and CI.

    FOLDER is created if it does not exist. Existing files are never overwritten, except by
    --update, which rewrites the schemas that editors use; its FOLDER defaults to the current one.
    """
    if update and folder != "":
        _update(Path(folder or "."), name, form)
        return
    if not folder:
        raise UsageError("FOLDER is missing", help="use `hptc init .` for the current folder")
    _print_files(write_project(Path(folder), name=name), form)
    print_status(f"next: cd {shlex.quote(folder)} && hptc check")


def _print_files(files: Sequence[Path], form: str) -> None:
    if form == JSON:
        print_result(written_files_json("init", [str(path) for path in files]))
        return
    for path in files:
        print_result(str(path))


def _update(folder: Path, name: str | None, form: str) -> None:
    if name is not None:
        raise UsageError("--name can't be combined with --update", help="remove one of the two")
    path = project_file.find(folder)
    if path is None:
        raise UsageError(
            f"no {project_file.FILE_NAME} found in {folder} or in a parent folder",
            help="use `hptc init --update FOLDER` with the folder of a project, or `hptc init "
            "FOLDER` to create one",
        )
    changed = update_schemas(path.parent)
    _print_files(changed, form)
    if not changed:
        print_status("the schemas are up to date")

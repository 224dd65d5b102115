"""`hptc schema`."""

from __future__ import annotations

import json

import click

from hptc.cli.console import show
from hptc.reference.schema import project_schema, spec_schema


@click.command()
@click.option("--project", is_flag=True, help="The schema of hptc.yaml instead.")
def schema(project: bool) -> None:
    """Print the JSON Schema of specs or of hptc.yaml.

    Editors and other tools read it.
    """
    show(json.dumps(project_schema() if project else spec_schema(), indent=2, ensure_ascii=False))

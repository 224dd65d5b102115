"""`hptc schema`."""

from __future__ import annotations

import json

import click

from hptc.cli.console import print_result
from hptc.reference.schema import project_schema, spec_schema


@click.command()
@click.option("--project", is_flag=True, help="Print the schema of hptc.yaml instead.")
def schema(project: bool) -> None:
    """Print the JSON Schema of specs or of hptc.yaml.

    Editors use it for completion and validation.
    """
    print_result(
        json.dumps(project_schema() if project else spec_schema(), indent=2, ensure_ascii=False)
    )

"""`hptc schema`."""

from __future__ import annotations

import json

import click

from hptc.cli.console import print_result
from hptc.diagnostics import nearest
from hptc.errors import UsageError
from hptc.reference.schema import project_schema, spec_schema
from hptc.text import json_text, listed


@click.command()
@click.option("--project", is_flag=True, help="Print the schema of hptc.yaml instead.")
@click.option(
    "--output",
    "command",
    metavar="COMMAND",
    help="Print the schema of a command's JSON output: check, 'local status'.",
)
def schema(project: bool, command: str | None) -> None:
    """Print the JSON Schema of specs, hptc.yaml or JSON output.

    Editors use the first two for completion and validation. docs/json.md is about JSON output.
    """
    if command is not None:
        if project:
            raise UsageError("--project can't be combined with --output")
        print_result(_output_schema(command))
        return
    print_result(
        json.dumps(project_schema() if project else spec_schema(), indent=2, ensure_ascii=False)
    )


def _output_schema(command: str) -> str:
    # Editors run `hptc schema`; only this needs the schemas of all documents.
    from hptc.render.documents.schemas import COMMANDS, document_schema

    if command not in COMMANDS:
        close = nearest(command, COMMANDS)
        raise UsageError(
            f"`{command}` has no JSON output",
            help=f"did you mean `{close}`?" if close else f"the commands are {listed(COMMANDS)}",
        )
    return json_text(document_schema(command))

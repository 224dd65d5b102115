"""`--format json` and `--json`, the documents that they print, and their schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from jsonschema import ValidationError

from hptc.cli import run
from hptc.cli.program import cli
from hptc.jobs.plan_file import plan_text
from hptc.reference.json_page import json_page, schema_file
from hptc.render.documents.schemas import COMMANDS, document_schema
from hptc.text import json_text
from tests.support.json_documents import check_document
from tests.support.paths import ROOT
from tests.support.plan_cases import CASES

OF_OTHERS = ("compile", "permissions")
"""Their JSON is a request and a policy document."""
WITHOUT = ("schema", "cdk-app", "lsp")
"""`schema` prints JSON anyway; the others speak another protocol."""


def commands(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_every_result_has_a_format_json_and_a_schema() -> None:
    options = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in commands()
    }
    with_format = {name for name, flags in options.items() if "--format" in flags}
    assert with_format == {name for name, flags in options.items() if "--json" in flags}
    assert with_format == {*COMMANDS, *OF_OTHERS}
    assert set(options) - with_format == set(WITHOUT)


def test_json_is_an_alias(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "HPT203", "--format", "json"]) == 0
    expected = capsys.readouterr().out
    assert run(["explain", "HPT203", "--json"]) == 0
    assert capsys.readouterr().out == expected
    assert run(["explain", "HPT203", "--json", "--format", "json"]) == 0
    assert json.loads(expected)["about"] == "rule"


def test_json_and_another_format_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "HPT203", "--json", "--format", "text"]) == 2
    assert "--json can't be combined with --format text" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_schemas_in_the_docs_are_those_of_the_program(
    command: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ROOT / "docs" / schema_file(command)
    assert run(["schema", "--output", command]) == 0
    printed = capsys.readouterr().out
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(printed, "utf-8")
    assert path.read_text("utf-8") == printed, f"{path}: `make golden`"


def test_the_docs_have_no_other_schemas() -> None:
    files = {f"schemas/{path.name}" for path in (ROOT / "docs" / "schemas").iterdir()}
    assert files == {schema_file(command) for command in COMMANDS}


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    path = ROOT / "docs" / "json.md"
    page = json_page({command: document_schema(command) for command in COMMANDS})
    if request.config.getoption("--update-golden"):
        path.write_text(page, "utf-8")
    assert path.read_text("utf-8") == page, "docs/json.md: `make golden`"


@pytest.mark.parametrize("command", COMMANDS)
def test_no_object_has_members_that_its_schema_does_not_list(command: str) -> None:
    def objects(schema: object) -> Iterator[dict[str, object]]:
        if isinstance(schema, dict):
            if "properties" in schema and schema.get("type") == "object":
                yield schema
            for inner in schema.values():
                yield from objects(inner)
        elif isinstance(schema, list):
            for element in schema:
                yield from objects(element)

    schemas = list(objects(document_schema(command)))
    assert schemas
    assert all(object_schema["additionalProperties"] is False for object_schema in schemas)


def test_an_unknown_member_does_not_match() -> None:
    with pytest.raises(ValidationError, match="unheard"):
        check_document({"version": 1, "command": "report", "file": "a.html", "unheard": 1})


def test_a_command_without_a_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "--output", "chek"]) == 2
    assert "did you mean `check`?" in capsys.readouterr().err


@pytest.mark.parametrize("case", CASES)
def test_a_plan_matches_its_schema(case: str) -> None:
    data = json.loads(plan_text(CASES[case]))
    check_document(data)
    assert (data["version"], data["command"]) == (1, "plan")


def test_files_that_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "project"
    assert run(["init", str(folder), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert str(folder / "hptc.yaml") in files
    request = tmp_path / "request.json"
    spec = next(file for file in files if "/specs/" in file and file.endswith(".yaml"))
    assert run(["compile", spec, "--json"]) == 0
    request.write_text(capsys.readouterr().out, "utf-8")
    output = str(tmp_path / "new.yaml")
    assert run(["import", str(request), "-o", output, "--json"]) == 0
    imported = json.loads(capsys.readouterr().out)
    assert (imported["command"], imported["file"]) == ("import", output)
    assert imported["spec"] == Path(output).read_text("utf-8")


def test_text_that_json_cannot_express_is_replaced() -> None:
    assert json_text({"file": "a\udcff"}) == '{\n  "file": "a\\ufffd"\n}\n'

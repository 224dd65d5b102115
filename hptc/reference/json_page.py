"""Writes docs/json.md, the page about JSON output, from the schemas of the documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.text import code

Schema = Mapping[str, Any]

_HEAD = """\
# JSON output

`--format json`, or `--json` for short, prints one JSON document to stdout. Messages go to stderr,
and the exit code is the same as without it. Every document is an object with two members in common:

- `version`: the version of the document. Members are added without changing it. It changes when a
  member is removed or renamed, or gets another meaning.
- `command`: the command that wrote it, such as `check` or `local status`

Ignore members that you don't know. Amounts of money are strings, so that no reader rounds them;
times are in UTC, in ISO 8601; what is unknown is null.

Two commands print while they run, a document on each line:

- `hptc watch` prints a line each time that the tuning job changes. The last one has its `outcome`:
  `hptc watch JOB --json | tail -n 1`
- `hptc sandbox` prints one line as soon as it listens, and runs until SIGINT or SIGTERM

`hptc schema --output COMMAND` prints the JSON Schema of a command's document; [schemas/](schemas)
has all of them. This page is generated from them.

```
hptc check --json | jq -r '.diagnostics[] | "\\(.file):\\(.line) \\(.code)"'
```

## Formats of other tools

These documents have a format that is not hptc's own, without `version` and `command`:

- `hptc compile` prints the request, for `aws sagemaker create-hyper-parameter-tuning-job
  --cli-input-json`
- `hptc permissions` prints IAM policy documents; with `--owners`, a list of them, each with its
  resource and account
- `hptc check --format sarif` prints
  [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html)
- `hptc schema` prints a JSON Schema

## Commands
"""
_PLAN = "The plan, as `hptc plan --out` writes it: see [plan.md](plan.md) and its [schema]({file})."


def json_page(schemas: Mapping[str, Schema]) -> str:
    """The page. `schemas` are the schemas of the documents, by command."""
    lines = [_HEAD]
    shared: dict[str, Schema] = {}
    for command, schema in schemas.items():
        lines += [f"### hptc {command}", ""]
        if command == "plan":
            lines += [_PLAN.format(file=schema_file(command)), ""]
            continue
        for alternative in schema.get("anyOf", [schema]):
            lines += [*_members(alternative, without=("version", "command")), ""]
        shared |= schema.get("$defs", {})
    lines += ["## Objects in documents", ""]
    for name in sorted(shared):
        lines += [f"### {_title(name)}", "", *_members(shared[name]), ""]
    return "\n".join(lines).rstrip() + "\n"


def schema_file(command: str) -> str:
    """The file of a command's schema, below docs/."""
    return f"schemas/{command.replace(' ', '-')}.json"


def _members(schema: Schema, without: tuple[str, ...] = ()) -> Iterator[str]:
    if "enum" in schema:
        yield f"{schema.get('description', '')} One of: {', '.join(map(code, schema['enum']))}."
        return
    yield str(schema.get("description", ""))
    yield ""
    yield "| member | type | |"
    yield "|---|---|---|"
    required = schema.get("required", ())
    for name, member in schema["properties"].items():
        if name not in without:
            meaning = [] if name in required else ["May be absent."]
            meaning += [member["description"]] if "description" in member else []
            yield f"| `{name}` | {_type(member)} | {' '.join(meaning)} |".replace("|  |", "| |")


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        title = _title(schema["$ref"].rpartition("/")[2])
        return f"[{title}](#{title.lower().replace(' ', '-')})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        return " or ".join(map(code, schema["enum"]))
    match schema.get("type"):
        case "array":
            return f"list of {_type(schema['items'])}"
        case "object":
            values = schema.get("additionalProperties")
            return f"object of {_type(values)}" if isinstance(values, Mapping) else "object"
        case str(name):
            return name
        case _:
            return "any value"


def _title(name: str) -> str:
    """A name such as `TrainingJobData` in words."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().removesuffix(" data").capitalize()
